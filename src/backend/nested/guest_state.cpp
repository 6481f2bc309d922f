// SPDX-License-Identifier: GPL-2.0-only
#include "backend/nested/guest_state.hpp"

#include "backend/nested/guest_mode.hpp"
#include "backend/nested/mmu.hpp"
#include "backend/nested/preemption_timer.hpp"
#include "backend/setup.hpp"
#include "backend/vcpu/control_registers.hpp"
#include "backend/vcpu/events.hpp"
#include "backend/vcpu/msrs.hpp"
#include "backend/vcpu/registers.hpp"
#include "backend/vcpu/segments.hpp"

namespace backend::nested {

namespace {

// Fields that go either way unchanged.
//
// clang-format off
#define PLAIN_GUEST_FIELDS(X)                                                               \
	X(guest_es_selector)   X(guest_es_limit)   X(guest_es_access_rights)   X(guest_es_base)   \
	X(guest_cs_selector)   X(guest_cs_limit)   X(guest_cs_access_rights)   X(guest_cs_base)   \
	X(guest_ss_selector)   X(guest_ss_limit)   X(guest_ss_access_rights)   X(guest_ss_base)   \
	X(guest_ds_selector)   X(guest_ds_limit)   X(guest_ds_access_rights)   X(guest_ds_base)   \
	X(guest_fs_selector)   X(guest_fs_limit)   X(guest_fs_access_rights)   X(guest_fs_base)   \
	X(guest_gs_selector)   X(guest_gs_limit)   X(guest_gs_access_rights)   X(guest_gs_base)   \
	X(guest_ldtr_selector) X(guest_ldtr_limit) X(guest_ldtr_access_rights) X(guest_ldtr_base) \
	X(guest_tr_selector)   X(guest_tr_limit)   X(guest_tr_access_rights)   X(guest_tr_base)   \
	X(guest_gdtr_limit)    X(guest_gdtr_base)  X(guest_idtr_limit)         X(guest_idtr_base) \
	X(guest_sysenter_cs)   X(guest_sysenter_esp) X(guest_sysenter_eip)
// clang-format on

u64 guest_efer(Vcpu &vcpu)
{
	constexpr u64 mode = efer::lme | efer::lma;
	const Vmcs12 &vmcs12 = *vcpu.nested.vmcs12;

	if (entry12(vcpu).has(entry::load_efer))
		return vmcs12.guest_efer;
	if (entry12(vcpu).has(entry::ia32e_mode_guest))
		return vcpu.kvm.arch.efer | mode;
	return vcpu.kvm.arch.efer & ~mode;
}

void load_msrs(Vcpu &vcpu)
{
	const Current current = vcpu.current();
	const Vmcs12 &vmcs12 = *vcpu.nested.vmcs12;
	const Entry controls = entry12(vcpu);

	if (controls.has(entry::load_pat))
		vcpu.kvm.arch.pat = vmcs12.guest_pat;
	write_pat(vcpu);
	if (setup().config.entry.has(entry::load_bndcfgs))
		write(current, f::guest_bndcfgs,
		      controls.has(entry::load_bndcfgs) ? vmcs12.guest_bndcfgs
							: vcpu.nested.l1_bndcfgs);
	// The checks have seen to it that the value is one that may be loaded.
	if (controls.has(entry::load_perf_global_ctrl) && has_perf_global_ctrl(vcpu))
		(void)kernel::kvm_set_msr(&vcpu.kvm, msr::perf_global_ctrl,
					  vmcs12.guest_perf_global_ctrl);
	vcpu.debugctl = controls.has(entry::load_debug_controls)
				? vmcs12.guest_debugctl & ~debugctl_dropped
				: vcpu.nested.l1_debugctl;
	refresh_debugctl(vcpu);
}

void load_non_register_state(Vcpu &vcpu)
{
	const Current current = vcpu.current();
	const Vmcs12 &vmcs12 = *vcpu.nested.vmcs12;

	write(current, f::guest_interruptibility, vmcs12.guest_interruptibility);
	write(current, f::guest_pending_debug_exceptions, vmcs12.guest_pending_debug_exceptions);
	// A halted L2 halts in kvm.ko (enter.cpp).
	write(current, f::guest_activity_state, static_cast<u32>(Activity::active));
}

/// In kvm.ko, or on the CPU where L1 and userspace let L2 halt without an exit.
bool halted(Vcpu &vcpu)
{
	return vcpu.kvm.arch.mp_state == kernel::KVM_MP_STATE_HALTED ||
	       (vcpu.kvm.kvm->arch.hlt_in_guest &&
		read(vcpu.current(), f::guest_activity_state) == static_cast<u32>(Activity::hlt));
}

} // namespace

void write_rare_guest_state(Vcpu &vcpu)
{
	const Current current = vcpu.current();
	const Vmcs12 &vmcs12 = *vcpu.nested.vmcs12;

#define WRITE(name) write(current, f::name, vmcs12.name);
	PLAIN_GUEST_FIELDS(WRITE)
#undef WRITE
	vcpu.segments.forget();
}

bool load_guest_registers(Vcpu &vcpu)
{
	auto &arch = vcpu.kvm.arch;
	const Vmcs12 &vmcs12 = *vcpu.nested.vmcs12;

	write_guest_host_masks(vcpu);
	set_efer(&vcpu.kvm, guest_efer(vcpu));
	load_cr0(vcpu, (vmcs12.guest_cr0 & ~cr0::kept_by_vmx) | (arch.cr0 & cr0::kept_by_vmx));
	set_cr4(&vcpu.kvm, vmcs12.guest_cr4);
	load_msrs(vcpu);
	kernel::kvm_set_dr(&vcpu.kvm, 7,
			   entry12(vcpu).has(entry::load_debug_controls) ? vmcs12.guest_dr7
									 : vcpu.nested.l1_dr7);
	load_non_register_state(vcpu);

	arch.regs[kernel::VCPU_REGS_RSP] = vmcs12.guest_rsp;
	mark_dirty(vcpu, kernel::VCPU_REGS_RSP);
	set_rip(vcpu, vmcs12.guest_rip);
	set_rflags(&vcpu.kvm, vmcs12.guest_rflags);
	return enter_guest_mmu(vcpu);
}

void save_guest_state(Vcpu &vcpu)
{
	const Current current = vcpu.current();
	auto &arch = vcpu.kvm.arch;
	Vmcs12 &vmcs12 = *vcpu.nested.vmcs12;
	const Exit controls = exit12(vcpu);

#define READ(name) vmcs12.name = read(current, f::name);
	PLAIN_GUEST_FIELDS(READ)
#undef READ

	vmcs12.guest_cr0 = cr0_bits(vcpu, ~u64{0});
	vmcs12.guest_cr3 = cr3(vcpu);
	vmcs12.guest_cr4 = cr4_bits(vcpu, ~u64{0});
	vmcs12.guest_rip = rip(vcpu);
	vmcs12.guest_rsp = rsp(vcpu);
	vmcs12.guest_rflags = get_rflags(&vcpu.kvm);
	save_pdptes(vcpu);

	vmcs12.guest_interruptibility = read(current, f::guest_interruptibility);
	vmcs12.guest_pending_debug_exceptions = read(current, f::guest_pending_debug_exceptions);
	vmcs12.guest_activity_state = static_cast<u32>(
		halted(vcpu)					      ? Activity::hlt
		: arch.mp_state == kernel::KVM_MP_STATE_INIT_RECEIVED ? Activity::wait_for_sipi
								      : Activity::active);

	if (controls.has(exit::save_debug_controls)) {
		vmcs12.guest_dr7 = arch.dr7;
		vmcs12.guest_debugctl = vcpu.debugctl;
	}
	if (controls.has(exit::save_pat))
		vmcs12.guest_pat = arch.pat;
	if (controls.has(exit::save_efer))
		vmcs12.guest_efer = arch.efer;
	if (setup().config.entry.has(entry::load_bndcfgs))
		// An exit that does not clear it leaves it to L1; a failed entry leaves L1's own.
		vmcs12.guest_bndcfgs = vcpu.nested.l1_bndcfgs = read(current, f::guest_bndcfgs);
	save_preemption_timer(vcpu);

	Entry entry = entry12(vcpu) & ~entry::ia32e_mode_guest;

	if (arch.efer & efer::lma)
		entry |= entry::ia32e_mode_guest;
	vmcs12.entry_controls = entry.bits;
	if (secondary12(vcpu).has(secondary::virtual_interrupt_delivery))
		vmcs12.guest_interrupt_status = read(current, f::guest_interrupt_status);
}

} // namespace backend::nested
