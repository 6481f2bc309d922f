// SPDX-License-Identifier: GPL-2.0-only
#include "backend/vcpu/apic.hpp"

#include "backend/hyperv/enlightenments.hpp"
#include "backend/nested/guest_mode.hpp"
#include "backend/nested/posting.hpp"
#include "backend/setup.hpp"
#include "backend/vcpu/apic_page.hpp"
#include "backend/vcpu/posted_interrupts.hpp"
#include "backend/vcpu/tlb.hpp"
#include "core/apic/x2apic_msrs.hpp"
#include "kernel/requests.hpp"
#include "kernel/trace.hpp"
#include "kernel/vcpu.hpp"
#include "vmx/apic.hpp"

namespace backend {

namespace {

using apic::X2apicVirtualization;
using Access = hw::MsrBitmap::Access;

X2apicVirtualization wanted_x2apic(const Vcpu &vcpu)
{
	const Secondary controls = vcpu.vmcs().secondary.get();

	if (!controls.has(secondary::virtualize_x2apic))
		return X2apicVirtualization::none;
	if (!controls.has(secondary::virtual_interrupt_delivery))
		return X2apicVirtualization::task_priority;
	return vcpu.vmcs().tertiary.get().has(tertiary::ipi_virtualization)
		       ? X2apicVirtualization::ipis
		       : X2apicVirtualization::registers;
}

void update_x2apic_msrs(Vcpu &vcpu)
{
	const X2apicVirtualization how = wanted_x2apic(vcpu);

	if (!vcpu.msr_bitmap || how == vcpu.x2apic)
		return;
	vcpu.x2apic = how;
	// Userspace's MSR filter has no say here: these are registers of kvm.ko's APIC (KVM ABI,
	// KVM_X86_SET_MSR_FILTER).
	for (u32 index = 0; index < apic::x2apic_msr_count; ++index) {
		const auto free = apic::x2apic_freedom(index, how);

		vcpu.msr_bitmap->set(apic::x2apic_msrs + index, Access::read, !free.read);
		vcpu.msr_bitmap->set(apic::x2apic_msrs + index, Access::write, !free.write);
	}
	hyperv::msr_bitmap_changed(vcpu);
}

Pin wanted_posting(const Vcpu &vcpu)
{
	return setup().features.posted_interrupts && apicv_active(vcpu) ? pin::posted_interrupts
									: Pin{};
}

Tertiary wanted_tertiary(const Vcpu &vcpu)
{
	return setup().features.ipi_virtualization && apicv_active(vcpu)
		       ? tertiary::ipi_virtualization
		       : Tertiary{};
}

void set_controls(Vcpu &vcpu)
{
	const Current current = vcpu.current();
	auto &vmcs = vcpu.vmcs();
	const Secondary before = vmcs.secondary.get();
	const Secondary after = (before & ~apic_controls) | wanted_apic_controls(vcpu);

	if (setup().features.posted_interrupts)
		vmcs.pin.set(current,
			     (vmcs.pin.get() & ~pin::posted_interrupts) | wanted_posting(vcpu));
	if (setup().features.ipi_virtualization)
		vmcs.tertiary.set(current, wanted_tertiary(vcpu));
	if (after != before)
		vmcs.secondary.set(current, after);
	update_x2apic_msrs(vcpu);
	// What was cached with the page of registers as a page of memory says nothing of accesses
	// to it (SDM, "Virtualizing Memory-Mapped APIC Accesses").
	if (before.has(secondary::virtualize_apic_accesses) !=
	    after.has(secondary::virtualize_apic_accesses))
		flush_tlb_current(&vcpu.kvm);
}

void set_interrupt_status(Vcpu &vcpu, apic::InterruptStatus was, apic::InterruptStatus now)
{
	if (now.raw != was.raw)
		write(vcpu.current(), f::guest_interrupt_status, now.raw);
}

apic::InterruptStatus interrupt_status(Vcpu &vcpu)
{
	return {read(vcpu.current(), f::guest_interrupt_status)};
}

} // namespace

void choose_apic_operations(kernel::kvm_x86_ops &ops)
{
	const Features &features = setup().features;

	if (!features.tpr_shadow)
		ops.update_cr8_intercept = nullptr;
	if (!setup().config.secondary.has_any(secondary::virtualize_apic_accesses |
					      secondary::virtualize_x2apic))
		ops.set_virtual_apic_mode = nullptr;
	if (!features.apic_page)
		ops.set_apic_access_page_addr = nullptr;
	if (features.apicv)
		return;
	ops.hwapic_irr_update = nullptr;
	ops.hwapic_isr_update = nullptr;
	ops.load_eoi_exitmap = nullptr;
	ops.sync_pir_to_irr = nullptr;
	ops.apicv_pre_state_restore = nullptr;
	ops.dy_apicv_has_pending_interrupt = nullptr;
}

Secondary wanted_apic_controls(const Vcpu &vcpu)
{
	Secondary wanted{};

	if (!kernel::lapic_in_kernel(vcpu.kvm))
		return wanted;
	if (!in_x2apic_mode(vcpu)) {
		if (has_apic_page(vcpu))
			wanted |= secondary::virtualize_apic_accesses;
	} else {
		wanted |= secondary::virtualize_x2apic;
	}
	if (apicv_active(vcpu))
		wanted |= secondary::apic_register_virtualization |
			  secondary::virtual_interrupt_delivery;
	return wanted & setup().config.secondary;
}

void initialise_apic(Vcpu &vcpu)
{
	const Current current = vcpu.current();

	if (setup().features.apicv) {
		constexpr u64 none = 0;

		write(current, f::eoi_exit_bitmap_0, none);
		write(current, f::eoi_exit_bitmap_1, none);
		write(current, f::eoi_exit_bitmap_2, none);
		write(current, f::eoi_exit_bitmap_3, none);
		write(current, f::guest_interrupt_status, u16{0});
	}
	initialise_posting(vcpu);
	set_controls(vcpu);
}

bool check_apicv_inhibit_reasons(kernel::kvm_apicv_inhibit reason)
{
	// The others are AMD's: what Intel's CPUs virtualize stands the PIT's reinjection,
	// interrupt windows and guests of the guest.
	return reason == kernel::APICV_INHIBIT_REASON_DISABLE ||
	       reason == kernel::APICV_INHIBIT_REASON_HYPERV ||
	       reason == kernel::APICV_INHIBIT_REASON_ABSENT ||
	       reason == kernel::APICV_INHIBIT_REASON_BLOCKIRQ ||
	       reason == kernel::APICV_INHIBIT_REASON_APIC_ID_MODIFIED ||
	       reason == kernel::APICV_INHIBIT_REASON_APIC_BASE_MODIFIED;
}

void refresh_apicv_exec_ctrl(kernel::kvm_vcpu *kvm)
{
	Vcpu &vcpu = vcpu_of(kvm);

	// The first reset writes all of the VMCS; L2's exit does when it returns to vmcs01.
	if (vcpu.initialised && !in_guest_mode(vcpu))
		renew_apic(vcpu);
}

void renew_apic(Vcpu &vcpu)
{
	kernel::kvm_vcpu *kvm = &vcpu.kvm;

	set_controls(vcpu);
	if (!apicv_active(vcpu))
		return;
	// Software has delivered since the CPU last did.
	const auto was = interrupt_status(vcpu);

	set_interrupt_status(vcpu, was,
			     was.with_requested(kernel::kvm_lapic_find_highest_irr(kvm)));
	kernel::kvm_apic_update_hwapic_isr(kvm);
}

void set_virtual_apic_mode(kernel::kvm_vcpu *kvm)
{
	Vcpu &vcpu = vcpu_of(kvm);

	if (!vcpu.initialised || in_guest_mode(vcpu))
		return;
	set_controls(vcpu);
	if (in_x2apic_mode(vcpu) && has_apic_page(vcpu))
		kernel::make_request(*kvm, kernel::KVM_REQ_APIC_PAGE_RELOAD);
}

void hwapic_irr_update(kernel::kvm_vcpu *kvm, int vector)
{
	Vcpu &vcpu = vcpu_of(kvm);

	// vmcs02 has L2's, if any; L1's follow when it returns.
	if (in_guest_mode(vcpu))
		return;
	const auto was = interrupt_status(vcpu);

	set_interrupt_status(vcpu, was, was.with_requested(vector));
}

void hwapic_isr_update(kernel::kvm_vcpu *kvm, int vector)
{
	Vcpu &vcpu = vcpu_of(kvm);

	if (in_guest_mode(vcpu))
		return;
	const auto was = interrupt_status(vcpu);

	set_interrupt_status(vcpu, was, was.with_in_service(vector));
}

void load_eoi_exitmap(kernel::kvm_vcpu *kvm, u64 *bitmap)
{
	const Current current = vcpu_of(kvm).current();

	write(current, f::eoi_exit_bitmap_0, bitmap[0]);
	write(current, f::eoi_exit_bitmap_1, bitmap[1]);
	write(current, f::eoi_exit_bitmap_2, bitmap[2]);
	write(current, f::eoi_exit_bitmap_3, bitmap[3]);
}

void deliver_interrupt(kernel::kvm_lapic *apic, int delivery_mode, int trigger_mode, int vector)
{
	kernel::kvm_vcpu *kvm = apic->vcpu;

	if (nested::is_notification(vcpu_of(kvm), static_cast<u8>(vector)))
		return;
	// That APICv may end right now is no harm: sync_pir_to_irr() looks in any case.
	if (__atomic_load_n(&apic->apicv_active, __ATOMIC_RELAXED)) {
		post_interrupt(vcpu_of(kvm), static_cast<u8>(vector));
	} else {
		kernel::set_irr(*apic, static_cast<u8>(vector));
		kernel::make_request(*kvm, kernel::KVM_REQ_EVENT);
		kernel::kvm_vcpu_kick(kvm);
	}
	kernel::trace_accept_interrupt(
		static_cast<unsigned>(kvm->vcpu_id), static_cast<unsigned short>(delivery_mode),
		static_cast<unsigned short>(trigger_mode), static_cast<unsigned char>(vector));
}

} // namespace backend
