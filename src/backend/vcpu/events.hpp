// SPDX-License-Identifier: GPL-2.0-only
#pragma once

#include "backend/vcpu/vcpu.hpp"

/// Interrupts, NMIs and exceptions on their way into the guest.
namespace backend {

void inject_irq(kernel::kvm_vcpu *kvm, bool reinjected);
void inject_nmi(kernel::kvm_vcpu *kvm);
void inject_exception(kernel::kvm_vcpu *kvm);
void cancel_injection(kernel::kvm_vcpu *kvm);

int interrupt_allowed(kernel::kvm_vcpu *kvm, bool for_injection);
int nmi_allowed(kernel::kvm_vcpu *kvm, bool for_injection);
bool get_nmi_mask(kernel::kvm_vcpu *kvm);
void set_nmi_mask(kernel::kvm_vcpu *kvm, bool masked);
void enable_nmi_window(kernel::kvm_vcpu *kvm);
void enable_irq_window(kernel::kvm_vcpu *kvm);
u32 get_interrupt_shadow(kernel::kvm_vcpu *kvm);
void set_interrupt_shadow(kernel::kvm_vcpu *kvm, int mask);

void update_exception_bitmap(kernel::kvm_vcpu *kvm);
void update_cr8_intercept(kernel::kvm_vcpu *kvm, int tpr, int irr);

void deliver_interrupt(kernel::kvm_lapic *apic, int delivery_mode, int trigger_mode, int vector);

int smi_allowed(kernel::kvm_vcpu *kvm, bool for_injection);
int enter_smm(kernel::kvm_vcpu *kvm, char *state);
int leave_smm(kernel::kvm_vcpu *kvm, const char *state);
void enable_smi_window(kernel::kvm_vcpu *kvm);
bool apic_init_signal_blocked(kernel::kvm_vcpu *kvm);

/// After an exit: what the CPU was delivering when it exited goes back into kvm.ko's queues.
void requeue_interrupted_event(Vcpu &vcpu);

/// After an exit: an IRET that faulted had already unblocked NMIs (SDM, "Information About NMI
/// Unblocking Due to IRET").
void restore_nmi_blocking(Vcpu &vcpu);

/// Moves RIP behind the instruction that exited.
int skip_instruction(kernel::kvm_vcpu *kvm);

} // namespace backend
