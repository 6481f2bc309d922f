// SPDX-License-Identifier: GPL-2.0-only
#include "backend/vcpu/control_registers.hpp"

#include "backend/hyperv/enlightenments.hpp"
#include "backend/nested/control_registers.hpp"
#include "backend/nested/guest_mode.hpp"
#include "backend/setup.hpp"
#include "backend/vcpu/instruction_controls.hpp"
#include "backend/vcpu/msrs.hpp"
#include "backend/vcpu/real_mode.hpp"
#include "backend/vcpu/registers.hpp"
#include "kernel/requests.hpp"

namespace backend {

namespace {

// What a guest may own is what kvm.ko reads back through the register cache: its
// KVM_POSSIBLE_*_GUEST_BITS.
constexpr u64 cr0_ownable = cr0::ts | cr0::wp;
constexpr u64 cr4_ownable = cr4::pvi | cr4::de | cr4::pce | cr4::osfxsr | cr4::osxmmexcpt |
			    cr4::pge | cr4::tsd | cr4::fsgsbase;

/// What CR0 really holds while the guest believes in `wanted` (SDM, "Restrictions on VMX
/// Operation": fixed bits but for PE and PG of an unrestricted guest, and but for NW and CD, which
/// VMX leaves alone).
u64 hardware_cr0(Vcpu &vcpu, u64 wanted)
{
	// Cache control by the guest is ignored: memory types come from EPT.
	u64 value = (wanted & ~(cr0::cd | cr0::nw)) | cr0::ne;

	if (!setup().features.unrestricted_guest)
		value |= cr0::pg | cr0::pe;
	// Shadow pages are write-protected against the guest's kernel as well.
	if (!setup().features.ept)
		value |= cr0::wp;
	// Real mode runs with CPL 3 in the CPU's eyes, and knows no alignment checks.
	if (vcpu.real_mode.active)
		value &= ~cr0::am;
	return value;
}

u64 hardware_cr4(Vcpu &vcpu, u64 wanted)
{
	u64 value = emulate_umip(vcpu, wanted) | cr4::vmxe;

	// CR4.MCE off would turn the host's machine checks into shutdowns.
	value |= kernel::cr4_read_shadow() & cr4::mce;
	if (setup().features.unrestricted_guest)
		return value;
	// INT n of real mode goes by the TSS's redirection bitmap.
	if (vcpu.real_mode.active)
		value |= cr4::vme;
	// Shadow pages have 64-bit entries.
	if (!setup().features.ept)
		value |= cr4::pae;
	if (!paging(vcpu)) {
		// SMEP, SMAP and PKE judge by U/S bits that a guest without paging knows nothing
		// of.
		value &= ~(cr4::smep | cr4::smap | cr4::pke);
		// The identity map has 32-bit entries for 4 MByte each.
		if (setup().features.ept)
			value = (value | cr4::pse) & ~cr4::pae;
	}
	return value;
}

/// Real mode and a missing paging need more than two bits of CR0 on a CPU without unrestricted
/// guest.
void set_restricted_mode(Vcpu &vcpu, u64 cr0)
{
	const bool real = vcpu.real_mode.active;

	if (real && cr0 & cr0::pe)
		leave_real_mode(vcpu);
	else if (!real && !(cr0 & cr0::pe))
		enter_real_mode(vcpu);
}

/// Under EPT the guest has its own CR3 while it pages; else CR3 is the identity map's.
void set_restricted_paging(Vcpu &vcpu)
{
	constexpr auto exits = primary::cr3_load_exiting | primary::cr3_store_exiting;

	if (!setup().features.ept)
		return;
	// Of L2 L1 may want to know either way.
	const Primary l1 = in_guest_mode(vcpu) ? nested::primary12(vcpu) : Primary{};

	if (paging(vcpu))
		vcpu.vmcs().primary.remove(vcpu.current(), exits & ~l1);
	else
		vcpu.vmcs().primary.add(vcpu.current(), exits);
	mark_dirty(vcpu, kernel::VCPU_EXREG_CR3);
}

void enter_long_mode(Vcpu &vcpu)
{
	const Current current = vcpu.current();
	const u32 tr = read(current, f::guest_tr_access_rights);

	// IA-32e mode knows only the 64-bit TSS; a 16-bit one would fail the entry (SDM, "Checks on
	// Guest Segment Registers"), where a real CPU keeps whatever is in TR.
	if (!(tr & rights::unusable) && (tr & 15) != 11) {
		write(current, f::guest_tr_access_rights, (tr & ~15U) | 11);
		vcpu.segments.forget();
	}
	set_efer(&vcpu.kvm, vcpu.kvm.arch.efer | efer::lma);
}

} // namespace

bool is_valid_cr0(kernel::kvm_vcpu *kvm, unsigned long value)
{
	return nested::is_valid_cr0(vcpu_of(kvm), value);
}

bool is_valid_cr4(kernel::kvm_vcpu *kvm, unsigned long value)
{
	return nested::is_valid_cr4(vcpu_of(kvm), value);
}

void load_cr0(Vcpu &vcpu, u64 value)
{
	const Current current = vcpu.current();

	vcpu.vmcs().cr0_read_shadow.set(current, nested::cr0_shadow(vcpu, value));
	write(current, f::guest_cr0, hardware_cr0(vcpu, value));
	vcpu.kvm.arch.cr0 = value;
	mark_available(vcpu, kernel::VCPU_EXREG_CR0);
}

void set_cr0(kernel::kvm_vcpu *kvm, unsigned long value)
{
	Vcpu &vcpu = vcpu_of(kvm);
	const Current current = vcpu.current();
	const u64 was = cr0_bits(vcpu, ~u64{0});
	const bool restricted = !setup().features.unrestricted_guest;

	if (restricted) {
		// By the guest's old mode, in which it may still be in the VMCS.
		(void)cr3(vcpu);
		set_restricted_mode(vcpu, value);
	}
	if (kvm->arch.efer & efer::lme) {
		if (!(was & cr0::pg) && value & cr0::pg)
			enter_long_mode(vcpu);
		else if (was & cr0::pg && !(value & cr0::pg))
			set_efer(kvm, kvm->arch.efer & ~efer::lma);
	}

	load_cr0(vcpu, value);
	if (restricted) {
		set_restricted_paging(vcpu);
		write(current, f::guest_cr4, hardware_cr4(vcpu, cr4_bits(vcpu, ~u64{0})));
	}

	// The PDPTEs that the CPU loaded with PAE paging stay in the VMCS: kvm.ko reloads them
	// where the architecture does.
	if ((was ^ value) & (cr0::pe | cr0::pg)) {
		vcpu.segments.forget();
		vcpu.real_mode.checked = false;
	}
}

void set_cr4(kernel::kvm_vcpu *kvm, unsigned long value)
{
	Vcpu &vcpu = vcpu_of(kvm);
	const Current current = vcpu.current();
	// Guests never own them, so this is what they are whatever CR4 was read for last.
	constexpr u64 in_cpuid = cr4::osxsave | cr4::pke;
	static_assert(!(cr4_ownable & in_cpuid));
	const u64 was = kvm->arch.cr4;

	kvm->arch.cr4 = value;
	mark_available(vcpu, kernel::VCPU_EXREG_CR4);
	vcpu.vmcs().cr4_read_shadow.set(current, nested::cr4_shadow(vcpu, value));
	write(current, f::guest_cr4, hardware_cr4(vcpu, value));
	// CPUID.OSXSAVE and CPUID.OSPKE follow.
	if ((was ^ value) & in_cpuid)
		kernel::kvm_update_cpuid_runtime(kvm);
}

int set_efer(kernel::kvm_vcpu *kvm, u64 value)
{
	Vcpu &vcpu = vcpu_of(kvm);

	kvm->arch.efer = value;
	if (value & efer::lma)
		vcpu.vmcs().entry.add(vcpu.current(), entry::ia32e_mode_guest);
	else
		vcpu.vmcs().entry.remove(vcpu.current(), entry::ia32e_mode_guest);
	update_efer_switching(vcpu);
	return 0;
}

u64 ept_pointer(const Vcpu &vcpu, u64 root, int level)
{
	constexpr u64 write_back = 6, accessed_dirty = bit(6);
	// The shadow of L1's EPT has the flags if that has them.
	const bool flags =
		setup().features.ept_ad && !(in_guest_mode(vcpu) && nested::has_ept12(vcpu) &&
					     !(vcpu.nested.vmcs12->ept_pointer & accessed_dirty));

	return root | write_back | static_cast<u64>(level - 1) << 3 | (flags ? accessed_dirty : 0);
}

bool guest_owns_cr3(Vcpu &vcpu)
{
	return setup().features.ept && (setup().features.unrestricted_guest || paging(vcpu));
}

void load_mmu_pgd(kernel::kvm_vcpu *kvm, u64 root, int level)
{
	Vcpu &vcpu = vcpu_of(kvm);
	const Current current = vcpu.current();

	if (!setup().features.ept) {
		write(current, f::guest_cr3,
		      root | (cr4_bits(vcpu, cr4::pcide) ? kvm->arch.cr3 & 0xfff : 0));
		return;
	}
	write(current, f::ept_pointer, ept_pointer(vcpu, root, level));
	if (setup().hyperv.remote_flush)
		hyperv::track_root(vcpu, root, level);
}

void write_dirty_paging(Vcpu &vcpu)
{
	const Current current = vcpu.current();
	auto &arch = vcpu.kvm.arch;

	if (dirty(vcpu, kernel::VCPU_EXREG_CR3) && setup().features.ept)
		write(current, f::guest_cr3,
		      guest_owns_cr3(vcpu) ? u64{arch.cr3} : vm_of(vcpu).identity_map_address);
	if (dirty(vcpu, kernel::VCPU_EXREG_PDPTR) && pae_paging(vcpu) && setup().features.ept) {
		const u64 *pdptrs = arch.walk_mmu->pdptrs;

		write(current, f::guest_pdpte0, u64{pdptrs[0]});
		write(current, f::guest_pdpte1, u64{pdptrs[1]});
		write(current, f::guest_pdpte2, u64{pdptrs[2]});
		write(current, f::guest_pdpte3, u64{pdptrs[3]});
	}
}

void write_guest_host_masks(Vcpu &vcpu)
{
	auto &arch = vcpu.kvm.arch;

	arch.cr0_guest_owned_bits = setup().features.ept ? cr0_ownable : cr0::ts;
	arch.cr4_guest_owned_bits = cr4_ownable & ~u64{arch.cr4_guest_rsvd_bits};
	if (!setup().features.ept)
		arch.cr4_guest_owned_bits &= ~cr4::pge;
	// What L1 wants to know of is not L2's.
	if (in_guest_mode(vcpu)) {
		arch.cr0_guest_owned_bits &= ~vcpu.nested.vmcs12->cr0_guest_host_mask;
		arch.cr4_guest_owned_bits &= ~vcpu.nested.vmcs12->cr4_guest_host_mask;
	}
	vcpu.vmcs().cr0_guest_host_mask.set(vcpu.current(), ~u64{arch.cr0_guest_owned_bits});
	vcpu.vmcs().cr4_guest_host_mask.set(vcpu.current(), ~u64{arch.cr4_guest_owned_bits});
}

} // namespace backend
