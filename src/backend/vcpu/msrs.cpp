// SPDX-License-Identifier: GPL-2.0-only
#include "backend/vcpu/msrs.hpp"

#include "backend/hw/msr.hpp"
#include "backend/nested/capabilities.hpp"
#include "backend/nested/lifecycle.hpp"
#include "backend/setup.hpp"
#include "backend/vcpu/bounds.hpp"
#include "backend/vcpu/cpuid.hpp"
#include "backend/vcpu/events.hpp"
#include "backend/vcpu/fill_buffers.hpp"
#include "backend/vcpu/host_switch.hpp"
#include "backend/vcpu/msr_passthrough.hpp"
#include "backend/vcpu/registers.hpp"
#include "backend/vcpu/segments.hpp"
#include "backend/vcpu/sgx.hpp"
#include "backend/vcpu/umwait.hpp"
#include "backend/vcpu/user_return.hpp"
#include "kernel/cpu.hpp"
#include "kernel/errno.hpp"
#include "kernel/parameters.hpp"

namespace backend {

namespace {

bool may_use_spec_ctrl(Vcpu &vcpu, const kernel::msr_data &msr)
{
	return msr.host_initiated || guest_has(vcpu, cpuid::spec_ctrl) ||
	       guest_has(vcpu, cpuid::stibp) || guest_has(vcpu, cpuid::intel_ssbd) ||
	       guest_has(vcpu, cpuid::ssbd);
}

int set_spec_ctrl(Vcpu &vcpu, const kernel::msr_data &msr)
{
	if (!may_use_spec_ctrl(vcpu, msr))
		return 1;
	// kvm.ko tries the value on the CPU, which alone knows which bits it has.
	if (kernel::kvm_spec_ctrl_test_value(msr.data))
		return 1;
	vcpu.spec_ctrl = msr.data;
	// A guest that uses it once will again: from now on it goes without an exit, at the price
	// of a read at every exit.
	if (msr.data)
		allow_msr(vcpu, msr::spec_ctrl, true, true);
	return 0;
}

int set_debugctl(Vcpu &vcpu, const kernel::msr_data &msr)
{
	// Looking CPUID up is slow, and the other bits are rare.
	if (msr.data & ~debugctl_everyone_has && msr.data & ~valid_debugctl(vcpu))
		return 1;
	vcpu.debugctl = msr.data & ~debugctl_dropped;
	refresh_debugctl(vcpu);
	return 0;
}

u64 valid_feature_control_bits(Vcpu &vcpu)
{
	u64 valid = feature_control::locked;

	if (nested::offers_vmx(vcpu))
		valid |= feature_control::vmxon_outside_smx;
	if (vcpu.kvm.arch.mcg_cap & mcg_lmce)
		valid |= feature_control::lmce;
	return valid | sgx_feature_control_bits(vcpu);
}

int set_feature_control(Vcpu &vcpu, const kernel::msr_data &msr)
{
	if (msr.data & ~valid_feature_control_bits(vcpu))
		return 1;
	if (!msr.host_initiated && vcpu.feature_control & feature_control::locked)
		return 1;
	// A reset, which userspace begins with: CR4.VMXE could not be cleared in VMX operation.
	if (msr.host_initiated && !msr.data)
		nested::leave_nested(&vcpu.kvm);
	vcpu.feature_control = msr.data;
	update_sgx(vcpu);
	return 0;
}

/// The barrier as a command. Mostly without an exit: this is for the first one, and for MSR
/// filters.
int set_pred_cmd(Vcpu &vcpu, const kernel::msr_data &msr)
{
	constexpr u64 ibpb = bit(0);

	if (!msr.host_initiated && !guest_has(vcpu, cpuid::spec_ctrl) &&
	    !guest_has(vcpu, cpuid::ibpb))
		return 1;
	if (msr.data & ~ibpb || !host_has(cpuid::spec_ctrl))
		return 1;
	if (msr.data)
		hw::write_msr(msr::pred_cmd, ibpb);
	return 0;
}

/// Processor trace, which no guest gets (SDM, "Intel Processor Trace"): known MSRs, and bad to
/// touch.
constexpr bool is_processor_trace(u32 index)
{
	return index == 0x560 || index == 0x561 || (index >= 0x570 && index <= 0x572) ||
	       (index >= 0x580 && index <= 0x587);
}

int set_arch_capabilities(Vcpu &vcpu, kernel::msr_data *msr)
{
	const int error = kernel::kvm_set_msr_common(&vcpu.kvm, msr);

	if (!error)
		choose_fill_buffer_clearing(vcpu);
	return error;
}

int set_xfd(Vcpu &vcpu, kernel::msr_data *msr)
{
	auto &arch = vcpu.kvm.arch;

	if (const int error = kernel::kvm_set_msr_common(&vcpu.kvm, msr))
		return error;
	// A guest that disables a feature once does at each switch between its tasks: it gets the
	// MSR to itself, which kvm.ko then reads at each exit, and every #NM has to be looked at.
	if (msr->data && !arch.xfd_no_write_intercept) {
		arch.xfd_no_write_intercept = true;
		allow_msr(vcpu, msr::xfd, true, true);
		update_exception_bitmap(&vcpu.kvm);
	}
	return 0;
}

int set_pat(Vcpu &vcpu, kernel::msr_data *msr)
{
	if (const int error = kernel::kvm_set_msr_common(&vcpu.kvm, msr))
		return error;
	write_pat(vcpu);
	return 0;
}

} // namespace

int get_msr(kernel::kvm_vcpu *kvm, kernel::msr_data *msr)
{
	Vcpu &vcpu = vcpu_of(kvm);
	const Current current = vcpu.current();

	switch (msr->index) {
	case msr::fs_base:
		msr->data = read(current, f::guest_fs_base);
		return 0;
	case msr::gs_base:
		msr->data = read(current, f::guest_gs_base);
		return 0;
	case msr::kernel_gs_base:
		msr->data = read_guest_kernel_gs_base(vcpu);
		return 0;
	case msr::sysenter_cs:
		msr->data = read(current, f::guest_sysenter_cs);
		return 0;
	case msr::sysenter_esp:
		msr->data = read(current, f::guest_sysenter_esp);
		return 0;
	case msr::sysenter_eip:
		msr->data = read(current, f::guest_sysenter_eip);
		return 0;
	case msr::spec_ctrl:
		if (!may_use_spec_ctrl(vcpu, *msr))
			return 1;
		msr->data = vcpu.spec_ctrl;
		return 0;
	case msr::debugctl:
		msr->data = vcpu.debugctl;
		return 0;
	case msr::feature_control:
		msr->data = vcpu.feature_control;
		return 0;
	case msr::umwait_control:
		return get_umwait_control(vcpu, *msr);
	case msr::mcg_ext_ctl:
		if (!msr->host_initiated && !(vcpu.feature_control & feature_control::lmce))
			return 1;
		msr->data = kvm->arch.mcg_ext_ctl;
		return 0;
	case msr::tsx_ctrl:
		if (!msr->host_initiated && !(kvm->arch.arch_capabilities & arch_cap_tsx_ctrl))
			return 1;
		break;
	case msr::tsc_aux:
		if (!msr->host_initiated && !guest_has(vcpu, cpuid::rdtscp) &&
		    !guest_has(vcpu, cpuid::rdpid))
			return 1;
		break;
	case msr::bndcfgs:
		return get_bndcfgs(vcpu, *msr);
	default:
		if (vmx::nested::is_shown(msr->index))
			return nested::get_capability(vcpu, *msr);
		if (is_launch_key_hash(msr->index))
			return get_launch_key_hash(vcpu, *msr);
		if (is_processor_trace(msr->index))
			return 1;
		break;
	}
	if (const UserReturnMsr *slot = find_user_return(vcpu, msr->index)) {
		msr->data = slot->data;
		return 0;
	}
	return kernel::kvm_get_msr_common(kvm, msr);
}

int set_msr(kernel::kvm_vcpu *kvm, kernel::msr_data *msr)
{
	Vcpu &vcpu = vcpu_of(kvm);
	const Current current = vcpu.current();
	const u64 data = msr->data;

	switch (msr->index) {
	case msr::fs_base:
	case msr::gs_base:
		if (!canonical_for(vcpu, data))
			return 1;
		vcpu.segments.forget();
		if (msr->index == msr::fs_base)
			write(current, f::guest_fs_base, data);
		else
			write(current, f::guest_gs_base, data);
		return 0;
	case msr::kernel_gs_base:
		write_guest_kernel_gs_base(vcpu, data);
		return 0;
	case msr::sysenter_cs:
		write(current, f::guest_sysenter_cs, static_cast<u32>(data));
		return 0;
	case msr::sysenter_esp:
		write(current, f::guest_sysenter_esp, data);
		return 0;
	case msr::sysenter_eip:
		write(current, f::guest_sysenter_eip, data);
		return 0;
	case msr::spec_ctrl:
		return set_spec_ctrl(vcpu, *msr);
	case msr::debugctl:
		return set_debugctl(vcpu, *msr);
	case msr::pat:
		return set_pat(vcpu, msr);
	case msr::xfd:
		return set_xfd(vcpu, msr);
	case msr::feature_control:
		return set_feature_control(vcpu, *msr);
	case msr::umwait_control:
		return set_umwait_control(vcpu, *msr);
	case msr::mcg_ext_ctl:
		if ((!msr->host_initiated && !(vcpu.feature_control & feature_control::lmce)) ||
		    data & ~u64{1})
			return 1;
		kvm->arch.mcg_ext_ctl = data;
		return 0;
	case msr::tsx_ctrl:
		if (!msr->host_initiated && !(kvm->arch.arch_capabilities & arch_cap_tsx_ctrl))
			return 1;
		// RTM_DISABLE and TSX_CPUID_CLEAR are all there is.
		if (data & ~u64{3})
			return 1;
		break;
	case msr::tsc_aux:
		if (!msr->host_initiated && !guest_has(vcpu, cpuid::rdtscp) &&
		    !guest_has(vcpu, cpuid::rdpid))
			return 1;
		// Hardware refuses the upper half.
		if (data >> 32)
			return 1;
		break;
	case msr::bndcfgs:
		return set_bndcfgs(vcpu, *msr);
	case msr::pred_cmd:
		return set_pred_cmd(vcpu, *msr);
	case msr::arch_capabilities:
		return set_arch_capabilities(vcpu, msr);
	default:
		if (vmx::nested::is_shown(msr->index))
			return nested::set_capability(vcpu, *msr);
		if (is_launch_key_hash(msr->index))
			return set_launch_key_hash(vcpu, *msr);
		if (is_processor_trace(msr->index))
			return 1;
		break;
	}
	if (UserReturnMsr *slot = find_user_return(vcpu, msr->index))
		return set_user_return(vcpu, *slot, data) ? 1 : 0;
	return kernel::kvm_set_msr_common(kvm, msr);
}

int get_msr_feature(kernel::kvm_msr_entry *entry)
{
	if (vmx::nested::is_shown(entry->index))
		return nested::get_offered(*entry);
	if (entry->index != msr::perf_capabilities)
		return msr_unsupported;
	entry->data = kernel::kvm_caps.supported_perf_cap;
	return 0;
}

bool has_emulated_msr(kernel::kvm *, u32 index)
{
	// SMM needs unrestricted guest (or emulation of real mode) to run its first instruction.
	constexpr u32 smbase = 0x9e, amd_ls_cfg = 0xc0011020, virt_spec_ctrl = 0xc001011f,
		      tsc_ratio = 0xc0000104;

	if (index == smbase)
		return setup().features.unrestricted_guest || parameter_emulate_invalid_guest_state;
	if (vmx::nested::is_shown(index))
		return parameter_nested;
	return index != amd_ls_cfg && index != virt_spec_ctrl && index != tsc_ratio;
}

void update_efer_switching(Vcpu &vcpu)
{
	u64 guest = vcpu.kvm.arch.efer;
	// LMA and LME follow "IA-32e mode guest" and "host address-space size" by themselves.
	u64 ignored = efer::lma | efer::lme;

	if (!(guest & efer::lma))
		ignored |= efer::sce;
	// CR0.PG is always set then, and LME must be as LMA.
	if (!setup().features.unrestricted_guest && !(guest & efer::lma))
		guest &= ~efer::lme;
	// Shadow pages use NX whatever the guest thinks of it.
	if (!setup().features.ept) {
		guest = (guest & ~efer::nx) | (kernel::host_efer & efer::nx);
		ignored |= efer::nx;
	}
	const bool differ = (guest ^ kernel::host_efer) & ~ignored;

	if (!setup().config.entry.has(entry::load_efer)) {
		// The host cannot run with the guest's NX, so this cannot wait for userspace.
		if (differ)
			vcpu.msr_lists.set(vcpu.current(), msr::efer, guest, kernel::host_efer);
		else
			vcpu.msr_lists.remove(vcpu.current(), msr::efer);
	} else if (differ) {
		write(vcpu.current(), f::guest_efer, u64{guest});
		vcpu.vmcs().entry.add(vcpu.current(), entry::load_efer);
		vcpu.vmcs().exit.add(vcpu.current(), exit::load_efer);
	} else {
		vcpu.vmcs().entry.remove(vcpu.current(), entry::load_efer);
		vcpu.vmcs().exit.remove(vcpu.current(), exit::load_efer);
	}
	choose_user_return_msrs(vcpu);
}

void write_pat(Vcpu &vcpu)
{
	if (vcpu.vmcs().entry.get().has(entry::load_pat))
		write(vcpu.current(), f::guest_pat, u64{vcpu.kvm.arch.pat});
}

u64 valid_debugctl(Vcpu &vcpu)
{
	u64 valid = debugctl_everyone_has;

	if (guest_has(vcpu, cpuid::rtm))
		valid |= debugctl::rtm_debug;
	if (offered(cpuid::bus_lock) && guest_has(vcpu, cpuid::bus_lock))
		valid |= debugctl::bus_lock_detect;
	return valid;
}

void refresh_debugctl(Vcpu &vcpu)
{
	// FREEZE_IN_SMM is the host's.
	write(vcpu.current(), f::guest_debugctl,
	      (vcpu.debugctl & (debugctl::bus_lock_detect | debugctl::rtm_debug)) |
		      (vcpu.kvm.arch.host_debugctl & debugctl::freeze_in_smm));
}

void reset_msrs(Vcpu &vcpu, bool init_event)
{
	const Current current = vcpu.current();

	write(current, f::guest_sysenter_cs, u32{0});
	write(current, f::guest_sysenter_esp, u64{0});
	write(current, f::guest_sysenter_eip, u64{0});
	reset_bounds(vcpu);
	vcpu.debugctl = 0;
	refresh_debugctl(vcpu);
	if (init_event)
		return;
	vcpu.spec_ctrl = 0;
	vcpu.feature_control = 0;
	vcpu.umwait_control = 0;
	write_pat(vcpu);
}

} // namespace backend
