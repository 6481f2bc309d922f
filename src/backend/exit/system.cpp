// SPDX-License-Identifier: GPL-2.0-only
#include "backend/exit/handler.hpp"
#include "backend/vcpu/events.hpp"
#include "backend/vcpu/registers.hpp"
#include "core/decode/qualification.hpp"
#include "kernel/requests.hpp"

/// Exits that no instruction of the guest asked for, and task switches.
namespace backend {

int handle_external_interrupt(Vcpu &vcpu)
{
	// Its handler has run already, in handle_exit_irqoff().
	++vcpu.kvm.stat.irq_exits;
	return result_of(ExitAction::resume);
}

int handle_triple_fault(Vcpu &vcpu)
{
	vcpu.kvm.run->exit_reason = kernel::KVM_EXIT_SHUTDOWN;
	vcpu.kvm.mmio_needed = 0;
	return result_of(ExitAction::to_userspace);
}

int handle_interrupt_window(Vcpu &vcpu)
{
	vcpu.vmcs().primary.remove(vcpu.current(), primary::interrupt_window_exiting);
	kernel::make_request(vcpu.kvm, kernel::KVM_REQ_EVENT);
	++vcpu.kvm.stat.irq_window_exits;
	return result_of(ExitAction::resume);
}

int handle_nmi_window(Vcpu &vcpu)
{
	vcpu.vmcs().primary.remove(vcpu.current(), primary::nmi_window_exiting);
	kernel::make_request(vcpu.kvm, kernel::KVM_REQ_EVENT);
	++vcpu.kvm.stat.nmi_window_exits;
	return result_of(ExitAction::resume);
}

int handle_tpr_below_threshold(Vcpu &vcpu)
{
	kernel::make_request(vcpu.kvm, kernel::KVM_REQ_EVENT);
	return result_of(ExitAction::resume);
}

int handle_preemption_timer(Vcpu &)
{
	return result_of(ExitAction::resume);
}

int handle_machine_check_exit(Vcpu &)
{
	// The host has handled it, with interrupts off.
	return result_of(ExitAction::resume);
}

int handle_task_switch(Vcpu &vcpu)
{
	using decode::TaskSwitch;
	const auto task = TaskSwitch::decode(exit_qualification(vcpu));
	const Interruption delivered = vcpu.exit.idt_vectoring;
	bool has_error_code = false;
	u32 error_code = 0;
	int vector = -1;

	if (task.source == TaskSwitch::Source::task_gate && delivered.valid()) {
		vector = delivered.vector();
		switch (delivered.type()) {
		case EventType::nmi:
			// The switch delivers it: NMIs are blocked from here on.
			vcpu.kvm.arch.nmi_injected = false;
			set_nmi_mask(&vcpu.kvm, true);
			break;
		case EventType::external_interrupt:
		case EventType::software_interrupt:
			vcpu.kvm.arch.interrupt.injected = false;
			break;
		default:
			if (delivered.has_error_code()) {
				has_error_code = true;
				error_code = read(vcpu.current(), f::idt_vectoring_error_code);
			}
			vcpu.kvm.arch.exception.pending = false;
			vcpu.kvm.arch.exception.injected = false;
			break;
		}
	}
	// CALL, JMP, IRET and INT n are instructions to skip; an event through a task gate is none.
	if (!delivered.valid() || delivered.type() == EventType::software_interrupt ||
	    delivered.type() == EventType::software_exception ||
	    delivered.type() == EventType::privileged_software_exception ||
	    task.source != TaskSwitch::Source::task_gate) {
		if (!skip_instruction(&vcpu.kvm))
			return result_of(ExitAction::to_userspace);
	}
	return kernel::kvm_task_switch(&vcpu.kvm, task.selector,
				       task.source == TaskSwitch::Source::task_gate &&
						       delivered.is(EventType::software_interrupt)
					       ? vector
					       : -1,
				       static_cast<int>(task.source), has_error_code, error_code);
}

} // namespace backend
