// SPDX-License-Identifier: GPL-2.0-only
#include "backend/nested/mmu.hpp"

#include "backend/nested/guest_mode.hpp"
#include "backend/nested/leave.hpp"
#include "backend/setup.hpp"
#include "backend/vcpu/registers.hpp"
#include "core/decode/qualification.hpp"
#include "kernel/requests.hpp"
#include "kernel/vcpu.hpp"

namespace backend::nested {

namespace {

constexpr u64 ept_accessed_dirty = bit(6);

unsigned long ept_pointer12(kernel::kvm_vcpu *kvm)
{
	return vcpu_of(kvm).nested.vmcs12->ept_pointer;
}

/// kvm.ko has walked L1's EPT for a guest-physical address of L2, and found no way.
void exit_for_ept(kernel::kvm_vcpu *kvm, kernel::x86_exception *fault)
{
	Vcpu &vcpu = vcpu_of(kvm);
	// The walk has put the qualification together. A reserved bit stands for a
	// misconfiguration, which has none.
	const bool misconfigured = fault->error_code & kernel::PFERR_RSVD_MASK;

	if (vcpu.nested.page_log_full) {
		vcpu.nested.page_log_full = false;
		leave(vcpu, {.reason = {static_cast<u32>(Reason::pml_full)},
			     .qualification = kvm->arch.exit_qualification & bit(12)});
		return;
	}
	vcpu.nested.vmcs12->guest_physical_address = fault->address;
	if (misconfigured)
		leave(vcpu, {.reason = {static_cast<u32>(Reason::ept_misconfig)}});
	else
		leave(vcpu, {.reason = {static_cast<u32>(Reason::ept_violation)},
			     .qualification = kvm->arch.exit_qualification});
}

/// As kvm.ko counts levels of pages: 1 is 4 KByte.
int largest_page(const vmx::nested::Capabilities &capabilities)
{
	const EptVpidCap cap = capabilities.shown.ept_vpid();

	return cap.has(ept_vpid_cap::page_1g) ? 3 : cap.has(ept_vpid_cap::page_2m) ? 2 : 1;
}

void shadow_ept(Vcpu &vcpu)
{
	auto &arch = vcpu.kvm.arch;
	const auto &capabilities = vcpu.nested.capabilities;
	const u64 pointer = vcpu.nested.vmcs12->ept_pointer;

	arch.mmu = &arch.guest_mmu;
	kernel::kvm_init_shadow_ept_mmu(
		&vcpu.kvm, capabilities.shown.ept_vpid().has(ept_vpid_cap::execute_only),
		largest_page(capabilities), pointer & ept_accessed_dirty, pointer);
	arch.mmu->get_guest_pgd = ept_pointer12;
	arch.mmu->inject_page_fault = exit_for_ept;
	arch.mmu->get_pdptr = kernel::kvm_pdptr_read;
	arch.walk_mmu = &arch.nested_mmu;
}

bool load_cr3(Vcpu &vcpu, u64 cr3)
{
	auto &arch = vcpu.kvm.arch;

	arch.cr3 = cr3;
	mark_dirty(vcpu, kernel::VCPU_EXREG_CR3);
	kernel::kvm_init_mmu(&vcpu.kvm);
	if (arch.walk_mmu != &arch.nested_mmu)
		kernel::kvm_mmu_new_pgd(&vcpu.kvm, cr3);
	return load_pdptes(vcpu);
}

} // namespace

bool enter_guest_mmu(Vcpu &vcpu)
{
	const Vmcs12 &vmcs12 = *vcpu.nested.vmcs12;

	if (!has_ept12(vcpu))
		return load_cr3(vcpu, vmcs12.guest_cr3);
	shadow_ept(vcpu);
	(void)load_cr3(vcpu, vmcs12.guest_cr3);
	if (pae_paging(vcpu)) {
		u64 *pdptrs = vcpu.kvm.arch.walk_mmu->pdptrs;

		pdptrs[0] = vmcs12.guest_pdpte0;
		pdptrs[1] = vmcs12.guest_pdpte1;
		pdptrs[2] = vmcs12.guest_pdpte2;
		pdptrs[3] = vmcs12.guest_pdpte3;
		mark_dirty(vcpu, kernel::VCPU_EXREG_PDPTR);
	}
	return true;
}

void use_ept(Vcpu &vcpu)
{
	shadow_ept(vcpu);
	kernel::kvm_init_mmu(&vcpu.kvm);
}

bool load_pdptes(Vcpu &vcpu)
{
	auto &arch = vcpu.kvm.arch;

	if (arch.walk_mmu == &arch.nested_mmu || !pae_paging(vcpu))
		return true;
	if (!arch.pdptrs_from_userspace)
		return kernel::load_pdptrs(&vcpu.kvm, arch.cr3);
	// Those in use: memory may have changed since CR3 was loaded.
	mark_dirty(vcpu, kernel::VCPU_EXREG_PDPTR);
	return true;
}

bool leave_guest_mmu(Vcpu &vcpu, u64 cr3)
{
	auto &arch = vcpu.kvm.arch;

	arch.mmu = arch.walk_mmu = &arch.root_mmu;
	arch.pdptrs_from_userspace = false;
	return load_cr3(vcpu, cr3);
}

void save_pdptes(Vcpu &vcpu)
{
	Vmcs12 &vmcs12 = *vcpu.nested.vmcs12;

	if (!has_ept12(vcpu) || !pae_paging(vcpu))
		return;
	vmcs12.guest_pdpte0 = read(vcpu.current(), f::guest_pdpte0);
	vmcs12.guest_pdpte1 = read(vcpu.current(), f::guest_pdpte1);
	vmcs12.guest_pdpte2 = read(vcpu.current(), f::guest_pdpte2);
	vmcs12.guest_pdpte3 = read(vcpu.current(), f::guest_pdpte3);
}

void forget_all_ept(Vcpu &vcpu)
{
	kernel::kvm_mmu_free_roots(vcpu.kvm.kvm, &vcpu.kvm.arch.guest_mmu,
				   kernel::KVM_MMU_ROOTS_ALL);
}

void forget_ept(Vcpu &vcpu, u64 ept_pointer)
{
	auto &mmu = vcpu.kvm.arch.guest_mmu;
	// What tells hierarchies apart (SDM, "Information That May Be Cached": EP4TA).
	auto same = [&](u64 other) { return !((other ^ ept_pointer) >> 12); };
	unsigned long roots = 0;

	if (same(mmu.root.pgd))
		roots |= kernel::KVM_MMU_ROOT_CURRENT;
	for (u32 i = 0; i < kernel::KVM_MMU_NUM_PREV_ROOTS; ++i)
		if (same(mmu.prev_roots[i].pgd))
			roots |= bit(i + 1); // KVM_MMU_ROOT_PREVIOUS(i)
	kernel::kvm_mmu_free_roots(vcpu.kvm.kvm, &mmu, roots);
}

} // namespace backend::nested
