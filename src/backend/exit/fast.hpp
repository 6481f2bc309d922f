// SPDX-License-Identifier: GPL-2.0-only
#pragma once

#include "backend/vcpu/timing.hpp"
#include "backend/vcpu/vcpu.hpp"
#include "kernel/vcpu.hpp"

namespace backend {

/// Exits that are dealt with before the host's interrupts are on again.
inline kernel::exit_fastpath_completion handle_exit_fast(Vcpu &vcpu)
{
	switch (vcpu.exit.reason.basic()) {
	case Reason::wrmsr:
		// The x2APIC's ICR and the TSC deadline: the MSRs that a guest writes all the time.
		return kernel::handle_fastpath_set_msr_irqoff(&vcpu.kvm);
	case Reason::preemption_timer:
		// An immediate exit has nothing more to do than to have exited, unless the deadline
		// of the guest's timer is there as well.
		if (vcpu.timer_deadline && !preemption_timer_ticks(vcpu))
			kernel::kvm_lapic_expired_hv_timer(&vcpu.kvm);
		return kernel::EXIT_FASTPATH_EXIT_HANDLED;
	default:
		return kernel::EXIT_FASTPATH_NONE;
	}
}

/// The host's own business that exited the guest: its interrupts, NMIs and machine checks.
/// Interrupts off.
void handle_exit_irqoff(kernel::kvm_vcpu *kvm);

} // namespace backend
