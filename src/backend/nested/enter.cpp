// SPDX-License-Identifier: GPL-2.0-only
#include "backend/nested/enter.hpp"

#include "backend/exit/handler.hpp"
#include "backend/nested/entry_checks.hpp"
#include "backend/nested/evmcs.hpp"
#include "backend/nested/guest_mode.hpp"
#include "backend/nested/guest_state.hpp"
#include "backend/nested/instructions.hpp"
#include "backend/nested/leave.hpp"
#include "backend/nested/msr_lists.hpp"
#include "backend/nested/outcome.hpp"
#include "backend/nested/pages.hpp"
#include "backend/nested/posting.hpp"
#include "backend/nested/preemption_timer.hpp"
#include "backend/nested/region.hpp"
#include "backend/nested/shadowing.hpp"
#include "backend/nested/vmcs02.hpp"
#include "backend/setup.hpp"
#include "backend/vcpu/events.hpp"
#include "backend/vcpu/registers.hpp"
#include "backend/vcpu/segments.hpp"
#include "kernel/requests.hpp"
#include "kernel/trace.hpp"
#include "kernel/vcpu.hpp"

namespace backend::nested {

namespace {

constexpr Cause entry_failure(Reason reason, u64 qualification)
{
	return {.reason = {static_cast<u32>(reason) | 1U << 31}, .qualification = qualification};
}

/// What an entry that loads little takes over.
void remember_l1(Vcpu &vcpu)
{
	Nested &nested = vcpu.nested;

	nested.l1_debugctl = vcpu.debugctl;
	nested.l1_dr7 = vcpu.kvm.arch.dr7;
	if (setup().config.entry.has(entry::load_bndcfgs))
		nested.l1_bndcfgs = read(vcpu.current(), f::guest_bndcfgs);
}

/// The event that L1 injects is the first thing that happens to L2.
void inject_event12(Vcpu &vcpu)
{
	const Current current = vcpu.current();
	const Vmcs12 &vmcs12 = *vcpu.nested.vmcs12;
	const Interruption event{vmcs12.entry_interruption_info};

	// An exit for the monitor trap flag, which the queues of events know nothing of.
	if (event.is(EventType::other)) {
		vcpu.nested.mtf_pending = true;
		return;
	}
	// Its delivery blocks NMIs; vmcs02 has virtual NMIs, with which none can be injected that
	// is blocked (SDM, "Checks on Guest Non-Register State").
	if (event.is(EventType::nmi))
		write(current, f::guest_interruptibility,
		      vmcs12.guest_interruptibility & ~interruptibility::nmi);
	write(current, f::entry_interruption_info, event.raw);
	if (!event.valid())
		return;
	write(current, f::entry_exception_error_code, vmcs12.entry_exception_error_code);
	write(current, f::entry_instruction_length, vmcs12.entry_instruction_length);
}

/// The shadow VMCS that L2's VMREAD and VMWRITE are about, as it is at the entry. Behind RSM it may
/// have stopped being one since it was checked.
void load_shadow(Vcpu &vcpu)
{
	Nested &nested = vcpu.nested;
	const u64 link = nested.vmcs12->vmcs_link_pointer;

	nested.shadow_word = 0;
	nested.has_shadow = link != Nested::none &&
			    load(vcpu, link, nested.shadow_word, *nested.shadow) &&
			    vmcs12::is_shadow(nested.shadow_word);
}

void trace(Vcpu &vcpu, u64 l1_rip)
{
	const Vmcs12 &vmcs12 = *vcpu.nested.vmcs12;

	kernel::trace_nested_enter(l1_rip, vcpu.nested.vmcs_pointer(), vmcs12.guest_rip,
				   vmcs12.guest_interrupt_status, vmcs12.entry_interruption_info,
				   has_ept12(vcpu), vmcs12.ept_pointer, vmcs12.guest_cr3);
}

/// Into guest mode, on a vmcs02 that holds what the vmcs12 says.
/// @return false if the PDPTEs that L2's CR3 leads to are bad.
bool load_vmcs02(Vcpu &vcpu)
{
	kernel::kvm_service_local_tlb_flush_requests(&vcpu.kvm);
	// L1's, which L2 takes over in part, are in caches that vmcs02 does not know of.
	(void)cr0_bits(vcpu, ~u64{0});
	(void)cr4_bits(vcpu, ~u64{0});
	switch_to(vcpu, vcpu.nested.vmcs02);
	kernel::enter_guest_mode(vcpu.kvm);
	write_vmcs02(vcpu);
	return load_guest_registers(vcpu);
}

/// L2's activity state. @return what the handler of L1's instruction does.
int start_activity(Vcpu &vcpu)
{
	const Vmcs12 &vmcs12 = *vcpu.nested.vmcs12;

	switch (static_cast<Activity>(vmcs12.guest_activity_state)) {
	case Activity::hlt:
		// An event that is injected, or let in at once, wakes it up before it sleeps; so
		// does a trap that is pending.
		if (Interruption{vmcs12.entry_interruption_info}.valid() ||
		    vmcs12.guest_pending_debug_exceptions &
			    (dr6::bs | pending_debug::enabled_breakpoint) ||
		    primary12(vcpu).has(primary::nmi_window_exiting) ||
		    (primary12(vcpu).has(primary::interrupt_window_exiting) &&
		     vmcs12.guest_rflags & rflags::if_) ||
		    virtual_interrupt_pending(vcpu))
			break;
		vcpu.nested.entry_pending = false;
		return kernel::kvm_emulate_halt_noskip(&vcpu.kvm);
	case Activity::wait_for_sipi:
		vcpu.nested.entry_pending = false;
		vcpu.kvm.arch.mp_state = kernel::KVM_MP_STATE_INIT_RECEIVED;
		break;
	default:
		break;
	}
	return result_of(ExitAction::resume);
}

Outcome outcome_of(const check::Verdict &verdict)
{
	if (verdict.kind == check::Verdict::Kind::fail_invalid)
		return fail_invalid;
	return {Outcome::Kind::fail_valid, static_cast<InstructionError>(verdict.number)};
}

enum class Instruction : u8 { vmlaunch, vmresume };

int run(Vcpu &vcpu, Instruction instruction)
{
	Nested &nested = vcpu.nested;

	if (!permitted(vcpu))
		return result_of(ExitAction::resume);
	if (nested.evmcs.enabled) {
		switch (take_evmcs(vcpu, instruction == Instruction::vmlaunch)) {
		case Taken::no_evmcs:
		case Taken::yes:
			break;
		case Taken::no_memory:
			return handle_undefined(vcpu);
		case Taken::bad_version:
			return finish(vcpu, fail_invalid);
		}
	}
	if (!nested.has_vmcs())
		return finish(vcpu, fail_invalid);
	take_from_shadow(vcpu);
	if (const auto failure = check_instruction(vcpu, instruction == Instruction::vmlaunch))
		return finish(vcpu, outcome_of(failure.verdict()));

	switch (enter(vcpu, By::instruction)) {
	case Entered::yes:
		return start_activity(vcpu);
	case Entered::failed:
		return result_of(ExitAction::resume);
	case Entered::no_pages:
		break;
	}
	return report_missing_pages(vcpu);
}

} // namespace

Entered enter(Vcpu &vcpu, By by)
{
	Nested &nested = vcpu.nested;
	const Vmcs12 &vmcs12 = *nested.vmcs12;
	const u64 l1_rip = rip(vcpu);

	if (by == By::instruction)
		++vcpu.kvm.stat.nested_run;
	// L1 is told that it need not (ARCH_CAPABILITIES.SKIP_L1DFL_VMENTRY).
	vcpu.kvm.arch.l1tf_flush_l1d = true;
	remember_l1(vcpu);
	// Saved state has brought its own shadow VMCS, and KVM_SET_SREGS2 before it L2's PDPTEs.
	if (by == By::instruction || by == By::rsm) {
		vcpu.kvm.arch.pdptrs_from_userspace = false;
		load_shadow(vcpu);
	}
	if (by == By::instruction) {
		if (const auto failure = check_guest_state(vcpu, nested.shadow_word)) {
			fail_entry(vcpu, entry_failure(Reason::invalid_guest,
						       failure.verdict().qualification));
			return Entered::failed;
		}
	}
	if (!load_vmcs02(vcpu) && by == By::instruction) {
		constexpr u64 pdptes = 2;

		undo_entry(vcpu, entry_failure(Reason::invalid_guest, pdptes));
		return Entered::failed;
	}
	if (by == By::instruction) {
		if (!map_pages(vcpu)) {
			suspend(vcpu);
			return Entered::no_pages;
		}
		if (const u32 entry = load_msr_list(vcpu, check::MsrList::entry_load,
						    vmcs12.entry_msr_load_address,
						    vmcs12.entry_msr_load_count)) {
			undo_entry(vcpu, entry_failure(Reason::msr_load_fail, entry));
			return Entered::failed;
		}
		nested.vmcs12->launch_state = 1;
	} else {
		// Memory may not be there yet: before the next run. No VM entry takes this address,
		// whose page the CPU would write to.
		if (primary12(vcpu).has(primary::use_tpr_shadow))
			write(vcpu.current(), f::virtual_apic_page_address, Nested::none);
		nested.restored = true;
		kernel::make_request(vcpu.kvm, kernel::KVM_REQ_GET_NESTED_STATE_PAGES);
	}
	nested.entry_pending = by == By::instruction || by == By::pending_entry;
	if (nested.entry_pending)
		inject_event12(vcpu);
	start_preemption_timer(vcpu);
	trace(vcpu, l1_rip);
	// What was pending for L1 may be an exit now.
	kernel::make_request(vcpu.kvm, kernel::KVM_REQ_EVENT);
	return Entered::yes;
}

int report_missing_pages(Vcpu &vcpu)
{
	kernel::kvm_run *run = vcpu.kvm.run;

	run->exit_reason = kernel::KVM_EXIT_INTERNAL_ERROR;
	run->internal.suberror = kernel::KVM_INTERNAL_ERROR_EMULATION;
	run->internal.ndata = 0;
	return result_of(ExitAction::to_userspace);
}

int handle_vmlaunch(Vcpu &vcpu)
{
	return run(vcpu, Instruction::vmlaunch);
}

int handle_vmresume(Vcpu &vcpu)
{
	return run(vcpu, Instruction::vmresume);
}

} // namespace backend::nested
