// SPDX-License-Identifier: GPL-2.0-only
#include "backend/nested/preemption_timer.hpp"

#include "backend/hw/msr.hpp"
#include "backend/nested/guest_mode.hpp"
#include "kernel/requests.hpp"
#include "kernel/timer.hpp"

namespace backend::nested {

namespace {

/// From the timer's interrupt: whatever L2 does, its vCPU looks at events next.
void expired(void *context)
{
	Vcpu &vcpu = *static_cast<Vcpu *>(context);

	__atomic_store_n(&vcpu.nested.timer.expired, true, __ATOMIC_RELAXED);
	kernel::make_request(vcpu.kvm, kernel::KVM_REQ_EVENT);
	kernel::kvm_vcpu_kick(&vcpu.kvm);
}

bool wanted(const Vcpu &vcpu)
{
	return pin12(vcpu).has(pin::preemption_timer);
}

/// L1's TSC, which the timer counts with.
u64 now(Vcpu &vcpu)
{
	return kernel::kvm_read_l1_tsc(&vcpu.kvm, hw::read_tsc());
}

} // namespace

void create_preemption_timer(Vcpu &vcpu)
{
	kernel::create_timer(vcpu.nested.timer.host, expired, &vcpu);
}

void start_preemption_timer(Vcpu &vcpu)
{
	constexpr u64 ns_per_ms = 1'000'000;
	auto &timer = vcpu.nested.timer;

	if (!wanted(vcpu))
		return;
	const u64 value = vcpu.nested.vmcs12->preemption_timer_value;
	const u64 khz = vcpu.kvm.arch.virtual_tsc_khz;

	// A saved deadline is older than the value.
	if (!timer.has_deadline)
		timer.deadline = now(vcpu) + (value << preemption_timer_rate);
	timer.has_deadline = true;
	timer.expired = false;

	const u64 at = now(vcpu);
	const u64 left = timer.deadline > at ? timer.deadline - at : 0;

	// Without a rate of the TSC there is no guest that has run.
	if (!left || !khz) {
		timer.expired = true;
		kernel::make_request(vcpu.kvm, kernel::KVM_REQ_EVENT);
		return;
	}
	kernel::start_timer(timer.host, left * ns_per_ms / khz);
}

void stop_preemption_timer(Vcpu &vcpu)
{
	if (!vcpu.nested.timer.has_deadline)
		return;
	kernel::stop_timer(vcpu.nested.timer.host);
	vcpu.nested.timer.has_deadline = false;
}

void save_preemption_timer(Vcpu &vcpu)
{
	const auto &timer = vcpu.nested.timer;

	if (!wanted(vcpu) || !timer.has_deadline || !exit12(vcpu).has(exit::save_preemption_timer))
		return;
	const u64 at = now(vcpu);

	vcpu.nested.vmcs12->preemption_timer_value =
		timer.deadline > at && !timer.expired
			? static_cast<u32>((timer.deadline - at) >> preemption_timer_rate)
			: 0;
}

bool preemption_timer_expired(const Vcpu &vcpu)
{
	return wanted(vcpu) && __atomic_load_n(&vcpu.nested.timer.expired, __ATOMIC_RELAXED);
}

} // namespace backend::nested
