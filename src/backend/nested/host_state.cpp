// SPDX-License-Identifier: GPL-2.0-only
#include "backend/nested/host_state.hpp"

#include "backend/nested/guest_mode.hpp"
#include "backend/nested/mmu.hpp"
#include "backend/setup.hpp"
#include "backend/vcpu/control_registers.hpp"
#include "backend/vcpu/events.hpp"
#include "backend/vcpu/msrs.hpp"
#include "backend/vcpu/registers.hpp"
#include "backend/vcpu/segments.hpp"
#include "kernel/print.hpp"

namespace backend::nested {

namespace {

using check::SegmentState;
using field::Segment;

constexpr u32 flat_limit = 0xffffffff;
constexpr u32 data_type = 3, code_type = 11, busy_tss_type = 11;

/// SDM, "Loading Host Segment and Descriptor-Table Registers".
void load_segments(Vcpu &vcpu)
{
	const Vmcs12 &vmcs12 = *vcpu.nested.vmcs12;
	const bool is_64bit = exit12(vcpu).has(exit::host_address_space_size);
	constexpr u32 data = data_type | rights::s | rights::p | rights::db | rights::g;

	write_segment(vcpu, Segment::cs,
		      {.base = 0,
		       .limit = flat_limit,
		       .rights = code_type | rights::s | rights::p | rights::g |
				 (is_64bit ? rights::l : rights::db),
		       .selector = vmcs12.host_cs_selector});
	auto load_data = [&](Segment which, u16 selector, u64 base) {
		write_segment(vcpu, which,
			      {.base = base,
			       .limit = flat_limit,
			       .rights = data | (selector ? 0 : rights::unusable),
			       .selector = selector});
	};
	load_data(Segment::ss, vmcs12.host_ss_selector, 0);
	load_data(Segment::ds, vmcs12.host_ds_selector, 0);
	load_data(Segment::es, vmcs12.host_es_selector, 0);
	load_data(Segment::fs, vmcs12.host_fs_selector, vmcs12.host_fs_base);
	load_data(Segment::gs, vmcs12.host_gs_selector, vmcs12.host_gs_base);
	write_segment(vcpu, Segment::tr,
		      {.base = vmcs12.host_tr_base,
		       .limit = 0x67,
		       .rights = busy_tss_type | rights::p,
		       .selector = vmcs12.host_tr_selector});
	write_segment(vcpu, Segment::ldtr,
		      {.base = 0, .limit = 0, .rights = rights::unusable, .selector = 0});

	const Current current = vcpu.current();

	write(current, f::guest_gdtr_base, vmcs12.host_gdtr_base);
	write(current, f::guest_gdtr_limit, u32{0xffff});
	write(current, f::guest_idtr_base, vmcs12.host_idtr_base);
	write(current, f::guest_idtr_limit, u32{0xffff});
}

u64 host_efer(Vcpu &vcpu)
{
	constexpr u64 mode = efer::lme | efer::lma;

	if (exit12(vcpu).has(exit::load_efer))
		return vcpu.nested.vmcs12->host_efer;
	if (exit12(vcpu).has(exit::host_address_space_size))
		return vcpu.kvm.arch.efer | mode;
	return vcpu.kvm.arch.efer & ~mode;
}

void load_msrs(Vcpu &vcpu)
{
	const Current current = vcpu.current();
	const Vmcs12 &vmcs12 = *vcpu.nested.vmcs12;
	const Exit controls = exit12(vcpu);

	write(current, f::guest_sysenter_cs, vmcs12.host_sysenter_cs);
	write(current, f::guest_sysenter_esp, vmcs12.host_sysenter_esp);
	write(current, f::guest_sysenter_eip, vmcs12.host_sysenter_eip);
	if (controls.has(exit::load_pat))
		vcpu.kvm.arch.pat = vmcs12.host_pat;
	write_pat(vcpu);
	if (setup().config.entry.has(entry::load_bndcfgs))
		write(current, f::guest_bndcfgs,
		      controls.has(exit::clear_bndcfgs) ? 0 : vcpu.nested.l1_bndcfgs);
	// The checks of the entry have seen to it that the value is one that may be loaded.
	if (controls.has(exit::load_perf_global_ctrl) && has_perf_global_ctrl(vcpu))
		(void)kernel::kvm_set_msr(&vcpu.kvm, msr::perf_global_ctrl,
					  vmcs12.host_perf_global_ctrl);
	vcpu.debugctl = 0;
	refresh_debugctl(vcpu);
}

} // namespace

bool load_host_state(Vcpu &vcpu)
{
	auto &arch = vcpu.kvm.arch;
	const Vmcs12 &vmcs12 = *vcpu.nested.vmcs12;

	write_guest_host_masks(vcpu);
	set_efer(&vcpu.kvm, host_efer(vcpu));
	load_cr0(vcpu, (vmcs12.host_cr0 & ~cr0::kept_by_vmx) | (arch.cr0 & cr0::kept_by_vmx));
	set_cr4(&vcpu.kvm, vmcs12.host_cr4);
	load_segments(vcpu);
	load_msrs(vcpu);
	kernel::kvm_set_dr(&vcpu.kvm, 7, dr7::fixed);

	arch.regs[kernel::VCPU_REGS_RSP] = vmcs12.host_rsp;
	mark_dirty(vcpu, kernel::VCPU_REGS_RSP);
	set_rip(vcpu, vmcs12.host_rip);
	set_rflags(&vcpu.kvm, rflags::fixed);
	set_interrupt_shadow(&vcpu.kvm, 0);
	return leave_guest_mmu(vcpu, vmcs12.host_cr3);
}

} // namespace backend::nested
