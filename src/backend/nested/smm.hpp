// SPDX-License-Identifier: GPL-2.0-only
#pragma once

#include "backend/vcpu/vcpu.hpp"

/// SMIs of a guest in VMX operation (SDM, "Default Treatment of SMIs and SMM with VMX Operation").
namespace backend::nested {

/// Out of VMX operation for as long as SMM lasts; L2, if it ran, goes on after RSM.
void enter_smm(Vcpu &vcpu);

/// @return 0, or 1 if L2 cannot go on: a shutdown.
[[nodiscard]] int leave_smm(Vcpu &vcpu);

} // namespace backend::nested
