// SPDX-License-Identifier: GPL-2.0-only
#include "backend/exit/dispatch.hpp"

#include "backend/exit/failure.hpp"
#include "backend/exit/table.hpp"
#include "backend/exit/throttle.hpp"
#include "backend/nested/guest_mode.hpp"
#include "backend/nested/reflect.hpp"
#include "backend/vcpu/dirty_log.hpp"
#include "backend/vcpu/events.hpp"
#include "backend/vcpu/real_mode.hpp"
#include "backend/vcpu/registers.hpp"
#include "kernel/print.hpp"

namespace backend {

namespace {

int fail_entry(Vcpu &vcpu, u64 reason)
{
	kernel::kvm_run *run = vcpu.kvm.run;

	forget_injection(vcpu);
	run->exit_reason = kernel::KVM_EXIT_FAIL_ENTRY;
	run->fail_entry.hardware_entry_failure_reason = reason;
	run->fail_entry.cpu = static_cast<u32>(vcpu.kvm.arch.last_vmentry_cpu);
	return result_of(ExitAction::to_userspace);
}

int internal_error(Vcpu &vcpu, u32 suberror)
{
	kernel::kvm_run *run = vcpu.kvm.run;
	u64 *data = reinterpret_cast<u64 *>(run->internal.data);
	u32 n = 0;

	run->exit_reason = kernel::KVM_EXIT_INTERNAL_ERROR;
	run->internal.suberror = suberror;
	if (suberror == kernel::KVM_INTERNAL_ERROR_DELIVERY_EV) {
		data[n++] = vcpu.exit.idt_vectoring.raw;
		data[n++] = vcpu.exit.reason.raw;
		data[n++] = exit_qualification(vcpu);
		if (vcpu.exit.reason.basic() == Reason::ept_misconfig)
			data[n++] = read(vcpu.current(), f::guest_physical_address);
	} else {
		data[n++] = vcpu.exit.reason.raw;
	}
	data[n++] = static_cast<u64>(vcpu.kvm.arch.last_vmentry_cpu);
	run->internal.ndata = n;
	return result_of(ExitAction::to_userspace);
}

/// Whoever the exit was for.
int finish(Vcpu &vcpu, int result)
{
	return vcpu.exit.reason.bus_lock() ? report_bus_lock(vcpu, result) : result;
}

} // namespace

int handle_exit(kernel::kvm_vcpu *kvm, kernel::exit_fastpath_completion fastpath)
{
	Vcpu &vcpu = vcpu_of(kvm);

	// Before anything that may look at the guest's memory from outside.
	flush_dirty_log(vcpu);
	if (vcpu.exit.launch != Launch::done) [[unlikely]] {
		if (in_guest_mode(vcpu)) {
			// L2 never begins in a state that has to be emulated.
			if (vcpu.exit.launch == Launch::not_tried) {
				nested::reflect_failed_entry(vcpu);
				return result_of(ExitAction::resume);
			}
			if (nested::reflect_failed_launch(vcpu))
				return result_of(ExitAction::resume);
		}
		if (vcpu.exit.launch == Launch::not_tried)
			return emulate_guest(vcpu);
		// While rebooting, VMX is off already.
		if (!kernel::kvm_rebooting)
			report_failed_launch(vcpu);
		return fail_entry(vcpu, read(vcpu.current(), f::instruction_error));
	}
	if (vcpu.exit.reason.entry_failed()) {
		if (in_guest_mode(vcpu)) {
			nested::reflect_failed_entry(vcpu);
			return result_of(ExitAction::resume);
		}
		report_failed_entry(vcpu);
		return fail_entry(vcpu, vcpu.exit.reason.raw);
	}

	if (vcpu.nmi_blocking.blocked) [[unlikely]]
		guess_nmi_unblocking(vcpu);
	if (in_guest_mode(vcpu) && nested::reflect(vcpu))
		return finish(vcpu, result_of(ExitAction::resume));

	const ExitRow *row = find_row(vcpu.exit.reason.basic());

	// An exit in the middle of an event's delivery that no handler resolves by trying again
	// would lose the event, or loop forever.
	if (vcpu.exit.idt_vectoring.valid() && (!row || !row->delivery))
		return internal_error(vcpu, kernel::KVM_INTERNAL_ERROR_DELIVERY_EV);
	if (fastpath != kernel::EXIT_FASTPATH_NONE)
		return finish(vcpu, result_of(ExitAction::resume));
	if (!row) {
		kernel::warn_ratelimited("unexpected exit reason %x\n", vcpu.exit.reason.raw);
		return internal_error(vcpu, kernel::KVM_INTERNAL_ERROR_UNEXPECTED_EXIT_REASON);
	}
	return finish(vcpu, row->handler(vcpu));
}

void get_exit_info(kernel::kvm_vcpu *kvm, u32 *reason, u64 *info1, u64 *info2, u32 *interruption,
		   u32 *error_code)
{
	Vcpu &vcpu = vcpu_of(kvm);

	*reason = vcpu.exit.reason.raw;
	*interruption = *error_code = 0;
	if (vcpu.exit.reason.entry_failed()) {
		*info1 = *info2 = 0;
		return;
	}
	*info1 = exit_qualification(vcpu);
	*info2 = vcpu.exit.idt_vectoring.raw;
	*interruption = vcpu.exit.interruption.raw;
	if (vcpu.exit.interruption.valid() && vcpu.exit.interruption.has_error_code())
		*error_code = read(vcpu.current(), f::exit_interruption_error_code);
}

} // namespace backend
