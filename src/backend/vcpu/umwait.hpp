// SPDX-License-Identifier: GPL-2.0-only
#pragma once

#include "backend/vcpu/vcpu.hpp"

/// IA32_UMWAIT_CONTROL: how long UMWAIT and TPAUSE wait at most, and how deeply. A guest with
/// WAITPKG has its own.
namespace backend {

/// @return 0, or 1: #GP.
int get_umwait_control(Vcpu &vcpu, kernel::msr_data &msr);
int set_umwait_control(Vcpu &vcpu, const kernel::msr_data &msr);

/// Before each entry, with interrupts off.
void switch_umwait_control(Vcpu &vcpu);

} // namespace backend
