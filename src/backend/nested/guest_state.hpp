// SPDX-License-Identifier: GPL-2.0-only
#pragma once

#include "backend/vcpu/vcpu.hpp"

/// L2's registers on their way from the vmcs12 to vmcs02, which is in use, and back (SDM, "Loading
/// Guest State" and "Saving Guest State").
namespace backend::nested {

/// Segments, tables, SYSENTER MSRs: what vmcs02 keeps, and L1 seldom writes.
void write_rare_guest_state(Vcpu &vcpu);

/// All else. @return false if the PDPTEs that L2's CR3 leads to are bad.
[[nodiscard]] bool load_guest_registers(Vcpu &vcpu);

/// Everything into the vmcs12.
void save_guest_state(Vcpu &vcpu);

} // namespace backend::nested
