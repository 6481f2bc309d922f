// SPDX-License-Identifier: GPL-2.0-only
#pragma once

#include "backend/vcpu/vcpu.hpp"

/// VMFUNC of L2, in software (SDM, "VM Functions"): vmcs02 lets it exit.
namespace backend::nested {

/// vmcs02 needs the control so that VMFUNC exits and is not #UD.
[[nodiscard]] bool cpu_has_vm_functions();

/// @return what the handler of the exit does. A function that L1 has not let L2 have, or arguments
/// that are none, exit to L1.
int handle_vmfunc(Vcpu &vcpu);

} // namespace backend::nested
