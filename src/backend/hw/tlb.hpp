// SPDX-License-Identifier: GPL-2.0-only
#pragma once

#include "vmx/types.hpp"

/// VPIDs and the invalidation of what the CPU caches under them and under EPT pointers
/// (SDM, "Caching Translation Information").
namespace hw {

using namespace vmx;

/// A free VPID, or 0 if VPIDs are off or exhausted: VPID 0 is the host's, and means "flush at every
/// entry".
u16 allocate_vpid();
void free_vpid(u16 vpid);

/// Drops the linear and combined mappings of one VPID (all of them for VPID 0).
void flush_vpid(u16 vpid);

/// Drops the linear and combined mappings of one linear address.
void flush_address(u16 vpid, u64 address);

/// Drops the guest-physical and combined mappings of one EPT hierarchy.
void flush_ept(u64 ept_pointer);

/// Drops everything that was cached under any EPT hierarchy and VPID, for a CPU that enters or
/// leaves VMX.
void flush_everything();

} // namespace hw
