// SPDX-License-Identifier: GPL-2.0-only
#include "backend/nested/pages.hpp"

#include "backend/nested/guest_mode.hpp"
#include "backend/setup.hpp"
#include "backend/vcpu/apic_page.hpp"
#include "backend/vcpu/tlb.hpp"
#include "kernel/vcpu.hpp"

namespace backend::nested {

namespace {

constexpr u64 page_mask = 0xfff;

void unmap(Vcpu &vcpu, GuestPage &page)
{
	// The CPU has written to it.
	if (page.mapped())
		kernel::kvm_vcpu_unmap(&vcpu.kvm, &page.map, true);
}

void log(Vcpu &vcpu, const GuestPage &page)
{
	if (page.mapped())
		kernel::kvm_vcpu_mark_page_dirty(&vcpu.kvm, page.map.gfn);
}

bool map(Vcpu &vcpu, u64 address, GuestPage &page)
{
	unmap(vcpu, page);
	return !kernel::kvm_vcpu_map(&vcpu.kvm, address >> 12, &page.map);
}

} // namespace

bool map_pages(Vcpu &vcpu)
{
	Nested &nested = vcpu.nested;
	const Current current = vcpu.current();
	const Vmcs12 &vmcs12 = *nested.vmcs12;

	if (secondary12(vcpu).has(secondary::virtualize_apic_accesses)) {
		if (!map(vcpu, vmcs12.apic_access_address, nested.apic_access))
			return false;
		write(current, f::apic_access_address, nested.apic_access.physical());
	} else if (!has_ept12(vcpu) && has_apic_page(vcpu)) {
		write(current, f::apic_access_address, vcpu.apic_page);
	}
	if (primary12(vcpu).has(primary::use_tpr_shadow)) {
		if (!map(vcpu, vmcs12.virtual_apic_page_address, nested.virtual_apic))
			return false;
		write(current, f::virtual_apic_page_address, nested.virtual_apic.physical());
	}
	if (pin12(vcpu).has(pin::posted_interrupts)) {
		if (!map(vcpu, vmcs12.posted_interrupt_descriptor_address,
			 nested.posted_descriptor))
			return false;
		write(current, f::posted_interrupt_descriptor_address,
		      nested.posted_descriptor.physical() +
			      (vmcs12.posted_interrupt_descriptor_address & page_mask));
		vcpu.vmcs().pin.add(current, pin::posted_interrupts);
		__atomic_store_n(&nested.notification_vector,
				 vmcs12.posted_interrupt_notification_vector, __ATOMIC_RELAXED);
	}
	return true;
}

void move_apic_page(Vcpu &vcpu)
{
	// vmcs01 learns of it when it is in use again.
	vcpu.nested.apic_page_moved = true;
	if (has_ept12(vcpu) || secondary12(vcpu).has_any(secondary::virtualize_apic_accesses |
							 secondary::virtualize_x2apic))
		return;
	if (has_apic_page(vcpu))
		write(vcpu.current(), f::apic_access_address, vcpu.apic_page);
	else
		vcpu.vmcs().secondary.remove(vcpu.current(), secondary::virtualize_apic_accesses);
	flush_tlb_current(&vcpu.kvm);
}

void unmap_pages(Vcpu &vcpu)
{
	__atomic_store_n(&vcpu.nested.notification_vector, Nested::no_vector, __ATOMIC_RELAXED);
	unmap(vcpu, vcpu.nested.apic_access);
	unmap(vcpu, vcpu.nested.virtual_apic);
	unmap(vcpu, vcpu.nested.posted_descriptor);
}

void log_mapped_pages(Vcpu &vcpu)
{
	const kernel::SrcuRead guard(*vcpu.kvm.kvm);

	log(vcpu, vcpu.nested.virtual_apic);
	log(vcpu, vcpu.nested.posted_descriptor);
}

} // namespace backend::nested
