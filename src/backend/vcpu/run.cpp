// SPDX-License-Identifier: GPL-2.0-only
#include "backend/vcpu/run.hpp"

#include "backend/exit/counters.hpp"
#include "backend/exit/fast.hpp"
#include "backend/hw/msr.hpp"
#include "backend/nested/guest_mode.hpp"
#include "backend/nested/save.hpp"
#include "backend/setup.hpp"
#include "backend/vcpu/control_registers.hpp"
#include "backend/vcpu/events.hpp"
#include "backend/vcpu/msrs.hpp"
#include "backend/vcpu/real_mode.hpp"
#include "backend/vcpu/registers.hpp"
#include "backend/vcpu/timing.hpp"
#include "backend/vcpu/umwait.hpp"
#include "kernel/cpu.hpp"
#include "kernel/enter.h"
#include "kernel/trace.hpp"
#include "kernel/vcpu.hpp"

namespace backend {

namespace {

/// Host state that a context switch or another CPU's IPI may have changed since the last entry.
void refresh_host_state(Vcpu &vcpu)
{
	auto &host = vcpu.vmcs().host;
	const u64 cr3 = kernel::__get_current_cr3_fast();
	const u64 cr4 = kernel::cr4_read_shadow();

	if (cr3 != host.cr3) {
		write(vcpu.current(), f::host_cr3, cr3);
		host.cr3 = cr3;
	}
	if (cr4 != host.cr4) {
		write(vcpu.current(), f::host_cr4, cr4);
		host.cr4 = cr4;
	}
}

void write_dirty_registers(Vcpu &vcpu)
{
	auto &arch = vcpu.kvm.arch;

	if (dirty(vcpu, kernel::VCPU_REGS_RSP))
		write(vcpu.current(), f::guest_rsp, u64{arch.regs[kernel::VCPU_REGS_RSP]});
	if (dirty(vcpu, kernel::VCPU_REGS_RIP))
		write(vcpu.current(), f::guest_rip, u64{arch.regs[kernel::VCPU_REGS_RIP]});
	if (arch.regs_dirty & (1U << kernel::VCPU_EXREG_CR3 | 1U << kernel::VCPU_EXREG_PDPTR))
		write_dirty_paging(vcpu);
	arch.regs_dirty = 0;
}

/// The preemption timer ends the guest's run at the deadline of its APIC timer; at zero, before its
/// first instruction.
void arm_preemption_timer(Vcpu &vcpu, bool exit_at_once)
{
	if (!exit_at_once && !vcpu.timer_deadline) {
		vcpu.vmcs().pin.remove(vcpu.current(), pin::preemption_timer);
		return;
	}
	if (setup().features.preemption_timer) {
		vcpu.vmcs().pin.add(vcpu.current(), pin::preemption_timer);
		write(vcpu.current(), f::preemption_timer_value,
		      exit_at_once ? 0 : preemption_timer_ticks(vcpu));
	} else {
		// An interrupt that is pending already exits as soon as the guest runs.
		kernel::reschedule_this_cpu();
	}
}

/// By the controls, which cost less than an entry of the lists.
void switch_perf_global_ctrl(Vcpu &vcpu, u64 guest, u64 host)
{
	const Current current = vcpu.current();

	if (guest == host) {
		vcpu.vmcs().entry.remove(current, entry::load_perf_global_ctrl);
		vcpu.vmcs().exit.remove(current, exit::load_perf_global_ctrl);
		return;
	}
	write(current, f::guest_perf_global_ctrl, guest);
	write(current, f::host_perf_global_ctrl, host);
	vcpu.vmcs().entry.add(current, entry::load_perf_global_ctrl);
	vcpu.vmcs().exit.add(current, exit::load_perf_global_ctrl);
}

/// The host's performance counters must not count, and above all not write PEBS records, in the
/// guest.
void switch_perf_msrs(Vcpu &vcpu)
{
	int count = 0;
	const auto *switched = kernel::perf_guest_get_msrs(&count, &vcpu.kvm.arch.pmu);

	for (int i = 0; switched && i < count; ++i) {
		if (switched[i].msr == msr::perf_global_ctrl &&
		    setup().features.switch_perf_global_ctrl) {
			switch_perf_global_ctrl(vcpu, switched[i].guest, switched[i].host);
			continue;
		}
		if (switched[i].host == switched[i].guest) {
			vcpu.msr_lists.remove(vcpu.current(), switched[i].msr);
			continue;
		}
		// A record that is on its way gets to memory some time after PEBS is off: not in
		// the guest, then, where the address would be the guest's.
		if (switched[i].msr == msr::pebs_enable)
			hw::write_msr(msr::pebs_enable, 0);
		vcpu.msr_lists.set(vcpu.current(), switched[i].msr, switched[i].guest,
				   switched[i].host);
	}
}

/// What has to be looked at before each entry, on a CPU that has it.
void switch_msrs(Vcpu &vcpu)
{
	if (setup().features.host_perf)
		switch_perf_msrs(vcpu);
	if (setup().config.secondary.has(secondary::enable_user_wait_pause))
		switch_umwait_control(vcpu);
}

// What entry.S knows of an enlightened VMCS.
constexpr auto host_rsp_slot = vmcs12::evmcs_slot(f::host_rsp.encoding);
static_assert(host_rsp_slot.offset == KVMXX_EVMCS_HOST_RSP &&
	      host_rsp_slot.clean == KVMXX_EVMCS_HOST_POINTER_CLEAN &&
	      vmcs12::evmcs::clean_fields == KVMXX_EVMCS_CLEAN_FIELDS &&
	      __builtin_offsetof(hw::HostStateCache, enlightened_page) ==
		      __builtin_offsetof(hw::HostStateCache, rsp) + KVMXX_ENLIGHTENED_PAGE_BEHIND);

kvmxx_entry prepare_entry(Vcpu &vcpu)
{
	auto &arch = vcpu.kvm.arch;
	const bool has_spec_ctrl = setup().features.spec_ctrl;
	const u64 host_spec_ctrl = has_spec_ctrl ? kernel::current_spec_ctrl() : 0;
	u64 flags = vcpu.entry_flags | u64{vcpu.vmcs().launched} << KVMXX_ENTRY_LAUNCHED_BIT;

	if (has_spec_ctrl && spec_ctrl_is_free(vcpu))
		flags |= bit(KVMXX_ENTRY_SAVE_SPEC_CTRL_BIT);
	if (kernel::l1d_flush_needed(arch.l1tf_flush_l1d)) {
		flags |= bit(KVMXX_ENTRY_FLUSH_L1D_BIT);
		++vcpu.kvm.stat.l1d_flush;
	}
	arch.l1tf_flush_l1d = false;
	return {.regs = arch.regs,
		.host_rsp = reinterpret_cast<unsigned long long *>(&vcpu.vmcs().host.rsp),
		.guest_spec_ctrl = vcpu.spec_ctrl,
		.host_spec_ctrl = host_spec_ctrl,
		.flags = flags};
}

/// One VMREAD for the common exit, two more for those that may have interrupted a delivery.
void read_exit(Vcpu &vcpu)
{
	const Current current = vcpu.current();
	auto &exit = vcpu.exit;

	exit.reason.raw = hw::read_exit_reason(current);
	exit.interruption.raw = 0;
	if (exit.reason.basic() == Reason::exception_nmi ||
	    exit.reason.basic() == Reason::external_interrupt)
		exit.interruption.raw = read(current, f::exit_interruption_info);
	exit.idt_vectoring.raw =
		exit.reason.entry_failed() ? 0 : read(current, f::idt_vectoring_info);
}

/// Instead of an entry that would fail: handle_exit() lets the emulator run the guest.
kernel::exit_fastpath_completion leave_to_emulator(Vcpu &vcpu)
{
	auto &arch = vcpu.kvm.arch;

	vcpu.exit = {.launch = Launch::not_tried};
	// kvm.ko believes an event is on its way that real mode has taken already.
	if (vcpu.real_mode.active)
		arch.nmi_injected = arch.interrupt.injected = arch.exception.injected = false;
	forget_injection(vcpu);
	return kernel::EXIT_FASTPATH_NONE;
}

} // namespace

int vcpu_pre_run(kernel::kvm_vcpu *kvm)
{
	Vcpu &vcpu = vcpu_of(kvm);

	// A restored L2 that sleeps is woken by what it finds in L1's memory; when it runs, it asks
	// for that again.
	if (vcpu.nested.restored && kvm->arch.mp_state == kernel::KVM_MP_STATE_HALTED) [[unlikely]]
		(void)nested::find_memory(vcpu);
	return refuse_exception(vcpu) ? 0 : 1;
}

kernel::exit_fastpath_completion vcpu_run(kernel::kvm_vcpu *kvm, u64 run_flags)
{
	Vcpu &vcpu = vcpu_of(kvm);

	if (emulation_required(vcpu)) [[unlikely]]
		return leave_to_emulator(vcpu);

	write_dirty_registers(vcpu);
	refresh_host_state(vcpu);
	if (run_flags & kernel::KVM_RUN_LOAD_GUEST_DR6)
		kernel::write_dr6(kvm->arch.dr6);
	if (run_flags & kernel::KVM_RUN_LOAD_DEBUGCTL)
		refresh_debugctl(vcpu);
	// Single-stepping is a trap after one instruction, also after one that is in a shadow: VM
	// entry refuses RFLAGS.TF with blocking unless a trap is pending (SDM, "Checks on Guest
	// Non-Register State").
	if (kvm->guest_debug & kernel::KVM_GUESTDBG_SINGLESTEP)
		set_interrupt_shadow(kvm, 0);

	kernel::kvm_load_guest_xsave_state(kvm);
	// What is left of a deadline that the timer was early for; mostly there is none to ask
	// about.
	if (kernel::lapic_in_kernel(*kvm) && kvm->arch.apic->lapic_timer.expired_tscdeadline)
		kernel::kvm_wait_lapic_expire(kvm);

	if (setup().features.msrs_at_entry)
		switch_msrs(vcpu);

	kvmxx_entry entry = prepare_entry(vcpu);

	// As near to the entry as can be: it counts from there.
	arm_preemption_timer(vcpu, run_flags & kernel::KVM_RUN_FORCE_IMMEDIATE_EXIT);
	kernel::trace_entry(kvm, run_flags & kernel::KVM_RUN_FORCE_IMMEDIATE_EXIT);
	const u64 entered_at = vcpu.nmi_blocking.blocked ? hw::read_tsc() : 0;

	vcpu.exit.launch =
		kvmxx_enter_guest(&entry, &kvm->arch.cr2) ? Launch::failed : Launch::done;
	if (vcpu.nmi_blocking.blocked) [[unlikely]]
		vcpu.nmi_blocking.ticks += hw::read_tsc() - entered_at;
	vcpu.spec_ctrl = entry.guest_spec_ctrl;
	// VM exit clears it: with it goes the host's detection of bus locks, and branch records.
	if (kvm->arch.host_debugctl) [[unlikely]]
		hw::write_msr(msr::debugctl, kvm->arch.host_debugctl);
	// A null DS or ES is what the exit left, and what nearly every task has.
	kernel::restore_host_data_segments(vcpu.host.segments);

	kvm->arch.regs_avail &= ~lazily_read;
	kernel::kvm_load_host_xsave_state(kvm);

	if (vcpu.exit.launch == Launch::failed) [[unlikely]] {
		vcpu.exit.reason.raw = 0xdead;
		vcpu.exit.interruption.raw = vcpu.exit.idt_vectoring.raw = 0;
		return kernel::EXIT_FASTPATH_NONE;
	}
	read_exit(vcpu);
	count_exit(vcpu.exit.reason.basic());
	if (vcpu.exit.reason.basic() == Reason::machine_check && vcpu.exit.reason.entry_failed())
		kernel::handle_machine_check();
	kernel::trace_exit(kvm);
	if (vcpu.exit.reason.entry_failed())
		return kernel::EXIT_FASTPATH_NONE;

	vcpu.vmcs().launched = true;
	vcpu.nested.entry_pending = false;
	// VM exit clears the valid bit of the injection field by itself; the queues must follow.
	restore_nmi_blocking(vcpu);
	update_event_queues(vcpu);
	// L1 may want any exit of L2 but for that of L0's own timer.
	if (in_guest_mode(vcpu) && vcpu.exit.reason.basic() != Reason::preemption_timer)
		return kernel::EXIT_FASTPATH_NONE;
	return handle_exit_fast(vcpu);
}

} // namespace backend
