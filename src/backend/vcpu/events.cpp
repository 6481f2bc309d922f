// SPDX-License-Identifier: GPL-2.0-only
#include "backend/vcpu/events.hpp"

#include "backend/nested/events.hpp"
#include "backend/nested/guest_mode.hpp"
#include "backend/nested/intercepts.hpp"
#include "backend/nested/smm.hpp"
#include "backend/vcpu/registers.hpp"
#include "backend/vcpu/segments.hpp"
#include "kernel/errno.hpp"
#include "kernel/print.hpp"
#include "kernel/requests.hpp"
#include "kernel/trace.hpp"
#include "kernel/vcpu.hpp"

namespace backend {

namespace {

constexpr u32 blocking_by_sti_or_mov_ss = interruptibility::sti | interruptibility::mov_ss;

u32 interruptibility_state(Vcpu &vcpu)
{
	return read(vcpu.current(), f::guest_interruptibility);
}

void inject(Vcpu &vcpu, Interruption event)
{
	write(vcpu.current(), f::entry_interruption_info, event.raw);
}

/// A HLT that was entered with an event injected would swallow it: the guest is awake now.
void wake_from_hlt(Vcpu &vcpu)
{
	if (vcpu.kvm.kvm->arch.hlt_in_guest &&
	    read(vcpu.current(), f::guest_activity_state) == static_cast<u32>(Activity::hlt))
		write(vcpu.current(), f::guest_activity_state, static_cast<u32>(Activity::active));
}

/// Back into kvm.ko's queues with an event of either the VM-entry or the IDT-vectoring fields.
void requeue(Vcpu &vcpu, Interruption event, u32 instruction_length, u32 error_code)
{
	auto &arch = vcpu.kvm.arch;

	empty_event_queues(vcpu);
	if (!event.valid())
		return;

	kernel::make_request(vcpu.kvm, kernel::KVM_REQ_EVENT);
	vcpu.requeued_int1 = event.is(EventType::privileged_software_exception);
	switch (event.type()) {
	case EventType::nmi:
		arch.nmi_injected = true;
		// It will be injected again, which an entry with NMIs blocked refuses.
		set_nmi_mask(&vcpu.kvm, false);
		break;
	case EventType::software_exception:
	case EventType::privileged_software_exception:
		arch.event_exit_inst_len = static_cast<u8>(instruction_length);
		[[fallthrough]];
	case EventType::hardware_exception:
		// Not by kvm_requeue_exception(), which warns if a triple fault is due, as when the
		// entry is given up because the guest's CR3 leads nowhere.
		arch.exception.injected = true;
		arch.exception.vector = event.vector();
		arch.exception.has_error_code = event.has_error_code();
		arch.exception.error_code = event.has_error_code() ? error_code : 0;
		arch.exception.has_payload = false;
		arch.exception.payload = 0;
		break;
	case EventType::software_interrupt:
		arch.event_exit_inst_len = static_cast<u8>(instruction_length);
		[[fallthrough]];
	case EventType::external_interrupt:
		arch.interrupt.injected = true;
		arch.interrupt.soft = event.type() == EventType::software_interrupt;
		arch.interrupt.nr = event.vector();
		break;
	case EventType::other:
		break;
	}
}

} // namespace

EventType exception_type(const Vcpu &vcpu, const kernel::kvm_queued_exception &exception)
{
	switch (exception.vector) {
	case vector::bp:
	case vector::of:
		return EventType::software_exception;
	case vector::db:
		if (exception.injected && vcpu.requeued_int1)
			return EventType::privileged_software_exception;
		[[fallthrough]];
	default:
		return EventType::hardware_exception;
	}
}

void inject_irq(kernel::kvm_vcpu *kvm, bool again)
{
	Vcpu &vcpu = vcpu_of(kvm);
	const auto &interrupt = kvm->arch.interrupt;

	kernel::trace_inject_interrupt(interrupt.nr, interrupt.soft, again);
	++kvm->stat.irq_injections;
	if (vcpu.real_mode.active) [[unlikely]] {
		kernel::kvm_inject_realmode_interrupt(
			kvm, interrupt.nr, interrupt.soft ? kvm->arch.event_exit_inst_len : 0);
		wake_from_hlt(vcpu);
		return;
	}
	if (interrupt.soft) {
		write(vcpu.current(), f::entry_instruction_length,
		      u32{kvm->arch.event_exit_inst_len});
		inject(vcpu, Interruption::make(EventType::software_interrupt, interrupt.nr));
	} else {
		inject(vcpu, Interruption::make(EventType::external_interrupt, interrupt.nr));
	}
	wake_from_hlt(vcpu);
}

void inject_nmi(kernel::kvm_vcpu *kvm)
{
	Vcpu &vcpu = vcpu_of(kvm);

	++kvm->stat.nmi_injections;
	// Without virtual NMIs the CPU does not keep the next one away from this one's handler.
	if (vcpu.real_mode.active || !setup().features.virtual_nmi) [[unlikely]]
		set_nmi_mask(kvm, true);
	if (vcpu.real_mode.active) [[unlikely]]
		kernel::kvm_inject_realmode_interrupt(kvm, vector::nmi, 0);
	else
		inject(vcpu, Interruption::make(EventType::nmi, vector::nmi));
	wake_from_hlt(vcpu);
}

void inject_exception(kernel::kvm_vcpu *kvm)
{
	Vcpu &vcpu = vcpu_of(kvm);
	const auto &exception = kvm->arch.exception;
	const EventType type = exception_type(vcpu, exception);
	const bool software = type != EventType::hardware_exception;

	kernel::kvm_deliver_exception_payload(kvm, &kvm->arch.exception);
	if (vcpu.real_mode.active) [[unlikely]] {
		kernel::kvm_inject_realmode_interrupt(kvm, exception.vector,
						      software ? kvm->arch.event_exit_inst_len : 0);
		wake_from_hlt(vcpu);
		return;
	}
	if (exception.has_error_code)
		// The upper half is the paravirtual world's; VM entry wants bits 31:16 clear.
		write(vcpu.current(), f::entry_exception_error_code,
		      exception.error_code & 0xffffU);
	if (software)
		write(vcpu.current(), f::entry_instruction_length,
		      u32{kvm->arch.event_exit_inst_len});
	inject(vcpu, Interruption::make(type, exception.vector, exception.has_error_code));
	wake_from_hlt(vcpu);
}

void cancel_injection(kernel::kvm_vcpu *kvm)
{
	Vcpu &vcpu = vcpu_of(kvm);
	const Current current = vcpu.current();

	requeue(vcpu, {read(current, f::entry_interruption_info)},
		read(current, f::entry_instruction_length),
		read(current, f::entry_exception_error_code));
	write(current, f::entry_interruption_info, u32{0});
}

void forget_injection(Vcpu &vcpu)
{
	const auto &arch = vcpu.kvm.arch;

	write(vcpu.current(), f::entry_interruption_info, u32{0});
	if (arch.nmi_injected || arch.interrupt.injected || arch.exception.injected)
		kernel::make_request(vcpu.kvm, kernel::KVM_REQ_EVENT);
}

void requeue_vectored_event(Vcpu &vcpu)
{
	requeue(vcpu, vcpu.exit.idt_vectoring, read(vcpu.current(), f::exit_instruction_length),
		read(vcpu.current(), f::idt_vectoring_error_code));
}

int interrupt_allowed(kernel::kvm_vcpu *kvm, bool for_injection)
{
	switch (nested::fate_of_interrupt(vcpu_of(kvm))) {
	case nested::Fate::has_to_wait:
		return for_injection ? -kernel::EBUSY : 0;
	case nested::Fate::exits:
		// It may come, but not by way of injection.
		return for_injection ? -kernel::EBUSY : 1;
	case nested::Fate::injected:
		break;
	}
	return get_rflags(kvm) & rflags::if_ &&
	       !(interruptibility_state(vcpu_of(kvm)) & blocking_by_sti_or_mov_ss);
}

int nmi_allowed(kernel::kvm_vcpu *kvm, bool for_injection)
{
	switch (nested::fate_of_nmi(vcpu_of(kvm))) {
	case nested::Fate::has_to_wait:
		return for_injection ? -kernel::EBUSY : 0;
	case nested::Fate::exits:
		return for_injection ? -kernel::EBUSY : 1;
	case nested::Fate::injected:
		break;
	}
	// Some CPUs also refuse to inject an NMI into the shadow of STI.
	return !get_nmi_mask(kvm) &&
	       !(interruptibility_state(vcpu_of(kvm)) & blocking_by_sti_or_mov_ss);
}

bool get_nmi_mask(kernel::kvm_vcpu *kvm)
{
	if (!setup().features.virtual_nmi)
		return vcpu_of(kvm).nmi_blocking.blocked;
	return interruptibility_state(vcpu_of(kvm)) & interruptibility::nmi;
}

void set_nmi_mask(kernel::kvm_vcpu *kvm, bool masked)
{
	Vcpu &vcpu = vcpu_of(kvm);

	if (!setup().features.virtual_nmi) {
		vcpu.nmi_blocking = {.ticks = 0, .blocked = masked};
		return;
	}
	const u32 was = interruptibility_state(vcpu);
	const u32 now = masked ? was | interruptibility::nmi : was & ~interruptibility::nmi;

	if (now != was)
		write(vcpu.current(), f::guest_interruptibility, now);
}

void enable_irq_window(kernel::kvm_vcpu *kvm)
{
	Vcpu &vcpu = vcpu_of(kvm);

	vcpu.vmcs().primary.add(vcpu.current(), primary::interrupt_window_exiting);
}

void enable_nmi_window(kernel::kvm_vcpu *kvm)
{
	Vcpu &vcpu = vcpu_of(kvm);

	// In the shadow of STI the NMI window would open at once, and close the loop: wait for the
	// shadow to end. Without virtual NMIs there is no such window.
	if (!setup().features.virtual_nmi || interruptibility_state(vcpu) & interruptibility::sti) {
		enable_irq_window(kvm);
		return;
	}
	vcpu.vmcs().primary.add(vcpu.current(), primary::nmi_window_exiting);
}

void guess_nmi_unblocking(Vcpu &vcpu)
{
	// As long as the kernel's own watchdog of NMIs waits: a handler that never lets interrupts
	// in is not one any more.
	const u64 one_second = u64{kernel::tsc_khz} * 1000;

	if (interrupt_allowed(&vcpu.kvm, false)) {
		set_nmi_mask(&vcpu.kvm, false);
	} else if (vcpu.nmi_blocking.ticks > one_second && vcpu.kvm.arch.nmi_pending) {
		kernel::warn_ratelimited(
			"vCPU %d: NMIs have been blocked for a second without virtual NMIs: unblocked\n",
			vcpu.kvm.vcpu_id);
		set_nmi_mask(&vcpu.kvm, false);
	}
}

u32 get_interrupt_shadow(kernel::kvm_vcpu *kvm)
{
	const u32 state = interruptibility_state(vcpu_of(kvm));

	return (state & interruptibility::sti ? kernel::KVM_X86_SHADOW_INT_STI : 0) |
	       (state & interruptibility::mov_ss ? kernel::KVM_X86_SHADOW_INT_MOV_SS : 0);
}

void set_interrupt_shadow(kernel::kvm_vcpu *kvm, int mask)
{
	Vcpu &vcpu = vcpu_of(kvm);
	const u32 was = interruptibility_state(vcpu);
	u32 now = was & ~blocking_by_sti_or_mov_ss;

	if (mask & static_cast<int>(kernel::KVM_X86_SHADOW_INT_MOV_SS))
		now |= interruptibility::mov_ss;
	else if (mask & static_cast<int>(kernel::KVM_X86_SHADOW_INT_STI))
		now |= interruptibility::sti;
	if (now != was)
		write(vcpu.current(), f::guest_interruptibility, now);
}

void update_exception_bitmap(kernel::kvm_vcpu *kvm)
{
	Vcpu &vcpu = vcpu_of(kvm);
	// #UD: forced emulation and the hypercall of the other vendor. #MC: the host's. #AC and
	// #DB: a guest could make the CPU deliver one within the other forever (CVE-2015-5307,
	// CVE-2015-8104).
	u32 bitmap = 1U << vector::ud | 1U << vector::mc | 1U << vector::ac | 1U << vector::db;

	if ((kvm->guest_debug & (kernel::KVM_GUESTDBG_ENABLE | kernel::KVM_GUESTDBG_USE_SW_BP)) ==
	    (kernel::KVM_GUESTDBG_ENABLE | kernel::KVM_GUESTDBG_USE_SW_BP))
		bitmap |= 1U << vector::bp;
	// XFD's #NM: IA32_XFD_ERR has to be saved before anything of the host can raise one.
	if (kvm->arch.xfd_no_write_intercept)
		bitmap |= 1U << vector::nm;
	// All exceptions of real mode's virtual-8086 task are real mode's, which has another way to
	// its handlers.
	if (vcpu.real_mode.active)
		bitmap = ~0U;
	if (kernel::enable_vmware_backdoor)
		bitmap |= 1U << vector::gp;
	if (!setup().features.ept)
		bitmap |= 1U << vector::pf;
	// Under EPT a guest with fewer physical address bits than the host must see its own
	// reserved bits.
	else if (kernel::allow_smaller_maxphyaddr &&
		 kvm->arch.maxphyaddr < kernel::boot_cpu_data.x86_phys_bits)
		bitmap |= 1U << vector::pf;
	if (in_guest_mode(vcpu))
		bitmap = nested::merge_exception_bitmap(vcpu, bitmap);
	vcpu.vmcs().exception_bitmap.set(vcpu.current(), bitmap);
}

void update_cr8_intercept(kernel::kvm_vcpu *kvm, int tpr, int irr)
{
	Vcpu &vcpu = vcpu_of(kvm);

	// L2's TPR, if it has one, is L1's business; without one every access to CR8 exits.
	if (in_guest_mode(vcpu) || !vcpu.vmcs().primary.get().has(primary::use_tpr_shadow))
		return;
	// An exit as soon as the guest lowers TPR below the highest pending interrupt's class; 0 is
	// never.
	const u32 threshold = irr < 0 || tpr < irr ? 0 : static_cast<u32>(irr);

	write(vcpu.current(), f::tpr_threshold, threshold);
}

int smi_allowed(kernel::kvm_vcpu *kvm, bool for_injection)
{
	// L1's entry comes first.
	if (vcpu_of(kvm).nested.entry_pending || nested::waits_for_sipi(vcpu_of(kvm)))
		return for_injection ? -kernel::EBUSY : 0;
	return !(kvm->arch.hflags & kernel::HF_SMM_MASK);
}

// kvm.ko saves and loads the architectural state.

int enter_smm(kernel::kvm_vcpu *kvm, char *)
{
	nested::enter_smm(vcpu_of(kvm));
	// HLT of a guest that halts without an exit would go on in the handler.
	wake_from_hlt(vcpu_of(kvm));
	return 0;
}

int leave_smm(kernel::kvm_vcpu *kvm, const char *)
{
	return nested::leave_smm(vcpu_of(kvm));
}

void enable_smi_window(kernel::kvm_vcpu *)
{
	// RSM, or the entry that an SMI waits for, is an exit anyway.
}

bool apic_init_signal_blocked(kernel::kvm_vcpu *kvm)
{
	// VMX root operation blocks INIT; of L2 it is an exit.
	return vcpu_of(kvm).nested.vmx_on && !in_guest_mode(vcpu_of(kvm));
}

int skip_instruction(kernel::kvm_vcpu *kvm)
{
	Vcpu &vcpu = vcpu_of(kvm);
	const ExitReason reason = vcpu.exit.reason;
	const u64 here = rip(vcpu);

	// An EPT misconfiguration has no architectural instruction length. CPUs give one all the
	// same; a hypervisor under us need not, so there the emulator decodes the instruction.
	if (reason.basic() == Reason::ept_misconfig &&
	    kernel::cpu_has(kernel::X86_FEATURE_HYPERVISOR)) {
		if (!kernel::kvm_emulate_instruction(kvm, kernel::EMULTYPE_SKIP))
			return 0;
	} else {
		const u64 next = here + read(vcpu.current(), f::exit_instruction_length);

		// Outside of 64-bit code RIP wraps at 4 GiB, and IP at what the CPU reported. Which
		// code it is matters only there.
		if ((here ^ next) >> 32 && !in_64bit_code(vcpu)) [[unlikely]]
			set_rip(vcpu, static_cast<u32>(next));
		else
			set_rip(vcpu, next);
	}
	// The next instruction is past the shadow of STI or MOV SS.
	set_interrupt_shadow(kvm, 0);
	return 1;
}

} // namespace backend
