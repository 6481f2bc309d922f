// SPDX-License-Identifier: GPL-2.0-only
#include "backend/vcpu/timing.hpp"

#include "backend/setup.hpp"
#include "kernel/parameters.hpp"

namespace backend {

void write_tsc_offset(kernel::kvm_vcpu *kvm, u64 offset)
{
	write(vcpu_of(kvm).current(), f::tsc_offset, offset);
}

void write_tsc_multiplier(kernel::kvm_vcpu *kvm, u64 multiplier)
{
	if (setup().features.tsc_scaling)
		write(vcpu_of(kvm).current(), f::tsc_multiplier, multiplier);
}

u64 get_l2_tsc_offset(kernel::kvm_vcpu *)
{
	// There is no L2: no offset of its own, and a ratio of one.
	return 0;
}

u64 get_l2_tsc_multiplier(kernel::kvm_vcpu *)
{
	return kernel::kvm_caps.default_tsc_scaling_ratio;
}

void initialise_pause_loop(Vcpu &vcpu)
{
	write(vcpu.current(), f::ple_gap, u32{parameter_ple_gap});
	write(vcpu.current(), f::ple_window, u32{parameter_ple_window});
}

void sched_in(kernel::kvm_vcpu *, int)
{
	// The window is fixed: there is nothing to shrink.
}

} // namespace backend
