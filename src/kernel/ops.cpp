// SPDX-License-Identifier: GPL-2.0-only
//
// The tables through which kvm.ko reaches the backend.
#include "kernel/ops.hpp"

#include "backend/exit/dispatch.hpp"
#include "backend/exit/fast.hpp"
#include "backend/load.hpp"
#include "backend/nested/events.hpp"
#include "backend/nested/evmcs.hpp"
#include "backend/nested/lifecycle.hpp"
#include "backend/nested/page_log.hpp"
#include "backend/nested/save.hpp"
#include "backend/vcpu/apic.hpp"
#include "backend/vcpu/apic_page.hpp"
#include "backend/vcpu/control_registers.hpp"
#include "backend/vcpu/cpuid.hpp"
#include "backend/vcpu/debug.hpp"
#include "backend/vcpu/device_interrupts.hpp"
#include "backend/vcpu/dirty_log.hpp"
#include "backend/vcpu/emulation.hpp"
#include "backend/vcpu/events.hpp"
#include "backend/vcpu/host_switch.hpp"
#include "backend/vcpu/ipi_virtualization.hpp"
#include "backend/vcpu/lifecycle.hpp"
#include "backend/vcpu/msrs.hpp"
#include "backend/vcpu/pause_loop.hpp"
#include "backend/vcpu/pmu.hpp"
#include "backend/vcpu/posted_interrupts.hpp"
#include "backend/vcpu/real_mode.hpp"
#include "backend/vcpu/registers.hpp"
#include "backend/vcpu/run.hpp"
#include "backend/vcpu/segments.hpp"
#include "backend/vcpu/timing.hpp"
#include "backend/vcpu/tlb.hpp"

namespace kernel {

namespace {

// clang-format off
constinit kvm_x86_nested_ops nested_ops = {
	.leave_nested           = backend::nested::leave_nested,
	.is_exception_vmexit    = backend::nested::is_exception_vmexit,
	.check_events           = backend::nested::check_events,
	.has_events             = backend::nested::has_events,
	.triple_fault           = backend::nested::triple_fault,
	.get_state              = backend::nested::get_state,
	.set_state              = backend::nested::set_state,
	.get_nested_state_pages = backend::nested::get_nested_state_pages,
	.write_log_dirty        = backend::nested::write_log_dirty,
	.enable_evmcs           = backend::nested::enable_evmcs,
	.get_evmcs_version      = backend::nested::get_evmcs_version,
};

constinit kvm_x86_ops ops = {
	.name                          = "kvm_intel",

	.hardware_enable               = backend::hardware_enable,
	.hardware_disable              = backend::hardware_disable,
	.hardware_unsetup              = backend::hardware_unsetup,
	.has_emulated_msr              = backend::has_emulated_msr,
	.vcpu_after_set_cpuid          = backend::vcpu_after_set_cpuid,

	.vm_size                       = sizeof(backend::Vm),
	.vm_init                       = backend::vm_init,
	.vm_destroy                    = backend::vm_destroy,
	.vcpu_precreate                = backend::vcpu_precreate,
	.vcpu_create                   = backend::vcpu_create,
	.vcpu_free                     = backend::vcpu_free,
	.vcpu_reset                    = backend::vcpu_reset,

	.prepare_switch_to_guest       = backend::prepare_switch_to_guest,
	.vcpu_load                     = backend::vcpu_load,
	.vcpu_put                      = backend::vcpu_put,
	.HOST_OWNED_DEBUGCTL           = vmx::debugctl::freeze_in_smm,

	.update_exception_bitmap       = backend::update_exception_bitmap,
	.get_msr                       = backend::get_msr,
	.set_msr                       = backend::set_msr,
	.get_segment_base              = backend::get_segment_base,
	.get_segment                   = backend::get_segment,
	.get_cpl                       = backend::get_cpl,
	.set_segment                   = backend::set_segment,
	.get_cs_db_l_bits              = backend::get_cs_db_l_bits,
	.is_valid_cr0                  = backend::is_valid_cr0,
	.set_cr0                       = backend::set_cr0,
	.is_valid_cr4                  = backend::is_valid_cr4,
	.set_cr4                       = backend::set_cr4,
	.set_efer                      = backend::set_efer,
	.get_idt                       = backend::get_idt,
	.set_idt                       = backend::set_idt,
	.get_gdt                       = backend::get_gdt,
	.set_gdt                       = backend::set_gdt,
	.sync_dirty_debug_regs         = backend::sync_dirty_debug_regs,
	.set_dr7                       = backend::set_dr7,
	.cache_reg                     = backend::cache_register,
	.get_rflags                    = backend::get_rflags,
	.set_rflags                    = backend::set_rflags,
	.get_if_flag                   = backend::get_if_flag,

	.flush_tlb_all                 = backend::flush_tlb_all,
	.flush_tlb_current             = backend::flush_tlb_current,
	.flush_tlb_gva                 = backend::flush_tlb_gva,
	.flush_tlb_guest               = backend::flush_tlb_guest,

	.vcpu_pre_run                  = backend::vcpu_pre_run,
	.vcpu_run                      = backend::vcpu_run,
	.handle_exit                   = backend::handle_exit,
	.skip_emulated_instruction     = backend::skip_emulated_instruction,
	.update_emulated_instruction   = backend::update_emulated_instruction,
	.set_interrupt_shadow          = backend::set_interrupt_shadow,
	.get_interrupt_shadow          = backend::get_interrupt_shadow,
	.patch_hypercall               = backend::patch_hypercall,
	.inject_irq                    = backend::inject_irq,
	.inject_nmi                    = backend::inject_nmi,
	.inject_exception              = backend::inject_exception,
	.cancel_injection              = backend::cancel_injection,
	.interrupt_allowed             = backend::interrupt_allowed,
	.nmi_allowed                   = backend::nmi_allowed,
	.get_nmi_mask                  = backend::get_nmi_mask,
	.set_nmi_mask                  = backend::set_nmi_mask,
	.enable_nmi_window             = backend::enable_nmi_window,
	.enable_irq_window             = backend::enable_irq_window,
	.update_cr8_intercept          = backend::update_cr8_intercept,

	.x2apic_icr_is_split           = false,
	.check_apicv_inhibit_reasons   = backend::check_apicv_inhibit_reasons,
	.refresh_apicv_exec_ctrl       = backend::refresh_apicv_exec_ctrl,
	.hwapic_irr_update             = backend::hwapic_irr_update,
	.hwapic_isr_update             = backend::hwapic_isr_update,
	.load_eoi_exitmap              = backend::load_eoi_exitmap,
	.set_virtual_apic_mode         = backend::set_virtual_apic_mode,
	.set_apic_access_page_addr     = backend::set_apic_access_page_addr,
	.deliver_interrupt             = backend::deliver_interrupt,
	.sync_pir_to_irr               = backend::sync_pir_to_irr,
	.set_tss_addr                  = backend::set_tss_address,
	.set_identity_map_addr         = backend::set_identity_map_address,
	.get_mt_mask                   = backend::get_mt_mask,

	.load_mmu_pgd                  = backend::load_mmu_pgd,
	.has_wbinvd_exit               = backend::has_wbinvd_exit,

	.get_l2_tsc_offset             = backend::get_l2_tsc_offset,
	.get_l2_tsc_multiplier         = backend::get_l2_tsc_multiplier,
	.write_tsc_offset              = backend::write_tsc_offset,
	.write_tsc_multiplier          = backend::write_tsc_multiplier,

	.get_exit_info                 = backend::get_exit_info,
	.check_intercept               = backend::check_intercept,
	.handle_exit_irqoff            = backend::handle_exit_irqoff,
	.sched_in                      = backend::sched_in,
	.update_cpu_dirty_logging      = backend::update_cpu_dirty_logging,
	.nested_ops                    = &nested_ops,

	.pi_update_irte                = backend::pi_update_irte,
	.pi_start_assignment           = backend::pi_start_assignment,
	.apicv_pre_state_restore       = backend::apicv_pre_state_restore,
	.dy_apicv_has_pending_interrupt = backend::dy_apicv_has_pending_interrupt,

	.set_hv_timer                  = backend::set_hv_timer,
	.cancel_hv_timer               = backend::cancel_hv_timer,

	.setup_mce                     = backend::setup_mce,
	.smi_allowed                   = backend::smi_allowed,
	.enter_smm                     = backend::enter_smm,
	.leave_smm                     = backend::leave_smm,
	.enable_smi_window             = backend::enable_smi_window,

	.get_msr_feature               = backend::get_msr_feature,
	.can_emulate_instruction       = backend::can_emulate_instruction,
	.apic_init_signal_blocked      = backend::apic_init_signal_blocked,
	.msr_filter_changed            = backend::msr_filter_changed,
	.complete_emulated_msr         = backend::complete_emulated_msr,
	.vcpu_deliver_sipi_vector      = backend::vcpu_deliver_sipi_vector,
};

constinit kvm_pmu_ops pmu_ops = {
	.hw_event_available = backend::pmu::hw_event_available,
	.pmc_is_enabled     = backend::pmu::pmc_is_enabled,
	.pmc_idx_to_pmc     = backend::pmu::pmc_idx_to_pmc,
	.rdpmc_ecx_to_pmc   = backend::pmu::rdpmc_ecx_to_pmc,
	.msr_idx_to_pmc     = backend::pmu::msr_idx_to_pmc,
	.is_valid_rdpmc_ecx = backend::pmu::is_valid_rdpmc_ecx,
	.is_valid_msr       = backend::pmu::is_valid_msr,
	.get_msr            = backend::pmu::get_msr,
	.set_msr            = backend::pmu::set_msr,
	.refresh            = backend::pmu::refresh,
	.init               = backend::pmu::init,
	.reset              = backend::pmu::reset,
};
// clang-format on

} // namespace

void choose_operations()
{
	backend::choose_apic_operations(ops);
}

constinit kvm_x86_init_ops init_ops = {
	.cpu_has_kvm_support = backend::cpu_has_kvm_support,
	.disabled_by_bios = backend::disabled_by_bios,
	.check_processor_compatibility = backend::check_processor_compatibility,
	.hardware_setup = backend::hardware_setup,
	.runtime_ops = &ops,
	.pmu_ops = &pmu_ops,
};

} // namespace kernel
