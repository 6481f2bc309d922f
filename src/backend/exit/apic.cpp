// SPDX-License-Identifier: GPL-2.0-only
#include "vmx/apic.hpp"
#include "backend/exit/handler.hpp"
#include "backend/setup.hpp"
#include "backend/vcpu/registers.hpp"
#include "core/decode/qualification.hpp"
#include "kernel/parameters.hpp"
#include "kernel/vcpu.hpp"

/// What the CPU does not virtualize of the local APIC.
namespace backend {

using decode::ApicAccess;

namespace {

/// A write to EOI where its value means nothing and neither does the instruction: as with all APIC
/// registers it is a 4-byte MOV.
bool is_plain_eoi(const Vcpu &vcpu, ApicAccess access)
{
	return access.is_write() && access.offset == apic::eoi && parameter_fasteoi &&
	       vcpu.kvm.arch.apic->base_address == apic::default_base;
}

/// As for an access to a page that nobody has. Under EPT the emulator gets the guest-physical
/// address, which saves it a walk of the guest's page tables.
int emulate(Vcpu &vcpu, ApicAccess access)
{
	if (!setup().features.ept || !access.by_instruction() ||
	    !kernel::remember_mmio(vcpu.kvm, apic::default_base >> kernel::PAGE_SHIFT))
		return kernel::kvm_emulate_instruction(&vcpu.kvm, 0);
	return kernel::kvm_mmu_page_fault(&vcpu.kvm, apic::default_base + access.offset,
					  kernel::PFERR_RSVD_MASK, nullptr, 0);
}

} // namespace

int handle_apic_access(Vcpu &vcpu)
{
	const auto access = ApicAccess::decode(exit_qualification(vcpu));

	if (!is_plain_eoi(vcpu, access))
		return emulate(vcpu, access);
	kernel::kvm_lapic_set_eoi(&vcpu.kvm);
	return kernel::kvm_skip_emulated_instruction(&vcpu.kvm);
}

int handle_apic_write(Vcpu &vcpu)
{
	// The write is done, in the page of registers; its effect is not. A trap: the guest is
	// behind the instruction.
	kernel::kvm_apic_write_nodecode(&vcpu.kvm,
					static_cast<u32>(exit_qualification(vcpu) & 0xff0));
	return result_of(ExitAction::resume);
}

int handle_virtualized_eoi(Vcpu &vcpu)
{
	// The APIC has done its part; the IOAPIC's or userspace's is left. A trap as well.
	kernel::kvm_apic_set_eoi_accelerated(&vcpu.kvm,
					     static_cast<int>(exit_qualification(vcpu) & 0xff));
	return result_of(ExitAction::resume);
}

} // namespace backend
