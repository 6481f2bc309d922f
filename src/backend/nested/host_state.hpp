// SPDX-License-Identifier: GPL-2.0-only
#pragma once

#include "backend/vcpu/vcpu.hpp"

namespace backend::nested {

/// L1's state as a VM exit of L2 loads it from the host-state area of the vmcs12 (SDM, "Loading
/// Host State"). vmcs01 is in use. @return false if the PDPTEs that L1's CR3 leads to are bad,
/// which is a VMX abort.
[[nodiscard]] bool load_host_state(Vcpu &vcpu);

} // namespace backend::nested
