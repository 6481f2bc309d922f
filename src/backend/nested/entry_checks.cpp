// SPDX-License-Identifier: GPL-2.0-only
#include "backend/nested/entry_checks.hpp"

#include "backend/nested/failures.hpp"
#include "backend/nested/guest_mode.hpp"
#include "backend/nested/region.hpp"
#include "backend/vcpu/cpuid.hpp"
#include "backend/vcpu/events.hpp"
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

void read_link_header(Vcpu &vcpu, check::Moment &now)
{
	const u64 link = vcpu.nested.vmcs12->vmcs_link_pointer;

	if (link == Nested::none)
		return;
	// Without memory behind it is no VMCS.
	now.has_link_header = true;
	if (!read_word(vcpu, link, now.link_header))
		now.link_header = 0;
}

} // namespace

void update_limits(Vcpu &vcpu)
{
	auto &limits = vcpu.nested.limits;
	const auto &arch = vcpu.kvm.arch;

	// kvm.ko's memory is zeros, not what a new one starts with.
	limits = {};
	limits.take(vcpu.nested.capabilities.shown);
	limits.revisions[0] = static_cast<u32>(vmcs12::Revision::legacy);
	limits.revisions[1] = static_cast<u32>(vmcs12::Revision::enlightened);
	limits.physical_bits = static_cast<u8>(arch.maxphyaddr);
	limits.linear_bits = guest_has(vcpu, cpuid::la57) ? 57 : 48;
	limits.rtm = guest_has(vcpu, cpuid::rtm);
	limits.bus_lock_detect = guest_has(vcpu, cpuid::bus_lock);
	limits.perf_global_ctrl = ~u64{arch.pmu.global_ctrl_mask};
	limits.sti_blocks_nmi = false;
}

void read_entry_state(Vcpu &vcpu, check::Moment now)
{
	Nested &nested = vcpu.nested;

	check::read_state(*nested.vmcs12, *nested.state);
	now.launched = nested.vmcs12->launch_state;
	now.shadow = vmcs12::is_shadow(nested.revision_word);
	now.mov_ss = get_interrupt_shadow(&vcpu.kvm) & kernel::KVM_X86_SHADOW_INT_MOV_SS;
	now.ia32e = vcpu.kvm.arch.efer & efer::lma;
	now.smm = vcpu.kvm.arch.hflags & kernel::HF_SMM_MASK;
	now.current_vmcs = nested.pointer;
	now.executive_vmcs = nested.vmxon_pointer;
	read_virtual_tpr(vcpu, now);
	read_link_header(vcpu, now);
	nested.state->now = now;
}

Failure check_area(Vcpu &vcpu, Area area)
{
	const Failure failure = check::check_area(area, *vcpu.nested.state, vcpu.nested.limits);

	if (failure) [[unlikely]] {
		const auto &verdict = failure.verdict;

		count_failure(*failure.check);
		kernel::trace_nested_enter_failed(
			failure.check->id,
			verdict.kind == check::Verdict::Kind::fail_valid ? verdict.number : 0);
	}
	return failure;
}

bool may_go_on(Vcpu &vcpu, bool with_event)
{
	read_entry_state(vcpu, {});
	auto &now = vcpu.nested.state->now;

	// Not where L1 is now: SMM, or registers that userspace is still filling. L1 was in
	// the mode that its exits return to.
	now.mov_ss = now.smm = false;
	now.ia32e = exit12(vcpu).has(exit::host_address_space_size);
	if (!with_event)
		vcpu.nested.state->event = {};
	return !check_area(vcpu, Area::controls) && !check_area(vcpu, Area::host) &&
	       !check_area(vcpu, Area::guest);
}

} // namespace backend::nested
