// SPDX-License-Identifier: GPL-2.0-only
#pragma once

#include "backend/vcpu/vcpu.hpp"

/// The guest's TSC and its APIC timer.
namespace backend {

void write_tsc_offset(kernel::kvm_vcpu *kvm, u64 offset);
void write_tsc_multiplier(kernel::kvm_vcpu *kvm, u64 multiplier);
u64 get_l2_tsc_offset(kernel::kvm_vcpu *kvm);
u64 get_l2_tsc_multiplier(kernel::kvm_vcpu *kvm);

/// The guest's APIC timer on the VMX-preemption timer. @return 0, or an errno where a timer of the
/// host has to do.
[[nodiscard]] int set_hv_timer(kernel::kvm_vcpu *kvm, u64 guest_deadline, bool *expired);
void cancel_hv_timer(kernel::kvm_vcpu *kvm);

/// What the preemption timer has to count down until the deadline.
[[nodiscard]] u32 preemption_timer_ticks(const Vcpu &vcpu);

} // namespace backend
