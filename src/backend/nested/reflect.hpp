// SPDX-License-Identifier: GPL-2.0-only
#pragma once

#include "backend/vcpu/vcpu.hpp"

namespace backend::nested {

/// The exit that L2 has just taken goes to L1, if L1 is to have it. @return whether it has.
[[nodiscard]] bool reflect(Vcpu &vcpu);

/// The CPU has refused vmcs02's guest state, which the checks had passed; or it would.
void reflect_failed_entry(Vcpu &vcpu);

/// VMLAUNCH or VMRESUME of vmcs02 has failed. @return whether L1 hears of it: else it is L0's
/// fault.
[[nodiscard]] bool reflect_failed_launch(Vcpu &vcpu);

} // namespace backend::nested
