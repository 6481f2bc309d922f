// SPDX-License-Identifier: GPL-2.0-only
#include "backend/vcpu/lifecycle.hpp"

#include "backend/exit/throttle.hpp"
#include "backend/hw/host_state.hpp"
#include "backend/hw/tlb.hpp"
#include "backend/hyperv/enlightenments.hpp"
#include "backend/nested/lifecycle.hpp"
#include "backend/setup.hpp"
#include "backend/vcpu/apic.hpp"
#include "backend/vcpu/apic_page.hpp"
#include "backend/vcpu/control_registers.hpp"
#include "backend/vcpu/cpuid.hpp"
#include "backend/vcpu/dirty_log.hpp"
#include "backend/vcpu/events.hpp"
#include "backend/vcpu/fill_buffers.hpp"
#include "backend/vcpu/instruction_controls.hpp"
#include "backend/vcpu/ipi_virtualization.hpp"
#include "backend/vcpu/msr_passthrough.hpp"
#include "backend/vcpu/msrs.hpp"
#include "backend/vcpu/pause_loop.hpp"
#include "backend/vcpu/real_mode.hpp"
#include "backend/vcpu/registers.hpp"
#include "backend/vcpu/segments.hpp"
#include "backend/vcpu/sgx.hpp"
#include "backend/vcpu/timing.hpp"
#include "backend/vcpu/user_return.hpp"
#include "kernel/errno.hpp"
#include "kernel/page.hpp"
#include "kernel/parameters.hpp"
#include "kernel/requests.hpp"
#include "kernel/vcpu.hpp"

namespace backend {

namespace {

constexpr u64 no_link = ~u64{0};

/// This vCPU's share of the configuration's primary controls.
Primary primary_controls(Vcpu &vcpu)
{
	const kernel::kvm &vm = *vcpu.kvm.kvm;
	Primary controls = setup().config.primary;

	if (setup().features.ept)
		controls &= ~(primary::cr3_load_exiting | primary::cr3_store_exiting |
			      primary::invlpg_exiting);
	// A vCPU whose APIC is in userspace has no page for the CPU to keep a TPR in.
	if (!kernel::lapic_in_kernel(vcpu.kvm)) {
		controls &= ~primary::use_tpr_shadow;
		controls |= primary::cr8_load_exiting | primary::cr8_store_exiting;
	}
	if (vm.arch.mwait_in_guest)
		controls &= ~(primary::mwait_exiting | primary::monitor_exiting);
	if (vm.arch.hlt_in_guest)
		controls &= ~primary::hlt_exiting;
	// What a hypervisor below forces stays, whatever this VM asked for.
	return controls | setup().capabilities.primary().allowed0;
}

Secondary secondary_controls(Vcpu &vcpu)
{
	// Off until something needs them; those of the APIC change with its mode.
	constexpr Secondary later =
		secondary::enable_pml | secondary::descriptor_table_exiting | apic_controls;
	constexpr Secondary of_the_vm =
		secondary::bus_lock_detection | secondary::instruction_timeout;
	Secondary controls =
		(setup().config.secondary & ~later & ~of_the_vm) | throttle_controls(vcpu);

	if (!vcpu.vpid)
		controls &= ~secondary::enable_vpid;
	if (vcpu.kvm.kvm->arch.pause_in_guest)
		controls &= ~secondary::pause_loop_exiting;
	return controls;
}

void initialise_controls(Vcpu &vcpu)
{
	const auto &config = setup().config;
	const Current current = vcpu.current();

	// Off until something needs them.
	vcpu.vmcs01.pin.initialise(current,
				   config.pin & ~(pin::preemption_timer | pin::posted_interrupts));
	vcpu.vmcs01.primary.initialise(current, primary_controls(vcpu));
	if (config.primary.has(primary::activate_secondary))
		vcpu.vmcs01.secondary.initialise(current, secondary_controls(vcpu));
	update_instruction_controls(vcpu);
	vcpu.vmcs01.exit.initialise(current,
				    config.exit & ~exit::load_efer & ~exit::load_perf_global_ctrl);
	vcpu.vmcs01.entry.initialise(current, config.entry & ~entry::load_efer &
						      ~entry::load_perf_global_ctrl);
}

/// What stays as it is for the life of the vCPU.
void initialise_constants(Vcpu &vcpu)
{
	const Current current = vcpu.current();

	initialise_shared_constants(vcpu);
	vcpu.msr_lists.initialise(current, kernel::physical(&vcpu.msr_lists));
	if (vcpu.msr_bitmap)
		write(current, f::msr_bitmap, u64{kernel::physical(vcpu.msr_bitmap)});
	initialise_dirty_log(vcpu);
	initialise_sgx(vcpu);
	choose_fill_buffer_clearing(vcpu);
	if (vcpu.vmcs01.secondary.get().has(secondary::enable_vpid))
		write(current, f::virtual_processor_id, vcpu.vpid);
	if (vcpu.vmcs01.secondary.get().has(secondary::enable_xsaves))
		write(current, f::xss_exiting_bitmap, u64{0});
	if (vcpu.vmcs01.primary.get().has(primary::use_tpr_shadow))
		write(current, f::virtual_apic_page_address,
		      u64{kernel::physical(vcpu.kvm.arch.apic->regs)});
}

void initialise_vmcs(Vcpu &vcpu)
{
	initialise_controls(vcpu);
	initialise_constants(vcpu);
	initialise_apic(vcpu);
	hw::write_constant_host_state(vcpu.vmcs01);
	write_guest_host_masks(vcpu);
	vcpu.initialised = true;
}

/// What the in-kernel APIC needs beyond the VMCS. @return 0 or -errno.
int create_apic(Vcpu &vcpu)
{
	vcpu.waiting.next = vcpu.waiting.previous = &vcpu.waiting;
	vcpu.posting_cpu = -1;
	if (!kernel::lapic_in_kernel(vcpu.kvm))
		return 0;
	if (setup().features.apic_page)
		if (const int error = create_apic_page(vm_of(vcpu)))
			return error;
	enter_pid_table(vcpu);
	return 0;
}

/// All of it, or an error: release() then takes back what there is.
int allocate(Vcpu &vcpu)
{
	if (const int error = create_identity_map(vm_of(vcpu)))
		return error;
	if (setup().features.msr_bitmap) {
		vcpu.msr_bitmap = static_cast<hw::MsrBitmap *>(kernel::allocate_zeroed_page());
		if (!vcpu.msr_bitmap)
			return -kernel::ENOMEM;
		initialise_msr_bitmap(vcpu);
	}
	if (const int error = create_dirty_log(vcpu))
		return error;
	if (const int error = vcpu.vmcs01.create())
		return error;
	hyperv::initialise_enlightenments(vcpu);
	return create_apic(vcpu);
}

void release(Vcpu &vcpu)
{
	vcpu.vmcs01.destroy();
	free_dirty_log(vcpu);
	if (vcpu.msr_bitmap)
		kernel::free_page_at(vcpu.msr_bitmap);
}

} // namespace

int vm_init(kernel::kvm *kvm)
{
	// PAUSE exits only where it tells a spinning vCPU from a waiting one.
	if (!setup().config.secondary.has(secondary::pause_loop_exiting))
		kvm->arch.pause_in_guest = true;
	kernel::warn_of_l1d();
	return 0;
}

void initialise_shared_constants(Vcpu &vcpu)
{
	const Current current = vcpu.current();

	write(current, f::vmcs_link_pointer, no_link);
	write(current, f::page_fault_error_code_mask, u32{0});
	write(current, f::page_fault_error_code_match, u32{0});
	write(current, f::cr3_target_count, u32{0});
	write(current, f::exit_msr_store_count, u32{0});
	initialise_throttle(vcpu);
	if (vcpu.vmcs().secondary.get().has(secondary::pause_loop_exiting))
		initialise_pause_loop(vcpu);
}

int vcpu_create(kernel::kvm_vcpu *kvm)
{
	Vcpu &vcpu = vcpu_of(kvm);

	if (const int error = allocate(vcpu)) {
		release(vcpu);
		return error;
	}
	vcpu.loaded = &vcpu.vmcs01;
	nested::create(vcpu);
	vcpu.vpid = hw::allocate_vpid();
	// IA32_BIOS_SIGN_ID: a revision that no guest takes for "none loaded".
	kvm->arch.microcode_version = u64{1} << 32;
	// Here, since the vCPU may be scheduled in before its VMCS has been initialised.
	vcpu.pause_window = parameter_ple_window;
	initialise_user_return(vcpu);
	return 0;
}

void vcpu_free(kernel::kvm_vcpu *kvm)
{
	Vcpu &vcpu = vcpu_of(kvm);

	nested::destroy(vcpu);
	leave_pid_table(vcpu);
	hw::free_vpid(vcpu.vpid);
	release(vcpu);
}

void vcpu_reset(kernel::kvm_vcpu *kvm, bool init_event)
{
	Vcpu &vcpu = vcpu_of(kvm);
	const Current current = vcpu.current();

	if (!vcpu.initialised)
		initialise_vmcs(vcpu);

	reset_segments(vcpu);
	reset_msrs(vcpu, init_event);
	write(current, f::guest_gdtr_base, u64{0});
	write(current, f::guest_gdtr_limit, u32{0xffff});
	write(current, f::guest_idtr_base, u64{0});
	write(current, f::guest_idtr_limit, u32{0xffff});
	write(current, f::guest_activity_state, static_cast<u32>(Activity::active));
	write(current, f::guest_interruptibility, u32{0});
	write(current, f::guest_pending_debug_exceptions, u64{0});
	write(current, f::entry_interruption_info, u32{0});
	if (vcpu.vmcs01.primary.get().has(primary::use_tpr_shadow))
		write(current, f::tpr_threshold, u32{0});
	kernel::make_request(*kvm, kernel::KVM_REQ_APIC_PAGE_RELOAD);
	hw::flush_vpid(vcpu.vpid);
}

void setup_mce(kernel::kvm_vcpu *kvm)
{
	Vcpu &vcpu = vcpu_of(kvm);

	// Userspace that takes LMCE away takes it from what the guest may set, too.
	if (!(kvm->arch.mcg_cap & mcg_lmce))
		vcpu.feature_control &= ~feature_control::lmce;
}

} // namespace backend
