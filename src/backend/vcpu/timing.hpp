// SPDX-License-Identifier: GPL-2.0-only
#pragma once

#include "backend/vcpu/vcpu.hpp"

/// The guest's TSC, and pause-loop exiting.
namespace backend {

void write_tsc_offset(kernel::kvm_vcpu *kvm, u64 offset);
void write_tsc_multiplier(kernel::kvm_vcpu *kvm, u64 multiplier);
u64 get_l2_tsc_offset(kernel::kvm_vcpu *kvm);
u64 get_l2_tsc_multiplier(kernel::kvm_vcpu *kvm);

void initialise_pause_loop(Vcpu &vcpu);
void sched_in(kernel::kvm_vcpu *kvm, int cpu);

} // namespace backend
