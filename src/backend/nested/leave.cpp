// SPDX-License-Identifier: GPL-2.0-only
#include "backend/nested/leave.hpp"

#include "backend/nested/evmcs.hpp"
#include "backend/nested/guest_mode.hpp"
#include "backend/nested/guest_state.hpp"
#include "backend/nested/host_state.hpp"
#include "backend/nested/mmu.hpp"
#include "backend/nested/msr_lists.hpp"
#include "backend/nested/pages.hpp"
#include "backend/nested/preemption_timer.hpp"
#include "backend/nested/region.hpp"
#include "backend/nested/shadowing.hpp"
#include "backend/nested/vmcs02.hpp"
#include "backend/vcpu/apic.hpp"
#include "backend/vcpu/dirty_log.hpp"
#include "backend/vcpu/events.hpp"
#include "backend/vcpu/registers.hpp"
#include "backend/vcpu/timing.hpp"
#include "kernel/cpu.hpp"
#include "kernel/requests.hpp"
#include "kernel/trace.hpp"
#include "kernel/vcpu.hpp"

namespace backend::nested {

namespace {

/// SDM, "VMX Aborts".
enum class Abort : u32 { storing_msrs = 1, loading_pdptes = 2, loading_msrs = 4 };

/// L1 is gone: the logical processor is in a shutdown state.
void abort(Vcpu &vcpu, Abort why)
{
	vcpu.nested.vmcs12->abort_indicator = static_cast<u32>(why);
	kernel::make_request(vcpu.kvm, kernel::KVM_REQ_TRIPLE_FAULT);
}

/// The shadow VMCS that L2 may have written to.
void store_shadow(Vcpu &vcpu)
{
	const Nested &nested = vcpu.nested;

	if (nested.has_shadow && secondary12(vcpu).has(secondary::vmcs_shadowing))
		store(vcpu, nested.vmcs12->vmcs_link_pointer, nested.shadow_word, *nested.shadow);
}

/// What L2 was being delivered when it exited, from kvm.ko's queues: an exit of the CPU's has put
/// it there, and so has an injection that never came to run (SDM, "Information for VM Exits During
/// Event Delivery").
Interruption undelivered(Vcpu &vcpu, u32 &error_code)
{
	const auto &arch = vcpu.kvm.arch;

	error_code = 0;
	if (arch.exception.injected) {
		const EventType type = exception_type(vcpu, arch.exception);

		if (type != EventType::hardware_exception)
			vcpu.nested.vmcs12->exit_instruction_length = arch.event_exit_inst_len;
		if (arch.exception.has_error_code)
			error_code = arch.exception.error_code;
		return Interruption::make(type, arch.exception.vector,
					  arch.exception.has_error_code);
	}
	if (arch.nmi_injected)
		return Interruption::make(EventType::nmi, vector::nmi);
	if (!arch.interrupt.injected)
		return {};
	if (!arch.interrupt.soft)
		return Interruption::make(EventType::external_interrupt, arch.interrupt.nr);
	vcpu.nested.vmcs12->exit_instruction_length = arch.event_exit_inst_len;
	return Interruption::make(EventType::software_interrupt, arch.interrupt.nr);
}

/// SDM, "Recording VM-Exit Information and Updating VM-entry Control Fields".
void record_exit(Vcpu &vcpu, const Cause &cause)
{
	const Current current = vcpu.current();
	Vmcs12 &vmcs12 = *vcpu.nested.vmcs12;
	const Reason why = cause.reason.basic();

	if (cause.from_hardware) {
		vmcs12.exit_instruction_length = read(current, f::exit_instruction_length);
		if (has_instruction_info(why))
			vmcs12.exit_instruction_info = read(current, f::exit_instruction_info);
	}
	if (cause.from_hardware ? has_linear_address(why) : why == Reason::ept_violation)
		vmcs12.guest_linear_address = read(current, f::guest_linear_address);
	vmcs12.exit_reason = cause.reason.raw;
	vmcs12.exit_qualification = cause.qualification;
	vmcs12.exit_interruption_info = cause.interruption.raw;
	vmcs12.exit_interruption_error_code = cause.error_code;
	vmcs12.idt_vectoring_info = undelivered(vcpu, vmcs12.idt_vectoring_error_code).raw;
	vmcs12.entry_interruption_info &= ~Interruption::valid_bit;
}

/// Out of guest mode, on vmcs01, as L0 wants it: what changed for L1 while L2 ran.
void return_to_vmcs01(Vcpu &vcpu)
{
	Nested &nested = vcpu.nested;
	auto &arch = vcpu.kvm.arch;

	stop_preemption_timer(vcpu);
	unmap_pages(vcpu);
	kernel::leave_guest_mode(vcpu.kvm);
	nested.entry_pending = nested.mtf_pending = nested.restored = false;
	arch.mp_state = kernel::KVM_MP_STATE_RUNNABLE;

	switch_to(vcpu, vcpu.vmcs01);
	give_to_shadow(vcpu);
	// What L2 left in the L1 data cache (the kernel's admin-guide/hw-vuln/l1tf.rst).
	arch.l1tf_flush_l1d = true;
	// L2 must not steer L1's indirect branches (CVE-2022-2196).
	kernel::indirect_branch_prediction_barrier();
	vcpu.msr_lists.write_counts(vcpu.current());
	arch.tsc_offset = arch.l1_tsc_offset;
	arch.tsc_scaling_ratio = arch.l1_tsc_scaling_ratio;
	write_tsc_offset(&vcpu.kvm, arch.tsc_offset);
	write_tsc_multiplier(&vcpu.kvm, arch.tsc_scaling_ratio);
	update_mov_dr_exiting(vcpu);
	update_exception_bitmap(&vcpu.kvm);
	if (nested.apic_page_moved) {
		nested.apic_page_moved = false;
		if (vcpu.apic_page)
			write(vcpu.current(), f::apic_access_address, vcpu.apic_page);
	}
	renew_apic(vcpu);
	update_cpu_dirty_logging(&vcpu.kvm);
	kernel::make_request(vcpu.kvm, kernel::KVM_REQ_EVENT);
}

void go_on_with_l1(Vcpu &vcpu)
{
	const Vmcs12 &vmcs12 = *vcpu.nested.vmcs12;

	if (!load_host_state(vcpu)) {
		abort(vcpu, Abort::loading_pdptes);
		return;
	}
	if (!has_vpid02(vcpu))
		kernel::make_request(vcpu.kvm, kernel::KVM_REQ_TLB_FLUSH_GUEST);
	if (load_msr_list(vcpu, check::MsrList::exit_load, vmcs12.exit_msr_load_address,
			  vmcs12.exit_msr_load_count))
		abort(vcpu, Abort::loading_msrs);
}

} // namespace

void leave(Vcpu &vcpu, const Cause &cause)
{
	const Vmcs12 &vmcs12 = *vcpu.nested.vmcs12;
	bool stored;

	// Of what was asked to be flushed some is L2's.
	kernel::kvm_service_local_tlb_flush_requests(&vcpu.kvm);
	save_guest_state(vcpu);
	store_shadow(vcpu);
	record_exit(vcpu, cause);
	stored = !store_msr_list(vcpu, vmcs12.exit_msr_store_address, vmcs12.exit_msr_store_count);
	empty_event_queues(vcpu);
	return_to_vmcs01(vcpu);
	go_on_with_l1(vcpu);
	if (!stored)
		abort(vcpu, Abort::storing_msrs);
	write_back_evmcs(vcpu);
	kernel::trace_nested_exit_inject(vmcs12.exit_reason, vmcs12.exit_qualification,
					 vmcs12.idt_vectoring_info, vmcs12.exit_interruption_info,
					 vmcs12.exit_interruption_error_code);
}

void fail_entry(Vcpu &vcpu, const Cause &cause)
{
	Vmcs12 &vmcs12 = *vcpu.nested.vmcs12;

	// All that a failed entry records (SDM, "VM-Entry Failures During or After Loading Guest
	// State").
	vmcs12.exit_reason = cause.reason.raw;
	vmcs12.exit_qualification = cause.qualification;
	give_to_shadow(vcpu);
	go_on_with_l1(vcpu);
	write_back_failure(vcpu);
}

void undo_entry(Vcpu &vcpu, const Cause &cause)
{
	kernel::kvm_service_local_tlb_flush_requests(&vcpu.kvm);
	empty_event_queues(vcpu);
	return_to_vmcs01(vcpu);
	fail_entry(vcpu, cause);
}

void abandon(Vcpu &vcpu)
{
	return_to_vmcs01(vcpu);
}

void drop(Vcpu &vcpu)
{
	kernel::kvm_service_local_tlb_flush_requests(&vcpu.kvm);
	empty_event_queues(vcpu);
	return_to_vmcs01(vcpu);
	(void)load_host_state(vcpu);
}

void suspend(Vcpu &vcpu)
{
	save_guest_state(vcpu);
	store_shadow(vcpu);
	drop(vcpu);
}

} // namespace backend::nested
