// SPDX-License-Identifier: GPL-2.0-only
#pragma once

#include "backend/vcpu/vcpu.hpp"

/// What the host kernel does without while a vCPU is loaded, and gets back when it leaves the CPU.
namespace backend {

void vcpu_load(kernel::kvm_vcpu *kvm, int cpu);
void vcpu_put(kernel::kvm_vcpu *kvm);

/// Saves the host's FS, GS, LDT selectors and bases into the VMCS, and loads the guest's
/// IA32_KERNEL_GS_BASE and user-return MSRs. Preemption off.
void prepare_switch_to_guest(kernel::kvm_vcpu *kvm);

/// Into another VMCS, which the guest is to run on from now on. Preemption off.
void renew_host_segment_state(Vcpu &vcpu);

u64 read_guest_kernel_gs_base(Vcpu &vcpu);
void write_guest_kernel_gs_base(Vcpu &vcpu, u64 value);

} // namespace backend
