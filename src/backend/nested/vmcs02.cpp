// SPDX-License-Identifier: GPL-2.0-only
#include "backend/nested/vmcs02.hpp"

#include "backend/hw/host_state.hpp"
#include "backend/hw/tlb.hpp"
#include "backend/nested/direct_flush.hpp"
#include "backend/nested/guest_mode.hpp"
#include "backend/nested/guest_state.hpp"
#include "backend/nested/msr_bitmap.hpp"
#include "backend/nested/pages.hpp"
#include "backend/nested/vm_functions.hpp"
#include "backend/setup.hpp"
#include "backend/vcpu/apic.hpp"
#include "backend/vcpu/apic_page.hpp"
#include "backend/vcpu/control_registers.hpp"
#include "backend/vcpu/events.hpp"
#include "backend/vcpu/host_switch.hpp"
#include "backend/vcpu/lifecycle.hpp"
#include "backend/vcpu/posted_interrupts.hpp"
#include "backend/vcpu/registers.hpp"
#include "backend/vcpu/sgx.hpp"
#include "backend/vcpu/timing.hpp"
#include "kernel/cpu.hpp"
#include "kernel/page.hpp"
#include "kernel/requests.hpp"

namespace backend::nested {

namespace {

// What changes while a guest runs: kept as it is by whoever writes the rest of the word.
constexpr Pin running_pin = pin::preemption_timer;
constexpr Primary running_primary = primary::interrupt_window_exiting | primary::nmi_window_exiting;
constexpr Exit running_exit = exit::load_efer | exit::load_perf_global_ctrl;
constexpr Entry running_entry =
	entry::ia32e_mode_guest | entry::load_efer | entry::load_perf_global_ctrl;

/// L1 alone decides about these: for L2 they are features, not exits.
constexpr Secondary features12 = secondary::enable_rdtscp | secondary::enable_invpcid |
				 secondary::enable_xsaves | secondary::enable_user_wait_pause |
				 secondary::unrestricted_guest;

/// What L1 may ask for and L0 does by its own means: with EPT and VPIDs of its own, VM functions
/// and VMREAD in software, PML in kvm.ko's page walk, TSC scaling in one multiplier for both
/// levels.
constexpr Secondary in_software = secondary::enable_ept | secondary::enable_vpid |
				  secondary::enable_vmfunc | secondary::vmcs_shadowing |
				  secondary::enable_pml | secondary::use_tsc_scaling;

/// What either level wants; what changes while a guest runs stays as vmcs02 has it.
template <class Mask> Mask merge(Mask l0, Mask l1, Mask running, Mask now)
{
	return ((l0 | l1) & ~running) | (now & running);
}

Pin pin_controls(Vcpu &vcpu)
{
	// L1's descriptor comes with its page (pages.cpp).
	constexpr Pin own = running_pin | pin::posted_interrupts;

	return merge(vcpu.vmcs01.pin.get() & ~own, pin12(vcpu) & ~own, running_pin,
		     vcpu.nested.vmcs02.pin.get());
}

Primary primary_controls(Vcpu &vcpu)
{
	const Primary l1 = primary12(vcpu);
	Primary l0 = vcpu.vmcs01.primary.get() &
		     ~(primary::use_tpr_shadow | primary::use_msr_bitmaps | running_primary);

	// Without a TPR of its own L2 sees L1's, which L0 keeps.
	if (!l1.has(primary::use_tpr_shadow))
		l0 |= primary::cr8_load_exiting | primary::cr8_store_exiting;
	else if (!l1.has_any(primary::cr8_load_exiting | primary::cr8_store_exiting))
		l0 &= ~(primary::cr8_load_exiting | primary::cr8_store_exiting);

	// L0 sees to all of L2's I/O by itself. L1's windows are real ones, besides L0's.
	Primary both = (l0 | l1) & ~(primary::use_io_bitmaps | primary::use_msr_bitmaps |
				     primary::activate_secondary | primary::activate_tertiary);

	both |= primary::unconditional_io_exiting;
	if (l1.has(primary::use_msr_bitmaps))
		both |= primary::use_msr_bitmaps;
	// What vmcs02 needs whether L1 knows of it or not.
	both |= vcpu.vmcs01.primary.get() & primary::activate_secondary;
	return both;
}

Secondary secondary_controls(Vcpu &vcpu)
{
	const Secondary l1 = secondary12(vcpu);
	Secondary l0 =
		vcpu.vmcs01.secondary.get() &
		~(features12 | apic_controls | secondary::enable_pml | secondary::vmcs_shadowing);

	if (has_vpid02(vcpu))
		l0 |= secondary::enable_vpid;
	// L2 shares L1's guest-physical addresses, its APIC among them. A VMCS has either this or
	// the x2APIC: there L2 finds a page of memory that nobody else looks at.
	if (!has_ept12(vcpu) && has_apic_page(vcpu) && !l1.has(secondary::virtualize_x2apic))
		l0 |= secondary::virtualize_apic_accesses;
	if (l1.has(secondary::enable_vmfunc) && cpu_has_vm_functions())
		l0 |= secondary::enable_vmfunc;
	return l0 | (l1 & ~in_software);
}

void write_control_words(Vcpu &vcpu)
{
	const Current current = vcpu.current();
	auto &vmcs02 = vcpu.nested.vmcs02;

	vmcs02.pin.set(current, pin_controls(vcpu));
	vmcs02.primary.set(current, primary_controls(vcpu));
	if (vcpu.vmcs01.primary.get().has(primary::activate_secondary))
		vmcs02.secondary.set(current, secondary_controls(vcpu));
	vmcs02.exit.set(current,
			merge(vcpu.vmcs01.exit.get(), Exit{}, running_exit, vmcs02.exit.get()));
	vmcs02.entry.set(current, merge(vcpu.vmcs01.entry.get(), Entry{}, running_entry,
					vmcs02.entry.get()));
	update_mov_dr_exiting(vcpu);
}

/// What no run changes.
void write_constants(Vcpu &vcpu)
{
	const Current current = vcpu.current();
	auto &vmcs02 = vcpu.nested.vmcs02;

	vmcs02.pin.initialise(current, {});
	vmcs02.primary.initialise(current, {});
	if (vcpu.vmcs01.primary.get().has(primary::activate_secondary))
		vmcs02.secondary.initialise(current, {});
	vmcs02.exit.initialise(current, vcpu.vmcs01.exit.get() & ~running_exit);
	vmcs02.entry.initialise(current, vcpu.vmcs01.entry.get() & ~running_entry);

	write_control_words(vcpu);
	initialise_shared_constants(vcpu);
	vcpu.msr_lists.place(current, kernel::physical(&vcpu.msr_lists));
	if (setup().features.msr_bitmap)
		write(current, f::msr_bitmap, u64{kernel::physical(vcpu.nested.msr_bitmap)});
	vcpu.nested.msr_bitmap->intercept_all();
	if (setup().config.secondary.has(secondary::enable_xsaves))
		write(current, f::xss_exiting_bitmap, u64{0});
	if (setup().features.posted_interrupts)
		write(current, f::posted_interrupt_notification_vector,
		      u16{kernel::POSTED_INTR_NESTED_VECTOR});
	{
		// It starts without the host's segments, which may be saved already.
		kernel::PreemptOff guard;

		hw::write_constant_host_state(vmcs02);
		renew_host_segment_state(vcpu);
	}
	vcpu.nested.vmcs02_written = true;
	vcpu.nested.dirty = dirty_all;
}

/// Of the fields behind the control words, those that L1 seldom changes.
void write_control_fields(Vcpu &vcpu)
{
	const Current current = vcpu.current();
	const Vmcs12 &vmcs12 = *vcpu.nested.vmcs12;
	const Secondary controls = vcpu.vmcs().secondary.get();

	// None without an exit.
	if (controls.has(secondary::enable_vmfunc))
		write(current, f::vm_function_controls, u64{0});
	if (controls.has(secondary::enable_vpid))
		write(current, f::virtual_processor_id,
		      has_vpid02(vcpu) ? vcpu.nested.vpid02 : vcpu.vpid);
	if (controls.has(secondary::virtual_interrupt_delivery)) {
		write(current, f::eoi_exit_bitmap_0, vmcs12.eoi_exit_bitmap_0);
		write(current, f::eoi_exit_bitmap_1, vmcs12.eoi_exit_bitmap_1);
		write(current, f::eoi_exit_bitmap_2, vmcs12.eoi_exit_bitmap_2);
		write(current, f::eoi_exit_bitmap_3, vmcs12.eoi_exit_bitmap_3);
	}
	if (controls.has(secondary::enable_xsaves))
		write(current, f::xss_exiting_bitmap, vmcs12.xss_exiting_bitmap);
	if (controls.has(secondary::encls_exiting))
		write(current, f::encls_exiting_bitmap,
		      exiting_encls_leaves(vcpu) | (secondary12(vcpu).has(secondary::encls_exiting)
							    ? vmcs12.encls_exiting_bitmap
							    : 0));
}

void write_tsc(Vcpu &vcpu)
{
	auto &arch = vcpu.kvm.arch;
	const u64 offset = get_l2_tsc_offset(&vcpu.kvm);
	const u64 multiplier = get_l2_tsc_multiplier(&vcpu.kvm);

	arch.tsc_offset =
		kernel::kvm_calc_nested_tsc_offset(arch.l1_tsc_offset, offset, multiplier);
	arch.tsc_scaling_ratio =
		kernel::kvm_calc_nested_tsc_multiplier(arch.l1_tsc_scaling_ratio, multiplier);
	write_tsc_offset(&vcpu.kvm, arch.tsc_offset);
	write_tsc_multiplier(&vcpu.kvm, arch.tsc_scaling_ratio);
}

/// What the architecture drops at VM entry without VPIDs, and what L1's VPID last stood for.
void flush_for_entry(Vcpu &vcpu)
{
	Nested &nested = vcpu.nested;

	if (!has_vpid02(vcpu)) {
		kernel::make_request(vcpu.kvm, kernel::KVM_REQ_TLB_FLUSH_GUEST);
	} else if (nested.vmcs12->virtual_processor_id != nested.last_vpid12 ||
		   must_flush_for_l2(vcpu)) {
		nested.last_vpid12 = nested.vmcs12->virtual_processor_id;
		hw::flush_vpid(nested.vpid02);
	}
}

} // namespace

void switch_to(Vcpu &vcpu, hw::Vmcs &vmcs)
{
	kernel::PreemptOff guard;

	vcpu.loaded = &vmcs;
	if (vmcs.load_beside(kernel::this_cpu_id()))
		kernel::make_request(vcpu.kvm, kernel::KVM_REQ_TLB_FLUSH);
	renew_host_segment_state(vcpu);
	vcpu.segments.forget();
	vcpu.real_mode.checked = false;
	vcpu.kvm.arch.regs_avail &= ~lazily_read;
	vcpu.kvm.arch.regs_dirty = 0;
}

void update_mov_dr_exiting(Vcpu &vcpu)
{
	const bool free = vcpu.kvm.arch.switch_db_regs & kernel::KVM_DEBUGREG_WONT_EXIT &&
			  !(in_guest_mode(vcpu) && primary12(vcpu).has(primary::mov_dr_exiting));

	if (free)
		vcpu.vmcs().primary.remove(vcpu.current(), primary::mov_dr_exiting);
	else
		vcpu.vmcs().primary.add(vcpu.current(), primary::mov_dr_exiting);
}

void write_vmcs02(Vcpu &vcpu)
{
	Nested &nested = vcpu.nested;
	const Current current = vcpu.current();
	const Vmcs12 &vmcs12 = *nested.vmcs12;

	if (!nested.vmcs02_written)
		write_constants(vcpu);
	else
		write_control_words(vcpu);
	if (nested.dirty & dirty_controls)
		write_control_fields(vcpu);
	if (nested.dirty & dirty_guest)
		write_rare_guest_state(vcpu);
	merge_msr_bitmap(vcpu);
	nested.dirty = 0;
	vcpu.msr_lists.write_counts(current);
	write_tsc(vcpu);
	update_exception_bitmap(&vcpu.kvm);
	flush_for_entry(vcpu);

	if (primary12(vcpu).has(primary::use_tpr_shadow))
		write(current, f::tpr_threshold, vmcs12.tpr_threshold);
	if (secondary12(vcpu).has(secondary::virtual_interrupt_delivery))
		write(current, f::guest_interrupt_status, vmcs12.guest_interrupt_status);
}

} // namespace backend::nested
