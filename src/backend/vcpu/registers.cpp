// SPDX-License-Identifier: GPL-2.0-only
#include "backend/vcpu/registers.hpp"

#include "backend/setup.hpp"
#include "backend/vcpu/control_registers.hpp"
#include "backend/vcpu/segments.hpp"
#include "kernel/print.hpp"

namespace backend {

namespace {

void read_pdptrs(Vcpu &vcpu)
{
	const Current current = vcpu.current();
	u64 *pdptrs = vcpu.kvm.arch.walk_mmu->pdptrs;

	// Without EPT the CPU reads them from memory at MOV CR3, and so does kvm.ko.
	if (!setup().features.ept || !pae_paging(vcpu))
		return;
	pdptrs[0] = read(current, f::guest_pdpte0);
	pdptrs[1] = read(current, f::guest_pdpte1);
	pdptrs[2] = read(current, f::guest_pdpte2);
	pdptrs[3] = read(current, f::guest_pdpte3);
}

} // namespace

void cache_register(kernel::kvm_vcpu *kvm, kernel::kvm_reg reg)
{
	Vcpu &vcpu = vcpu_of(kvm);
	const Current current = vcpu.current();
	auto &arch = kvm->arch;

	mark_available(vcpu, reg);
	switch (static_cast<int>(reg)) {
	case kernel::VCPU_REGS_RSP:
		arch.regs[kernel::VCPU_REGS_RSP] = read(current, f::guest_rsp);
		break;
	case kernel::VCPU_REGS_RIP:
		arch.regs[kernel::VCPU_REGS_RIP] = read(current, f::guest_rip);
		break;
	case kernel::VCPU_EXREG_PDPTR:
		read_pdptrs(vcpu);
		break;
	case kernel::VCPU_EXREG_CR0:
		cache_cr0(vcpu);
		break;
	case kernel::VCPU_EXREG_CR3:
		if (guest_owns_cr3(vcpu))
			arch.cr3 = read(current, f::guest_cr3);
		break;
	case kernel::VCPU_EXREG_CR4:
		cache_cr4(vcpu);
		break;
	default:
		kernel::warn_ratelimited("kvm asked for register %d, which is never in the VMCS\n",
					 static_cast<int>(reg));
	}
}

bool in_64bit_code(Vcpu &vcpu)
{
	return long_mode(vcpu) && code_segment_rights(vcpu) & rights::l;
}

} // namespace backend
