// SPDX-License-Identifier: GPL-2.0-only
#include "backend/nested/page_log.hpp"

#include "backend/nested/guest_mode.hpp"

namespace backend::nested {

int write_log_dirty(kernel::kvm_vcpu *kvm, u64 l2_address)
{
	constexpr u16 entries = 512;
	constexpr u64 page_mask = 0xfff;
	Vcpu &vcpu = vcpu_of(kvm);
	Nested &nested = vcpu.nested;
	const u64 page = l2_address & ~page_mask;

	if (!in_guest_mode(vcpu) || !secondary12(vcpu).has(secondary::enable_pml))
		return 0;
	Vmcs12 &vmcs12 = *nested.vmcs12;

	if (vmcs12.pml_index >= entries) {
		// mmu.cpp makes it the exit that it is.
		nested.page_log_full = true;
		return 1;
	}
	// Memory that is not there loses an entry, as a CPU's store to it would.
	if (!kernel::kvm_vcpu_write_guest(kvm, vmcs12.pml_address + vmcs12.pml_index * sizeof(page),
					  &page, sizeof(page)))
		--vmcs12.pml_index;
	return 0;
}

} // namespace backend::nested
