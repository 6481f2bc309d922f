// SPDX-License-Identifier: GPL-2.0-only
#include "backend/vcpu/apic_page.hpp"

#include "backend/nested/guest_mode.hpp"
#include "backend/nested/pages.hpp"
#include "backend/setup.hpp"
#include "backend/vcpu/apic.hpp"
#include "backend/vcpu/tlb.hpp"
#include "kernel/requests.hpp"
#include "kernel/slots.hpp"
#include "kernel/vcpu.hpp"
#include "vmx/apic.hpp"

namespace backend {

namespace {

/// kvm.ko maps the slot that is made for this only while APICv is on: without it, every access
/// would be an EPT violation and a walk to the end, slower than no slot at all. The identity map's
/// slot has no such condition. That map is for CPUs with EPT and without unrestricted guest.
int slot()
{
	return static_cast<int>(setup().features.identity_slot_is_free
					? kernel::IDENTITY_PAGETABLE_PRIVATE_MEMSLOT
					: kernel::APIC_ACCESS_PAGE_PRIVATE_MEMSLOT);
}

/// A vCPU in x2APIC mode must find no memory there, whatever mode the others are in: from the first
/// on, the machine has no such page. kvm->srcu is held.
void give_up(Vcpu &vcpu)
{
	Vm &vm = vm_of(vcpu);

	// Nobody enters the guest any more with the page's address in a VMCS that is in use, once
	// this returns.
	__atomic_store_n(&vm.gave_up_apic_page, true, __ATOMIC_RELAXED);
	kernel::kvm_make_all_cpus_request(&vm.kvm, kernel::KVM_REQ_APIC_PAGE_RELOAD);

	const kernel::SrcuReadPaused paused(vcpu.kvm);
	const kernel::SlotsLocked guard(vm.kvm);

	kernel::remove_private_slot(vm.kvm, slot());
}

bool gave_up(const Vcpu &vcpu)
{
	return __atomic_load_n(&vm_of(vcpu).gave_up_apic_page, __ATOMIC_RELAXED);
}

u64 find_page(Vcpu &vcpu)
{
	if (!gave_up(vcpu) && in_x2apic_mode(vcpu))
		give_up(vcpu);
	return gave_up(vcpu) ? 0 : kernel::page_behind(*vcpu.kvm.kvm, apic::default_base);
}

} // namespace

int create_apic_page(Vm &vm)
{
	const kernel::SlotsLocked guard(vm.kvm);

	if (vm.has_apic_page)
		return 0;
	const int error = kernel::add_private_slot(vm.kvm, slot(), apic::default_base,
						   static_cast<u32>(kernel::PAGE_SIZE));
	vm.has_apic_page = !error;
	return error;
}

bool has_apic_page(const Vcpu &vcpu)
{
	return setup().features.apic_page && vcpu.apic_page;
}

void set_apic_access_page_addr(kernel::kvm_vcpu *kvm)
{
	Vcpu &vcpu = vcpu_of(kvm);
	// Should it move between here and the entry, kvm.ko asks again before that.
	const u64 page = find_page(vcpu);
	const bool moved = page && vcpu.apic_page;

	if (page == vcpu.apic_page)
		return;
	vcpu.apic_page = page;
	if (in_guest_mode(vcpu)) {
		nested::move_apic_page(vcpu);
		return;
	}
	// Without a page, which userspace may have unmapped, an access is kvm.ko's to answer.
	if (page)
		write(vcpu.current(), f::apic_access_address, page);
	set_virtual_apic_mode(kvm);
	if (moved)
		flush_tlb_current(kvm);
}

} // namespace backend
