// SPDX-License-Identifier: GPL-2.0-only
#include "backend/nested/events.hpp"

#include "backend/nested/guest_mode.hpp"
#include "backend/nested/intercepts.hpp"
#include "backend/nested/leave.hpp"
#include "backend/nested/posting.hpp"
#include "backend/nested/preemption_timer.hpp"
#include "backend/vcpu/events.hpp"
#include "backend/vcpu/registers.hpp"
#include "kernel/errno.hpp"
#include "kernel/requests.hpp"
#include "kernel/vcpu.hpp"

namespace backend::nested {

namespace {

constexpr Cause exit_for(Reason reason)
{
	return {.reason = {static_cast<u32>(reason)}};
}

/// Nothing may bring L2 back to L1: its entry is not over, or what it is being delivered would be
/// lost.
bool must_run_first(const Vcpu &vcpu)
{
	return vcpu.nested.entry_pending;
}

bool is_reinjecting(const Vcpu &vcpu)
{
	const auto &arch = vcpu.kvm.arch;

	return arch.exception.injected || arch.interrupt.injected || arch.nmi_injected;
}

/// Traps come before what interrupts between instructions, faults after: they are of the
/// instruction that follows (SDM, "Priority Among Simultaneous Exceptions and Interrupts").
bool is_fault(const kernel::kvm_queued_exception &exception)
{
	return exception.pending && exception.vector != vector::db &&
	       exception.vector != vector::bp && exception.vector != vector::of;
}

bool is_single_step(const kernel::kvm_queued_exception &exception)
{
	return exception.pending && exception.vector == vector::db && exception.has_payload &&
	       exception.payload & dr6::bs;
}

/// A trap behind which an exit of higher priority comes stays pending in L2 (SDM, "Monitor Trap
/// Flag", "Pending debug exceptions").
void keep_single_step(Vcpu &vcpu)
{
	const Current current = vcpu.current();
	const auto &arch = vcpu.kvm.arch;

	if (is_single_step(arch.exception_vmexit) || is_single_step(arch.exception))
		write(current, f::guest_pending_debug_exceptions,
		      read(current, f::guest_pending_debug_exceptions) | dr6::bs);
}

/// The qualification of an exit for an exception: what its delivery would have put into CR2 or DR6
/// (SDM, "Exit Qualification").
u64 qualification_of(Vcpu &vcpu, const kernel::kvm_queued_exception &exception)
{
	if (exception.vector == vector::pf)
		return exception.has_payload ? exception.payload : vcpu.kvm.arch.cr2;
	if (exception.vector == vector::db)
		// DR6's bits for RTM and bus locks are active low, the qualification's high.
		return exception.has_payload
			       ? exception.payload
			       : (vcpu.kvm.arch.dr6 ^ (dr6::active_low & (bit(16) | bit(11)))) &
					 ~(dr6::active_low & ~(bit(16) | bit(11)));
	return 0;
}

void exit_for_exception(Vcpu &vcpu)
{
	auto &exception = vcpu.kvm.arch.exception_vmexit;
	const EventType type = exception_type(vcpu, exception);
	Cause cause = exit_for(Reason::exception_nmi);

	cause.qualification = qualification_of(vcpu, exception);
	cause.interruption = Interruption::make(type, exception.vector, exception.has_error_code);
	if (exception.has_error_code)
		// A VM exit reports 16 bits of it, as delivery does.
		cause.error_code = exception.error_code & 0xffff;
	if (type != EventType::hardware_exception)
		vcpu.nested.vmcs12->exit_instruction_length = vcpu.kvm.arch.event_exit_inst_len;
	leave(vcpu, cause);
}

void exit_for_interrupt(Vcpu &vcpu)
{
	Cause cause = exit_for(Reason::external_interrupt);

	if (exit12(vcpu).has(exit::ack_interrupt_on_exit)) {
		const int vector = kernel::kvm_cpu_get_interrupt(&vcpu.kvm);

		// Taken back before anybody could look: the exit then says that there is none.
		if (vector >= 0)
			cause.interruption = Interruption::make(EventType::external_interrupt,
								static_cast<u8>(vector));
	}
	leave(vcpu, cause);
}

void exit_for_nmi(Vcpu &vcpu)
{
	Cause cause = exit_for(Reason::exception_nmi);

	cause.interruption = Interruption::make(EventType::nmi, vector::nmi);
	--vcpu.kvm.arch.nmi_pending;
	leave(vcpu, cause);
	// As after delivery: until L1's IRET.
	set_nmi_mask(&vcpu.kvm, true);
}

/// INIT and SIPI. @return whether one of them counts; `result` is then what check_events() says.
bool check_init(Vcpu &vcpu, int &result)
{
	kernel::kvm_lapic *apic = vcpu.kvm.arch.apic;

	if (!apic)
		return false;
	const bool init = kernel::test_pending_event(*apic, kernel::KVM_APIC_INIT);
	const bool sipi = kernel::test_pending_event(*apic, kernel::KVM_APIC_SIPI);
	// A processor that does so ignores INIT, any other SIPI: then something else may be next.
	const bool waits = waits_for_sipi(vcpu);

	if ((init || sipi) && must_run_first(vcpu)) {
		result = -kernel::EBUSY;
		return true;
	}
	result = 0;
	if (init) {
		kernel::clear_pending_event(*apic, kernel::KVM_APIC_INIT);
		if (!waits) {
			keep_single_step(vcpu);
			leave(vcpu, exit_for(Reason::init_signal));
			return true;
		}
	}
	if (sipi) {
		kernel::clear_pending_event(*apic, kernel::KVM_APIC_SIPI);
		if (waits) {
			Cause cause = exit_for(Reason::sipi);

			cause.qualification = apic->sipi_vector & 0xff;
			leave(vcpu, cause);
			return true;
		}
	}
	return false;
}

} // namespace

bool is_exception_vmexit(kernel::kvm_vcpu *kvm, u8 vector, u32 error_code)
{
	return l1_intercepts_exception(vcpu_of(kvm), vector, error_code);
}

int check_events(kernel::kvm_vcpu *kvm)
{
	Vcpu &vcpu = vcpu_of(kvm);
	auto &arch = kvm->arch;
	const bool busy = must_run_first(vcpu);
	int result;

	// Whatever else is pending: nobody asks for it again.
	take_over_posted(vcpu);
	if (check_init(vcpu, result))
		return result;
	if (waits_for_sipi(vcpu))
		return 0;

	// What was queued as an exit, and what goes to L2 itself: a fault of either kind is of an
	// instruction that MTF and timer come before.
	if (is_fault(arch.exception_vmexit) || is_fault(arch.exception)) {
		if (busy)
			return -kernel::EBUSY;
		if (arch.exception_vmexit.pending)
			exit_for_exception(vcpu);
		return 0;
	}
	if (vcpu.nested.mtf_pending) {
		if (busy)
			return -kernel::EBUSY;
		keep_single_step(vcpu);
		leave(vcpu, exit_for(Reason::monitor_trap_flag));
		return 0;
	}
	if (arch.exception_vmexit.pending) {
		if (busy)
			return -kernel::EBUSY;
		exit_for_exception(vcpu);
		return 0;
	}
	if (arch.exception.pending)
		return busy ? -kernel::EBUSY : 0;
	if (preemption_timer_expired(vcpu)) {
		if (busy)
			return -kernel::EBUSY;
		leave(vcpu, exit_for(Reason::preemption_timer));
		return 0;
	}
	// SMIs do not exit without the dual-monitor treatment, and come before the rest.
	if (arch.smi_pending && !(arch.hflags & kernel::HF_SMM_MASK))
		return busy ? -kernel::EBUSY : 0;

	const bool occupied = busy || is_reinjecting(vcpu);

	if (arch.nmi_pending && pin12(vcpu).has(pin::nmi_exiting)) {
		if (occupied)
			return -kernel::EBUSY;
		if (nmi_allowed(kvm, false)) {
			exit_for_nmi(vcpu);
			return 0;
		}
	}
	if (pin12(vcpu).has(pin::external_interrupt_exiting) &&
	    kernel::kvm_cpu_has_interrupt(kvm)) {
		if (occupied)
			return -kernel::EBUSY;
		exit_for_interrupt(vcpu);
		return 0;
	}
	return 0;
}

bool has_events(kernel::kvm_vcpu *kvm, bool for_injection)
{
	Vcpu &vcpu = vcpu_of(kvm);

	if (waits_for_sipi(vcpu))
		return false;
	if (preemption_timer_expired(vcpu) || vcpu.nested.mtf_pending)
		return true;
	// The CPU delivers virtual interrupts, unless L2 sleeps in kvm.ko.
	return !for_injection && virtual_interrupt_pending(vcpu);
}

void triple_fault(kernel::kvm_vcpu *kvm)
{
	kernel::clear_request(*kvm, kernel::KVM_REQ_TRIPLE_FAULT);
	leave(vcpu_of(kvm), exit_for(Reason::triple_fault));
}

Fate fate_of_l2_interrupt(const Vcpu &vcpu)
{
	if (vcpu.nested.entry_pending || waits_for_sipi(vcpu))
		return Fate::has_to_wait;
	return pin12(vcpu).has(pin::external_interrupt_exiting) ? Fate::exits : Fate::injected;
}

Fate fate_of_l2_nmi(Vcpu &vcpu)
{
	if (vcpu.nested.entry_pending || waits_for_sipi(vcpu))
		return Fate::has_to_wait;
	// Without virtual NMIs blocking is of real ones, and keeps the exit away as well: L2 began
	// with it, since no NMI reaches it, and has not ended it by IRET.
	const bool blocked = !pin12(vcpu).has(pin::virtual_nmis) &&
			     vcpu.nested.vmcs12->guest_interruptibility & interruptibility::nmi &&
			     get_nmi_mask(&vcpu.kvm);

	return pin12(vcpu).has(pin::nmi_exiting) && !blocked ? Fate::exits : Fate::injected;
}

} // namespace backend::nested
