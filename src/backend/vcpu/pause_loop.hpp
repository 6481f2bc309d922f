// SPDX-License-Identifier: GPL-2.0-only
#pragma once

#include "backend/vcpu/vcpu.hpp"

/// PAUSE-loop exiting and its window, which follows how often the guest spins.
namespace backend {

void initialise_pause_loop(Vcpu &vcpu);

/// kvm.ko's hook, before vcpu_load(): another VMCS may be current.
void sched_in(kernel::kvm_vcpu *kvm, int cpu);

/// After vcpu_load(): what sched_in() decided.
void load_pause_window(Vcpu &vcpu);

} // namespace backend
