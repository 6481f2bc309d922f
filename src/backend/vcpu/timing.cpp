// SPDX-License-Identifier: GPL-2.0-only
#include "backend/vcpu/timing.hpp"

#include "backend/hw/arithmetic.hpp"
#include "backend/hw/msr.hpp"
#include "backend/nested/guest_mode.hpp"
#include "backend/setup.hpp"
#include "kernel/errno.hpp"

namespace backend {

void write_tsc_offset(kernel::kvm_vcpu *kvm, u64 offset)
{
	Vcpu &vcpu = vcpu_of(kvm);

	vcpu.vmcs().tsc_offset.set(vcpu.current(), offset);
}

void write_tsc_multiplier(kernel::kvm_vcpu *kvm, u64 multiplier)
{
	Vcpu &vcpu = vcpu_of(kvm);

	if (setup().features.tsc_scaling)
		vcpu.vmcs().tsc_multiplier.set(vcpu.current(), multiplier);
}

u64 get_l2_tsc_offset(kernel::kvm_vcpu *kvm)
{
	const Vcpu &vcpu = vcpu_of(kvm);

	return nested::primary12(vcpu).has(primary::use_tsc_offsetting)
		       ? vcpu.nested.vmcs12->tsc_offset
		       : 0;
}

u64 get_l2_tsc_multiplier(kernel::kvm_vcpu *kvm)
{
	const Vcpu &vcpu = vcpu_of(kvm);

	return nested::primary12(vcpu).has(primary::use_tsc_offsetting) &&
			       nested::secondary12(vcpu).has(secondary::use_tsc_scaling)
		       ? vcpu.nested.vmcs12->tsc_multiplier
		       : kernel::kvm_caps.default_tsc_scaling_ratio;
}

namespace {

u32 timer_shift()
{
	return preemption_timer_shift(setup().capabilities.misc());
}

/// By how much kvm.ko wants the timer early, to make up for the time that the exit takes; it waits
/// for the rest before it injects.
u64 advance(const kernel::kvm_vcpu_arch &arch)
{
	constexpr u64 ns_per_khz = 1'000'000;

	return u64{arch.apic->lapic_timer.timer_advance_ns} * arch.virtual_tsc_khz / ns_per_khz;
}

/// What is left from `guest_now` on until kvm.ko wants the timer, in ticks of the guest's TSC.
u64 ticks_left(const kernel::kvm_vcpu_arch &arch, u64 guest_now, u64 guest_deadline)
{
	const u64 left = guest_deadline > guest_now ? guest_deadline - guest_now : 0;
	const u64 early = advance(arch);

	return left > early ? left - early : 0;
}

/// Ticks of the host's TSC that are `ticks` of a guest's, or the most there are.
u64 host_ticks(u64 ticks, u64 ratio)
{
	const unsigned fraction_bits = kernel::kvm_caps.tsc_scaling_ratio_frac_bits;
	const u64 high = ticks >> (64 - fraction_bits);

	return high < ratio ? hw::divide(high, ticks << fraction_bits, ratio) : ~u64{0};
}

/// @param ticks of the host's TSC, from `now` on
int start_hv_timer(kernel::kvm_vcpu *kvm, u64 now, u64 ticks, bool *expired)
{
	if (ticks >> timer_shift() >> 32)
		return -kernel::ERANGE;
	vcpu_of(kvm).timer_deadline = now + ticks;
	*expired = !ticks;
	return 0;
}

/// For a guest with a TSC of its own rate. Apart, so that others do not pay for the call in it.
[[gnu::noinline]] int set_scaled_hv_timer(kernel::kvm_vcpu *kvm, u64 guest_deadline, bool *expired)
{
	const auto &arch = kvm->arch;
	const u64 now = hw::read_tsc();
	const u64 ticks = ticks_left(arch, kernel::kvm_read_l1_tsc(kvm, now), guest_deadline);

	return start_hv_timer(kvm, now, host_ticks(ticks, arch.l1_tsc_scaling_ratio), expired);
}

} // namespace

int set_hv_timer(kernel::kvm_vcpu *kvm, u64 guest_deadline, bool *expired)
{
	const auto &arch = kvm->arch;

	if (!setup().features.preemption_timer)
		return -kernel::EOPNOTSUPP;
	if (arch.l1_tsc_scaling_ratio != kernel::kvm_caps.default_tsc_scaling_ratio) [[unlikely]]
		return set_scaled_hv_timer(kvm, guest_deadline, expired);

	const u64 now = hw::read_tsc();

	return start_hv_timer(kvm, now, ticks_left(arch, now + arch.l1_tsc_offset, guest_deadline),
			      expired);
}

void cancel_hv_timer(kernel::kvm_vcpu *kvm)
{
	vcpu_of(kvm).timer_deadline = 0;
}

u32 preemption_timer_ticks(const Vcpu &vcpu)
{
	const u64 now = hw::read_tsc();

	// It fits: set_hv_timer() has seen to that, and the deadline has only come nearer.
	return vcpu.timer_deadline > now
		       ? static_cast<u32>((vcpu.timer_deadline - now) >> timer_shift())
		       : 0;
}

} // namespace backend
