// SPDX-License-Identifier: GPL-2.0-only
#include "backend/vcpu/host_switch.hpp"

#include "backend/hw/msr.hpp"
#include "backend/nested/pages.hpp"
#include "backend/setup.hpp"
#include "backend/vcpu/msrs.hpp"
#include "backend/vcpu/pause_loop.hpp"
#include "backend/vcpu/posted_interrupts.hpp"
#include "kernel/cpu.hpp"
#include "kernel/requests.hpp"

namespace backend {

namespace {

void set_host_segment_state(Vcpu &vcpu, const kernel::kvmxx_host_segments &host)
{
	const Current current = vcpu.current();
	auto &cache = vcpu.vmcs().host;
	// VM exit cannot load a selector with RPL or TI set; such a one is null there and loaded by
	// hand later.
	const u16 fs = host.fs & 7 ? 0 : host.fs;
	const u16 gs = host.gs & 7 ? 0 : host.gs;

	if (cache.fs_selector != fs) {
		write(current, f::host_fs_selector, fs);
		cache.fs_selector = fs;
	}
	if (cache.gs_selector != gs) {
		write(current, f::host_gs_selector, gs);
		cache.gs_selector = gs;
	}
	if (cache.fs_base != host.fs_base) {
		write(current, f::host_fs_base, host.fs_base);
		cache.fs_base = host.fs_base;
	}
	if (cache.gs_base != host.kernel_gs_base) {
		write(current, f::host_gs_base, host.kernel_gs_base);
		cache.gs_base = host.kernel_gs_base;
	}
}

/// Userspace may look at the log next, unless this thread was preempted: it comes by here once more
/// then, and may be in the middle of writing to the log.
[[gnu::noinline]] void log_unless_preempted(Vcpu &vcpu)
{
	vcpu.nested.unlogged = vcpu.kvm.preempted;
	if (!vcpu.nested.unlogged)
		nested::log_pages(vcpu);
}

void prepare_switch_to_host(Vcpu &vcpu)
{
	if (!vcpu.host.saved) {
		if (vcpu.nested.unlogged) [[unlikely]]
			log_unless_preempted(vcpu);
		return;
	}
	++vcpu.kvm.stat.host_state_reload;
	vcpu.guest_kernel_gs_base = hw::read_msr(msr::kernel_gs_base);
	kernel::restore_host_segments(&vcpu.host.segments);
	vcpu.host.saved = false;
	vcpu.guest_msrs_loaded = false;
	// L2 may have run since it was saved.
	if (vcpu.nested.virtual_apic.mapped()) [[unlikely]]
		log_unless_preempted(vcpu);
}

} // namespace

void vcpu_load(kernel::kvm_vcpu *kvm, int cpu)
{
	Vcpu &vcpu = vcpu_of(kvm);

	// Mappings that the guest left behind on a CPU that it has been on before may be stale.
	if (vcpu.vmcs().load(cpu))
		kernel::make_request(*kvm, kernel::KVM_REQ_TLB_FLUSH);
	load_pause_window(vcpu);
	if (setup().features.posted_interrupts)
		load_posting(vcpu, cpu);
}

void vcpu_put(kernel::kvm_vcpu *kvm)
{
	Vcpu &vcpu = vcpu_of(kvm);

	if (setup().features.posted_interrupts)
		put_posting(vcpu);
	prepare_switch_to_host(vcpu);
}

void prepare_switch_to_guest(kernel::kvm_vcpu *kvm)
{
	Vcpu &vcpu = vcpu_of(kvm);

	load_user_return_msrs(vcpu);
	if (vcpu.host.saved)
		return;
	vcpu.host.saved = true;
	kernel::save_host_segments(&vcpu.host.segments);
	set_host_segment_state(vcpu, vcpu.host.segments);
	hw::write_msr(msr::kernel_gs_base, vcpu.guest_kernel_gs_base);
}

void renew_host_segment_state(Vcpu &vcpu)
{
	// Else the next prepare_switch_to_guest() does.
	if (vcpu.host.saved)
		set_host_segment_state(vcpu, vcpu.host.segments);
}

u64 read_guest_kernel_gs_base(Vcpu &vcpu)
{
	kernel::PreemptOff guard;

	if (vcpu.host.saved)
		vcpu.guest_kernel_gs_base = hw::read_msr(msr::kernel_gs_base);
	return vcpu.guest_kernel_gs_base;
}

void write_guest_kernel_gs_base(Vcpu &vcpu, u64 value)
{
	kernel::PreemptOff guard;

	if (vcpu.host.saved)
		hw::write_msr(msr::kernel_gs_base, value);
	vcpu.guest_kernel_gs_base = value;
}

} // namespace backend
