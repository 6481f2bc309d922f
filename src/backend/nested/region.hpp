// SPDX-License-Identifier: GPL-2.0-only
#pragma once

#include "backend/vcpu/vcpu.hpp"
#include "core/vmcs12/codec.hpp"

/// Regions in L1's memory, each in the layout that its first word names.
namespace backend::nested {

/// Aligned to a page, and within L1's physical addresses (SDM, "VMXON - Enter VMX Operation").
[[nodiscard]] bool is_region_address(const Vcpu &vcpu, u64 address);

/// The first word of the region. @return false if there is no memory.
[[nodiscard]] bool read_word(Vcpu &vcpu, u64 address, u32 &word);

/// The region as it is now, read once, into `to`. @return false if there is no memory, or a
/// revision that is not known; `word` is the region's in the latter case.
[[nodiscard]] bool load(Vcpu &vcpu, u64 address, u32 &word, Vmcs12 &to);

/// Back into memory, in the layout of `word`. What userspace has taken away is lost.
void store(Vcpu &vcpu, u64 address, u32 word, const Vmcs12 &from);

/// VMCLEAR of a region that is not in use: clears its launch state.
void clear(Vcpu &vcpu, u64 address);

/// The current VMCS goes back to its region, and none is current. Nothing if none is.
void release_current(Vcpu &vcpu);

/// What has just been read is the region of the VMCS that becomes the current one.
void keep_region(Vcpu &vcpu);

} // namespace backend::nested
