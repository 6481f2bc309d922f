// SPDX-License-Identifier: GPL-2.0-only
//
// KVM_RUN for a guest of which nobody knows whether it ever exits.
#pragma once

#include "vcpu.hpp"

#include <ctime>

namespace kvm {

// A timer's signal ends KVM_RUN. Bochs takes no exit for an external interrupt while a guest that
// was entered with IF clear has not set it, so the guest's own APIC timer, which KVM has expire by
// the VMX preemption timer, is set as well: its exit is taken in any state, and lets the signal in.
class Budget {
public:
	// The machine needs an in-kernel APIC.
	explicit Budget(const Vcpu &vcpu);
	Budget(const Budget &) = delete;
	~Budget();

	// signal_only is for vCPUs that will not get into the guest.
	enum class Guard { apic_timer, signal_only };

	// KVM_RUN once: 0 or an errno, EINTR if the time was up.
	int run(unsigned microseconds, Guard guard = Guard::apic_timer) const;

private:
	void set_timer(unsigned microseconds) const;

	const Vcpu &vcpu_;
	kvm_lapic_state apic_ = {};
	timer_t timer_;
};

} // namespace kvm
