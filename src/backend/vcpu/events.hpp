// SPDX-License-Identifier: GPL-2.0-only
#pragma once

#include "backend/setup.hpp"
#include "backend/vcpu/vcpu.hpp"

/// Interrupts, NMIs and exceptions on their way into the guest.
namespace backend {

/// How an exception of kvm.ko's queue is delivered: #BP, #OF, and #DB by INT1 come from
/// instructions and return behind them.
EventType exception_type(const Vcpu &vcpu, const kernel::kvm_queued_exception &exception);

void inject_irq(kernel::kvm_vcpu *kvm, bool reinjected);
void inject_nmi(kernel::kvm_vcpu *kvm);
void inject_exception(kernel::kvm_vcpu *kvm);
void cancel_injection(kernel::kvm_vcpu *kvm);

/// After an entry that did not come about: the event is still in kvm.ko's queues, which inject it
/// again unless userspace takes it away before.
void forget_injection(Vcpu &vcpu);

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

int smi_allowed(kernel::kvm_vcpu *kvm, bool for_injection);
int enter_smm(kernel::kvm_vcpu *kvm, char *state);
int leave_smm(kernel::kvm_vcpu *kvm, const char *state);
void enable_smi_window(kernel::kvm_vcpu *kvm);
bool apic_init_signal_blocked(kernel::kvm_vcpu *kvm);

/// Without virtual NMIs: NMIs are blocked since one was injected, and nothing says when its handler
/// ends. It has when interrupts get in, or after a second of the guest's time.
void guess_nmi_unblocking(Vcpu &vcpu);

/// What the CPU was delivering when it exited goes back into kvm.ko's queues.
void requeue_vectored_event(Vcpu &vcpu);

/// Nothing is on its way to the guest.
inline void empty_event_queues(Vcpu &vcpu)
{
	auto &arch = vcpu.kvm.arch;

	arch.nmi_injected = false;
	arch.exception.pending = arch.exception.injected = false;
	arch.exception_vmexit.pending = false;
	arch.interrupt.injected = false;
}

/// After an exit: kvm.ko's queues hold what has not been delivered.
inline void update_event_queues(Vcpu &vcpu)
{
	if (vcpu.exit.idt_vectoring.valid()) [[unlikely]] {
		requeue_vectored_event(vcpu);
		return;
	}
	// The common exit interrupts no delivery, and nothing was queued before the entry.
	empty_event_queues(vcpu);
}

/// The exit came in the middle of an IRET that had unblocked NMIs already, and will run again.
inline void block_nmi_again(Vcpu &vcpu, bool iret_unblocked)
{
	if (iret_unblocked && !vcpu.exit.idt_vectoring.valid() && setup().features.virtual_nmi)
		set_nmi_mask(&vcpu.kvm, true);
}

/// After an exit: an IRET that faulted had already unblocked NMIs (SDM, "Information About NMI
/// Unblocking Due to IRET").
inline void restore_nmi_blocking(Vcpu &vcpu)
{
	const Interruption why = vcpu.exit.interruption;

	// A double fault says nothing of the IRET's effect.
	if (why.valid() && why.vector() != vector::df)
		block_nmi_again(vcpu, why.iret_unblocked_nmi());
}

/// Moves RIP behind the instruction that exited.
int skip_instruction(kernel::kvm_vcpu *kvm);

} // namespace backend
