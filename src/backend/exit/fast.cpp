// SPDX-License-Identifier: GPL-2.0-only
#include "backend/exit/fast.hpp"

#include "backend/vcpu/entry.hpp"
#include "kernel/cpu.hpp"
#include "kernel/vcpu.hpp"

namespace backend {

void handle_exit_irqoff(kernel::kvm_vcpu *kvm)
{
	Vcpu &vcpu = vcpu_of(kvm);
	const Interruption why = vcpu.exit.interruption;

	switch (vcpu.exit.reason.basic()) {
	case Reason::external_interrupt:
		// "Acknowledge interrupt on exit" took it from the APIC: its handler must run, and
		// here is the place.
		kernel::before_interrupt(*kvm, kernel::KVM_HANDLING_IRQ);
		kvmxx_call_idt_handler(kernel::idt_handler(why.vector()));
		kernel::after_interrupt(*kvm);
		// Nothing of an instruction is under way: kvm.ko may tell the guest's other vCPUs
		// that this one is preempted (steal time).
		kvm->arch.at_instruction_boundary = true;
		break;
	case Reason::exception_nmi:
		if (why.is(EventType::nmi)) {
			kernel::before_interrupt(*kvm, kernel::KVM_HANDLING_NMI);
			// NMIs are blocked since the exit, as after delivery; the handler's IRET
			// unblocks them.
			kvmxx_call_idt_handler(kernel::nmi_handler());
			kernel::after_interrupt(*kvm);
		} else if (why.is_exception(vector::mc)) {
			kernel::handle_machine_check();
		} else if (why.is_exception(vector::nm)) {
			// XFD: which feature the guest touched is in an MSR that a context switch
			// would lose.
			kernel::save_guest_xfd_error(*kvm);
		} else if (why.is_exception(vector::pf)) {
			// A page fault of the host's own may be next to bring such flags.
			kvm->arch.apf.host_apf_flags = kernel::read_and_reset_apf_flags();
		}
		break;
	default:
		break;
	}
}

} // namespace backend
