// SPDX-License-Identifier: GPL-2.0-only
#pragma once

#include "vmx/field.hpp"

/// The VMCS fields by the SDM's names ("Field Encoding in VMCS").
namespace vmx::field {

/// The name of the field with that encoding, null if there is none. field_list.hpp has them all.
template <u32 Encoding> inline constexpr const char *name_of = nullptr;

// clang-format off
#define VMX_FIELD(encoding, name)                               \
	inline constexpr Field<encoding> name{};                \
	template <> inline constexpr const char *name_of<encoding> = #name

VMX_FIELD(0x0000, virtual_processor_id);
VMX_FIELD(0x0002, posted_interrupt_notification_vector);
VMX_FIELD(0x0004, eptp_index);
VMX_FIELD(0x0006, hlat_prefix_size);
VMX_FIELD(0x0008, last_pid_pointer_index);

VMX_FIELD(0x0800, guest_es_selector);
VMX_FIELD(0x0802, guest_cs_selector);
VMX_FIELD(0x0804, guest_ss_selector);
VMX_FIELD(0x0806, guest_ds_selector);
VMX_FIELD(0x0808, guest_fs_selector);
VMX_FIELD(0x080a, guest_gs_selector);
VMX_FIELD(0x080c, guest_ldtr_selector);
VMX_FIELD(0x080e, guest_tr_selector);
VMX_FIELD(0x0810, guest_interrupt_status);
VMX_FIELD(0x0812, pml_index);
VMX_FIELD(0x0814, guest_uinv);

VMX_FIELD(0x0c00, host_es_selector);
VMX_FIELD(0x0c02, host_cs_selector);
VMX_FIELD(0x0c04, host_ss_selector);
VMX_FIELD(0x0c06, host_ds_selector);
VMX_FIELD(0x0c08, host_fs_selector);
VMX_FIELD(0x0c0a, host_gs_selector);
VMX_FIELD(0x0c0c, host_tr_selector);

VMX_FIELD(0x2000, io_bitmap_a);
VMX_FIELD(0x2002, io_bitmap_b);
VMX_FIELD(0x2004, msr_bitmap);
VMX_FIELD(0x2006, exit_msr_store_address);
VMX_FIELD(0x2008, exit_msr_load_address);
VMX_FIELD(0x200a, entry_msr_load_address);
VMX_FIELD(0x200c, executive_vmcs_pointer);
VMX_FIELD(0x200e, pml_address);
VMX_FIELD(0x2010, tsc_offset);
VMX_FIELD(0x2012, virtual_apic_page_address);
VMX_FIELD(0x2014, apic_access_address);
VMX_FIELD(0x2016, posted_interrupt_descriptor_address);
VMX_FIELD(0x2018, vm_function_controls);
VMX_FIELD(0x201a, ept_pointer);
VMX_FIELD(0x201c, eoi_exit_bitmap_0);
VMX_FIELD(0x201e, eoi_exit_bitmap_1);
VMX_FIELD(0x2020, eoi_exit_bitmap_2);
VMX_FIELD(0x2022, eoi_exit_bitmap_3);
VMX_FIELD(0x2024, eptp_list_address);
VMX_FIELD(0x2026, vmread_bitmap);
VMX_FIELD(0x2028, vmwrite_bitmap);
VMX_FIELD(0x202a, virtualization_exception_address);
VMX_FIELD(0x202c, xss_exiting_bitmap);
VMX_FIELD(0x202e, encls_exiting_bitmap);
VMX_FIELD(0x2030, spp_table_pointer);
VMX_FIELD(0x2032, tsc_multiplier);
VMX_FIELD(0x2034, tertiary_controls);
VMX_FIELD(0x2036, enclv_exiting_bitmap);
VMX_FIELD(0x2038, low_pasid_directory_address);
VMX_FIELD(0x203a, high_pasid_directory_address);
VMX_FIELD(0x203c, shared_ept_pointer);
VMX_FIELD(0x203e, pconfig_exiting_bitmap);
VMX_FIELD(0x2040, hlat_pointer);
VMX_FIELD(0x2042, pid_pointer_table_address);
VMX_FIELD(0x2044, secondary_exit_controls);
VMX_FIELD(0x204a, spec_ctrl_mask);
VMX_FIELD(0x204c, spec_ctrl_shadow);

VMX_FIELD(0x2400, guest_physical_address);

VMX_FIELD(0x2800, vmcs_link_pointer);
VMX_FIELD(0x2802, guest_debugctl);
VMX_FIELD(0x2804, guest_pat);
VMX_FIELD(0x2806, guest_efer);
VMX_FIELD(0x2808, guest_perf_global_ctrl);
VMX_FIELD(0x280a, guest_pdpte0);
VMX_FIELD(0x280c, guest_pdpte1);
VMX_FIELD(0x280e, guest_pdpte2);
VMX_FIELD(0x2810, guest_pdpte3);
VMX_FIELD(0x2812, guest_bndcfgs);
VMX_FIELD(0x2814, guest_rtit_ctl);
VMX_FIELD(0x2816, guest_lbr_ctl);
VMX_FIELD(0x2818, guest_pkrs);

VMX_FIELD(0x2c00, host_pat);
VMX_FIELD(0x2c02, host_efer);
VMX_FIELD(0x2c04, host_perf_global_ctrl);
VMX_FIELD(0x2c06, host_pkrs);

VMX_FIELD(0x4000, pin_controls);
VMX_FIELD(0x4002, primary_controls);
VMX_FIELD(0x4004, exception_bitmap);
VMX_FIELD(0x4006, page_fault_error_code_mask);
VMX_FIELD(0x4008, page_fault_error_code_match);
VMX_FIELD(0x400a, cr3_target_count);
VMX_FIELD(0x400c, exit_controls);
VMX_FIELD(0x400e, exit_msr_store_count);
VMX_FIELD(0x4010, exit_msr_load_count);
VMX_FIELD(0x4012, entry_controls);
VMX_FIELD(0x4014, entry_msr_load_count);
VMX_FIELD(0x4016, entry_interruption_info);
VMX_FIELD(0x4018, entry_exception_error_code);
VMX_FIELD(0x401a, entry_instruction_length);
VMX_FIELD(0x401c, tpr_threshold);
VMX_FIELD(0x401e, secondary_controls);
VMX_FIELD(0x4020, ple_gap);
VMX_FIELD(0x4022, ple_window);
VMX_FIELD(0x4024, notify_window);

VMX_FIELD(0x4400, instruction_error);
VMX_FIELD(0x4402, exit_reason);
VMX_FIELD(0x4404, exit_interruption_info);
VMX_FIELD(0x4406, exit_interruption_error_code);
VMX_FIELD(0x4408, idt_vectoring_info);
VMX_FIELD(0x440a, idt_vectoring_error_code);
VMX_FIELD(0x440c, exit_instruction_length);
VMX_FIELD(0x440e, exit_instruction_info);

VMX_FIELD(0x4800, guest_es_limit);
VMX_FIELD(0x4802, guest_cs_limit);
VMX_FIELD(0x4804, guest_ss_limit);
VMX_FIELD(0x4806, guest_ds_limit);
VMX_FIELD(0x4808, guest_fs_limit);
VMX_FIELD(0x480a, guest_gs_limit);
VMX_FIELD(0x480c, guest_ldtr_limit);
VMX_FIELD(0x480e, guest_tr_limit);
VMX_FIELD(0x4810, guest_gdtr_limit);
VMX_FIELD(0x4812, guest_idtr_limit);
VMX_FIELD(0x4814, guest_es_access_rights);
VMX_FIELD(0x4816, guest_cs_access_rights);
VMX_FIELD(0x4818, guest_ss_access_rights);
VMX_FIELD(0x481a, guest_ds_access_rights);
VMX_FIELD(0x481c, guest_fs_access_rights);
VMX_FIELD(0x481e, guest_gs_access_rights);
VMX_FIELD(0x4820, guest_ldtr_access_rights);
VMX_FIELD(0x4822, guest_tr_access_rights);
VMX_FIELD(0x4824, guest_interruptibility);
VMX_FIELD(0x4826, guest_activity_state);
VMX_FIELD(0x4828, guest_smbase);
VMX_FIELD(0x482a, guest_sysenter_cs);
VMX_FIELD(0x482e, preemption_timer_value);

VMX_FIELD(0x4c00, host_sysenter_cs);

VMX_FIELD(0x6000, cr0_guest_host_mask);
VMX_FIELD(0x6002, cr4_guest_host_mask);
VMX_FIELD(0x6004, cr0_read_shadow);
VMX_FIELD(0x6006, cr4_read_shadow);
VMX_FIELD(0x6008, cr3_target_value0);
VMX_FIELD(0x600a, cr3_target_value1);
VMX_FIELD(0x600c, cr3_target_value2);
VMX_FIELD(0x600e, cr3_target_value3);

VMX_FIELD(0x6400, exit_qualification);
VMX_FIELD(0x6402, io_rcx);
VMX_FIELD(0x6404, io_rsi);
VMX_FIELD(0x6406, io_rdi);
VMX_FIELD(0x6408, io_rip);
VMX_FIELD(0x640a, guest_linear_address);

VMX_FIELD(0x6800, guest_cr0);
VMX_FIELD(0x6802, guest_cr3);
VMX_FIELD(0x6804, guest_cr4);
VMX_FIELD(0x6806, guest_es_base);
VMX_FIELD(0x6808, guest_cs_base);
VMX_FIELD(0x680a, guest_ss_base);
VMX_FIELD(0x680c, guest_ds_base);
VMX_FIELD(0x680e, guest_fs_base);
VMX_FIELD(0x6810, guest_gs_base);
VMX_FIELD(0x6812, guest_ldtr_base);
VMX_FIELD(0x6814, guest_tr_base);
VMX_FIELD(0x6816, guest_gdtr_base);
VMX_FIELD(0x6818, guest_idtr_base);
VMX_FIELD(0x681a, guest_dr7);
VMX_FIELD(0x681c, guest_rsp);
VMX_FIELD(0x681e, guest_rip);
VMX_FIELD(0x6820, guest_rflags);
VMX_FIELD(0x6822, guest_pending_debug_exceptions);
VMX_FIELD(0x6824, guest_sysenter_esp);
VMX_FIELD(0x6826, guest_sysenter_eip);
VMX_FIELD(0x6828, guest_s_cet);
VMX_FIELD(0x682a, guest_ssp);
VMX_FIELD(0x682c, guest_interrupt_ssp_table);

VMX_FIELD(0x6c00, host_cr0);
VMX_FIELD(0x6c02, host_cr3);
VMX_FIELD(0x6c04, host_cr4);
VMX_FIELD(0x6c06, host_fs_base);
VMX_FIELD(0x6c08, host_gs_base);
VMX_FIELD(0x6c0a, host_tr_base);
VMX_FIELD(0x6c0c, host_gdtr_base);
VMX_FIELD(0x6c0e, host_idtr_base);
VMX_FIELD(0x6c10, host_sysenter_esp);
VMX_FIELD(0x6c12, host_sysenter_eip);
VMX_FIELD(0x6c14, host_rsp);
VMX_FIELD(0x6c16, host_rip);
VMX_FIELD(0x6c18, host_s_cet);
VMX_FIELD(0x6c1a, host_ssp);
VMX_FIELD(0x6c1c, host_interrupt_ssp_table);

#undef VMX_FIELD
// clang-format on

/// The segment registers' fields lie two encodings apart, in the order ES CS SS DS FS GS LDTR TR.
enum class Segment : u32 { es, cs, ss, ds, fs, gs, ldtr, tr };

} // namespace vmx::field
