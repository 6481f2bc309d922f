// SPDX-License-Identifier: GPL-2.0-only
#include "backend/vcpu/pause_loop.hpp"

#include "backend/exit/handler.hpp"
#include "backend/vcpu/segments.hpp"
#include "core/timing/pause_window.hpp"
#include "kernel/parameters.hpp"
#include "kernel/trace.hpp"

namespace backend {

namespace {

PauseWindow parameters()
{
	return {.base = parameter_ple_window,
		.grow = parameter_ple_window_grow,
		.shrink = parameter_ple_window_shrink,
		.max = parameter_ple_window_max};
}

/// @return whether that is new.
bool set_window(Vcpu &vcpu, u32 window)
{
	const u32 was = vcpu.pause_window;

	if (window == was)
		return false;
	vcpu.pause_window = window;
	kernel::trace_ple_window_update(static_cast<unsigned>(vcpu.kvm.vcpu_id), window, was);
	return true;
}

} // namespace

void initialise_pause_loop(Vcpu &vcpu)
{
	write(vcpu.current(), f::ple_gap, u32{parameter_ple_gap});
	write(vcpu.current(), f::ple_window, vcpu.pause_window);
}

void sched_in(kernel::kvm_vcpu *kvm, int)
{
	Vcpu &vcpu = vcpu_of(kvm);

	if (!kvm->kvm->arch.pause_in_guest &&
	    set_window(vcpu, parameters().shrunk(vcpu.pause_window)))
		vcpu.pause_window_changed = true;
}

void load_pause_window(Vcpu &vcpu)
{
	if (!vcpu.pause_window_changed)
		return;
	vcpu.pause_window_changed = false;
	write(vcpu.current(), f::ple_window, vcpu.pause_window);
}

int handle_pause(Vcpu &vcpu)
{
	if (!vcpu.kvm.kvm->arch.pause_in_guest &&
	    set_window(vcpu, parameters().grown(vcpu.pause_window)))
		write(vcpu.current(), f::ple_window, vcpu.pause_window);
	// A spinning vCPU: let the one run that it waits for, best one that was preempted in its
	// kernel.
	kernel::kvm_vcpu_on_spin(&vcpu.kvm, get_cpl(&vcpu.kvm) == 0);
	return kernel::kvm_skip_emulated_instruction(&vcpu.kvm);
}

} // namespace backend
