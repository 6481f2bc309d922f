// SPDX-License-Identifier: GPL-2.0-only
#include "backend/nested/entry_checks.hpp"

#include "backend/nested/capabilities.hpp"
#include "backend/nested/failures.hpp"
#include "backend/nested/guest_mode.hpp"
#include "backend/nested/region.hpp"
#include "backend/vcpu/cpuid.hpp"
#include "backend/vcpu/events.hpp"
#include "backend/vcpu/msrs.hpp"
#include "core/nested/evmcs_controls.hpp"
#include "core/vmcs12/layout.hpp"
#include "kernel/trace.hpp"

namespace backend::nested {

namespace {

using check::Area;
using check::Failure;

/// Memory that is not there leaves the value unknown, and the check that asks for it holds.
void read_virtual_tpr(Vcpu &vcpu, check::Moment &now)
{
	constexpr u32 offset = 0x80;
	constexpr Secondary others =
		secondary::virtual_interrupt_delivery | secondary::virtualize_apic_accesses;

	if (!primary12(vcpu).has(primary::use_tpr_shadow) || secondary12(vcpu).has_any(others))
		return;
	now.has_virtual_tpr = !kernel::kvm_vcpu_read_guest(
		&vcpu.kvm, vcpu.nested.vmcs12->virtual_apic_page_address + offset, &now.virtual_tpr,
		sizeof(now.virtual_tpr));
}

/// All that the checks ask for which no field has, but for memory that L1's fields lead to.
void read_moment(Vcpu &vcpu, bool vmlaunch)
{
	const Nested &nested = vcpu.nested;

	nested.state->now = {
		.vmlaunch = vmlaunch,
		// An enlightened VMCS has no launch state: either instruction is right.
		.launched = nested.has_evmcs() ? !vmlaunch : nested.vmcs12->launch_state != 0,
		.shadow = !nested.has_evmcs() && vmcs12::is_shadow(nested.revision_word),
		.mov_ss =
			(get_interrupt_shadow(&vcpu.kvm) & kernel::KVM_X86_SHADOW_INT_MOV_SS) != 0,
		.ia32e = (vcpu.kvm.arch.efer & efer::lma) != 0,
		.smm = (vcpu.kvm.arch.hflags & kernel::HF_SMM_MASK) != 0,
		.current_vmcs = nested.vmcs_pointer(),
		.executive_vmcs = nested.vmxon_pointer,
	};
}

[[gnu::cold]] void record(const Failure &failure)
{
	const check::Verdict verdict = failure.verdict();

	count_failure(failure);
	kernel::trace_nested_enter_failed(
		failure.check->id,
		verdict.kind == check::Verdict::Kind::fail_valid ? verdict.number : 0);
}

template <Area area> Failure check_area(Vcpu &vcpu)
{
	const Nested &nested = vcpu.nested;
	const Failure failure = check::check_area<area>(
		*nested.state, nested.has_evmcs() ? nested.evmcs.limits : nested.limits);

	if (failure) [[unlikely]]
		record(failure);
	return failure;
}

Failure check_host(Vcpu &vcpu)
{
	check::read_host(*vcpu.nested.vmcs12, *vcpu.nested.state);
	return check_area<Area::host>(vcpu);
}

void read_controls(Vcpu &vcpu)
{
	check::read_controls(*vcpu.nested.vmcs12, *vcpu.nested.state);
	read_virtual_tpr(vcpu, vcpu.nested.state->now);
}

/// Of a VMCS with those capabilities.
void choose_limits(Vcpu &vcpu, const VmxCapabilities &capabilities, check::Limits &limits)
{
	const auto &arch = vcpu.kvm.arch;

	// kvm.ko's memory is zeros, not what a new one starts with.
	limits = {};
	limits.take(capabilities);
	limits.revisions[0] = static_cast<u32>(vmcs12::Revision::legacy);
	limits.revisions[1] = static_cast<u32>(vmcs12::Revision::enlightened);
	limits.physical_bits = static_cast<u8>(arch.maxphyaddr);
	limits.linear_bits = guest_has(vcpu, cpuid::la57) ? 57 : 48;
	limits.debugctl = valid_debugctl(vcpu);
	limits.rtm = guest_has(vcpu, cpuid::rtm);
	limits.sgx = guest_has(vcpu, cpuid::sgx);
	limits.bus_lock_detect = guest_has(vcpu, cpuid::bus_lock);
	limits.perf_global_ctrl = ~u64{arch.pmu.global_ctrl_mask};
	limits.sti_blocks_nmi = false;
}

} // namespace

void update_limits(Vcpu &vcpu)
{
	const VmxCapabilities &shown = vcpu.nested.capabilities.shown;

	choose_limits(vcpu, shown, vcpu.nested.limits);
	if (vcpu.nested.evmcs.enabled)
		choose_limits(
			vcpu,
			vmx::nested::evmcs_capabilities(shown, evmcs_has_perf_global_ctrl(vcpu)),
			vcpu.nested.evmcs.limits);
}

Failure check_instruction(Vcpu &vcpu, bool vmlaunch)
{
	read_moment(vcpu, vmlaunch);
	if (const Failure failure = check_area<Area::basic>(vcpu))
		return failure;
	read_controls(vcpu);
	if (const Failure failure = check_area<Area::controls>(vcpu))
		return failure;
	return check_host(vcpu);
}

Failure check_guest_state(Vcpu &vcpu, u32 link_header)
{
	check::State &state = *vcpu.nested.state;

	check::read_guest(*vcpu.nested.vmcs12, state);
	state.now.has_link_header = state.link_pointer != Nested::none;
	state.now.link_header = link_header;
	return check_area<Area::guest>(vcpu);
}

bool may_go_on(Vcpu &vcpu, bool with_event)
{
	check::State &state = *vcpu.nested.state;
	const u64 link = vcpu.nested.vmcs12->vmcs_link_pointer;
	u32 link_header;

	read_moment(vcpu, false);
	// Not where L1 is now: SMM, or registers that userspace is still filling. L1 was in
	// the mode that its exits return to.
	state.now.mov_ss = state.now.smm = false;
	state.now.ia32e = exit12(vcpu).has(exit::host_address_space_size);
	read_controls(vcpu);
	if (!with_event)
		state.event = {};
	if (check_area<Area::controls>(vcpu) || check_host(vcpu))
		return false;
	if (link == Nested::none || !read_word(vcpu, link, link_header))
		link_header = 0;
	return !check_guest_state(vcpu, link_header);
}

} // namespace backend::nested
