// SPDX-License-Identifier: GPL-2.0-only
#include "backend/vcpu/tlb.hpp"

#include "backend/hw/tlb.hpp"
#include "backend/nested/guest_mode.hpp"
#include "backend/setup.hpp"
#include "backend/vcpu/control_registers.hpp"
#include "backend/vcpu/registers.hpp"

namespace backend {

void flush_tlb_all(kernel::kvm_vcpu *kvm)
{
	const Vcpu &vcpu = vcpu_of(kvm);

	// Of EPT hierarchies nobody knows how many this guest has used here.
	if (setup().features.ept) {
		hw::flush_everything();
		return;
	}
	// Neither L1 nor L2 may have what the other has lost: shadow pages are of both.
	hw::flush_vpid(vcpu.vpid);
	if (vcpu.nested.vpid02)
		hw::flush_vpid(vcpu.nested.vpid02);
}

void flush_tlb_current(kernel::kvm_vcpu *kvm)
{
	const auto &root = kvm->arch.mmu->root;

	if (root.hpa == ~u64{0})
		return;
	if (setup().features.ept)
		hw::flush_ept(ept_pointer(vcpu_of(kvm), root.hpa,
					  static_cast<int>(kvm->arch.mmu->root_role.level)));
	else
		hw::flush_vpid(nested::active_vpid(vcpu_of(kvm)));
}

void flush_tlb_gva(kernel::kvm_vcpu *kvm, unsigned long address)
{
	// Non-canonical addresses are ignored by INVVPID of an address with a failure, and cached
	// nowhere.
	if (canonical(address, 57))
		hw::flush_address(nested::active_vpid(vcpu_of(kvm)), address);
}

void flush_tlb_guest(kernel::kvm_vcpu *kvm)
{
	const Vcpu &vcpu = vcpu_of(kvm);

	// While L2 runs it is asked for on L1's behalf as well: steal time, Hyper-V's hypercalls.
	hw::flush_vpid(vcpu.vpid);
	if (in_guest_mode(vcpu) && nested::has_vpid02(vcpu))
		hw::flush_vpid(vcpu.nested.vpid02);
}

u8 get_mt_mask(kernel::kvm_vcpu *kvm, u64 gfn, bool is_mmio)
{
	constexpr u8 uncacheable = 0, write_back = 6;
	constexpr unsigned type_shift = 3;
	constexpr u8 ignore_pat = 1 << 6;

	if (is_mmio)
		return uncacheable << type_shift;
	// Without devices that bypass the caches the guest's own wishes cannot matter.
	if (!kernel::kvm_arch_has_noncoherent_dma(kvm->kvm))
		return write_back << type_shift | ignore_pat;
	if (cr0_bits(vcpu_of(kvm), cr0::cd)) {
		// Some firmware runs with caches off for long, and is unbearably slow if one
		// believes it.
		if (!(kvm->kvm->arch.disabled_quirks & kernel::KVM_X86_QUIRK_CD_NW_CLEARED))
			return write_back << type_shift;
		return uncacheable << type_shift | ignore_pat;
	}
	return static_cast<u8>(kernel::kvm_mtrr_get_guest_memory_type(kvm, gfn) << type_shift);
}

} // namespace backend
