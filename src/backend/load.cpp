// SPDX-License-Identifier: GPL-2.0-only
#include "backend/load.hpp"

#include "backend/hw/capabilities.hpp"
#include "backend/hw/cpu.hpp"
#include "backend/hw/tlb.hpp"
#include "backend/hyperv/enlightenments.hpp"
#include "backend/nested/capabilities.hpp"
#include "backend/nested/shadowing.hpp"
#include "backend/vcpu/cpuid.hpp"
#include "backend/vcpu/dirty_log.hpp"
#include "backend/vcpu/msrs.hpp"
#include "backend/vcpu/pmu.hpp"
#include "backend/vcpu/posted_interrupts.hpp"
#include "kernel/cpu.hpp"
#include "kernel/errno.hpp"
#include "kernel/ops.hpp"
#include "kernel/print.hpp"

namespace backend {

namespace {

int max_ept_level()
{
	return setup().config.ept_vpid.has(ept_vpid_cap::page_walk_5) ? 5 : 4;
}

/// Page levels as kvm.ko counts them: 1 is 4 KByte.
int max_huge_page_level()
{
	if (setup().config.ept_vpid.has(ept_vpid_cap::page_1g))
		return 3;
	return setup().config.ept_vpid.has(ept_vpid_cap::page_2m) ? 2 : 1;
}

/// Physical address bits that the CPU uses as key IDs for memory encryption: the kernel counts them
/// out of the width that CPUID reports, and EPT entries of a guest must not hold them.
u64 encryption_mask()
{
	const unsigned reported = hw::physical_address_bits();
	const unsigned usable = kernel::boot_cpu_data.x86_phys_bits;

	return reported > usable ? (bit(reported) - 1) & ~(bit(usable) - 1) : 0;
}

void tell_mmu()
{
	const bool ept = setup().features.ept;

	if (ept)
		kernel::kvm_mmu_set_ept_masks(
			setup().features.ept_ad,
			setup().config.ept_vpid.has(ept_vpid_cap::execute_only));
	kernel::kvm_mmu_set_me_spte_mask(0, encryption_mask());
	// Without EPT the levels are those of the host's own paging, which kvm.ko knows.
	kernel::kvm_configure_mmu(ept, 0, ept ? max_ept_level() : 0,
				  ept ? max_huge_page_level() : 0);
}

/// What of the table of operations depends on the CPU; kvm.ko reads it after hardware_setup().
void adjust_operations(kernel::kvm_x86_ops &ops)
{
	ops.cpu_dirty_log_size = setup().features.pml ? dirty_log_entries : 0;
	hyperv::choose_operations(ops);
}

void tell_caps()
{
	kernel::kvm_caps.supported_mce_cap |= mcg_lmce | mcg_cmci;
	kernel::kvm_caps.supported_xss = 0;
	kernel::kvm_caps.supported_perf_cap = pmu::supported_capabilities();
	kernel::kvm_caps.has_tsc_control = setup().features.tsc_scaling;
	// A 64-bit multiplier with the binary point at bit 48 (SDM, "Time-Stamp Counter
	// Multiplier").
	kernel::kvm_caps.tsc_scaling_ratio_frac_bits = 48;
	kernel::kvm_caps.max_tsc_scaling_ratio = ~u64{0};
	kernel::kvm_caps.has_bus_lock_exit =
		setup().config.secondary.has(secondary::bus_lock_detection);
	kernel::kvm_caps.has_notify_vmexit =
		setup().config.secondary.has(secondary::instruction_timeout);
}

} // namespace

int cpu_has_kvm_support()
{
	return hw::cpuid_has_vmx();
}

int disabled_by_bios()
{
	return !kernel::cpu_has(kernel::X86_FEATURE_MSR_IA32_FEAT_CTL) ||
	       !kernel::cpu_has(kernel::X86_FEATURE_VMX);
}

int hardware_setup()
{
	if (const int error = hw::Cpu::allocate_all())
		return error;
	if (const int error = nested::create_shadowing()) {
		hw::Cpu::free_all();
		return error;
	}
	if (const int error = kernel::kvmxx_l1d_flush_init(setup().features.ept)) {
		nested::destroy_shadowing();
		hw::Cpu::free_all();
		return error;
	}
	if (kernel::cpu_has(kernel::X86_FEATURE_NX))
		kernel::kvm_enable_efer_bits(efer::nx);
	tell_mmu();
	// Before kvm.ko draws up its CPUID: it offers RDTSCP only where TSC_AUX is switched.
	register_user_return_msrs();
	set_cpu_caps();
	nested::choose_offer();
	tell_caps();
	adjust_operations(*kernel::init_ops.runtime_ops);
	start_wakeups();
	kernel::cpu_emergency_register_virt_callback(hw::Cpu::emergency_disable);
	return 0;
}

void hardware_unsetup()
{
	kernel::cpu_emergency_unregister_virt_callback(hw::Cpu::emergency_disable);
	stop_wakeups();
	kernel::kvmxx_l1d_flush_exit();
	nested::destroy_shadowing();
	hw::Cpu::free_all();
}

int hardware_enable()
{
	// kvm.ko compares CPUs at load only; this one may have come online since. It is used all
	// the same: where VMs run kvm.ko lets vCPUs on it whatever is returned here, and where none
	// does it would refuse all VMs.
	(void)check_processor_compatibility();
	if (const int error = hw::Cpu::this_cpu().enable())
		return error;
	hw::flush_everything();
	return 0;
}

void hardware_disable()
{
	hw::Cpu::this_cpu().disable();
}

} // namespace backend
