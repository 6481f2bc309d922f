// SPDX-License-Identifier: GPL-2.0-only
#include "budget.hpp"

#include <signal.h>

namespace kvm {

namespace {

// SDM, "Local APIC Register Address Map".
constexpr unsigned apic_spurious = 0xf0, apic_lvt_timer = 0x320, apic_initial_count = 0x380,
		   apic_current_count = 0x390, apic_divide = 0x3e0;
constexpr std::uint32_t spurious_enable = 0x1ff, timer_once_masked = 0x100ef, divide_by_1 = 0xb;

void put(kvm_lapic_state &apic, unsigned offset, std::uint32_t value)
{
	memcpy(apic.regs + offset, &value, sizeof(value));
}

// Whose KVM_RUN it is. The signal may come just before: then immediate_exit is what ends it.
kvm_run *running;

void time_is_up(int)
{
	if (running)
		running->immediate_exit = 1;
}

} // namespace

Budget::Budget(const Vcpu &vcpu) : vcpu_(vcpu)
{
	KVM_CALL(vcpu_.fd(), KVM_GET_LAPIC, &apic_);
	put(apic_, apic_spurious, spurious_enable);
	put(apic_, apic_lvt_timer, timer_once_masked);
	put(apic_, apic_divide, divide_by_1);

	struct sigaction action = {};
	action.sa_handler = time_is_up;
	sigaction(SIGUSR2, &action, nullptr);
	sigevent event = {};
	event.sigev_notify = SIGEV_SIGNAL;
	event.sigev_signo = SIGUSR2;
	tap::check_equal(timer_create(CLOCK_MONOTONIC, &event, &timer_), 0, "timer_create");
}

Budget::~Budget()
{
	timer_delete(timer_);
}

void Budget::set_timer(unsigned microseconds) const
{
	itimerspec when = {};
	when.it_value.tv_sec = microseconds / 1000000;
	when.it_value.tv_nsec = microseconds % 1000000 * 1000;
	when.it_interval = when.it_value; // again, should something else swallow the first
	timer_settime(timer_, 0, &when, nullptr);
}

int Budget::run(unsigned microseconds, Guard guard) const
{
	// Nanoseconds, later than the signal. An APIC that the guest has moved or switched off
	// refuses.
	const std::uint32_t count = guard == Guard::apic_timer ? microseconds * 1200 : 0;
	kvm_lapic_state apic = apic_;
	put(apic, apic_initial_count, count);
	put(apic, apic_current_count, count);
	(void)vcpu_.fd().try_call(KVM_SET_LAPIC, &apic);

	running = &vcpu_.state();
	set_timer(microseconds);
	const int error = vcpu_.try_run();
	set_timer(0);
	running = nullptr;
	vcpu_.state().immediate_exit = 0;
	return error;
}

} // namespace kvm
