// SPDX-License-Identifier: GPL-2.0-only
#pragma once

#include "core/check/state.hpp"

/// The fields of a VMCS that the checks look at, once, for every kind of VMCS.
namespace vmx::check {

namespace detail {

template <class Get> [[gnu::always_inline]] inline void read_controls(State &state, const Get &get)
{
	state.pin = {get(field::pin_controls)};
	state.primary = {get(field::primary_controls)};
	state.secondary = {};
	if (state.primary.has(primary::activate_secondary))
		state.secondary = {get(field::secondary_controls)};
	state.tertiary = {};
	if (state.primary.has(primary::activate_tertiary))
		state.tertiary = {get(field::tertiary_controls)};
	state.vm_functions = {};
	if (state.secondary.has(secondary::enable_vmfunc))
		state.vm_functions = {get(field::vm_function_controls)};
	state.exit = {get(field::exit_controls)};
	state.exit2 = {};
	if (state.exit.has(exit::activate_secondary))
		state.exit2 = {get(field::secondary_exit_controls)};
	state.entry = {get(field::entry_controls)};
}

template <class Get>
[[gnu::always_inline]] inline void read_control_fields(State &state, const Get &get)
{
	state.io_bitmap_a = get(field::io_bitmap_a);
	state.io_bitmap_b = get(field::io_bitmap_b);
	state.msr_bitmap = get(field::msr_bitmap);
	state.vmread_bitmap = get(field::vmread_bitmap);
	state.vmwrite_bitmap = get(field::vmwrite_bitmap);
	state.virtual_apic_page = get(field::virtual_apic_page_address);
	state.apic_access = get(field::apic_access_address);
	state.posted_descriptor = get(field::posted_interrupt_descriptor_address);
	state.eptp = get(field::ept_pointer);
	state.eptp_list = get(field::eptp_list_address);
	state.pml = get(field::pml_address);
	state.spp_table = get(field::spp_table_pointer);
	state.hlat_pointer = get(field::hlat_pointer);
	state.ve_info = get(field::virtualization_exception_address);
	state.low_pasid_directory = get(field::low_pasid_directory_address);
	state.high_pasid_directory = get(field::high_pasid_directory_address);
	state.pid_table = get(field::pid_pointer_table_address);
	state.tsc_multiplier = get(field::tsc_multiplier);
	state.cr3_target_count = get(field::cr3_target_count);
	state.tpr_threshold = get(field::tpr_threshold);
	state.vpid = get(field::virtual_processor_id);
	state.notification_vector = get(field::posted_interrupt_notification_vector);
	state.last_pid_index = get(field::last_pid_pointer_index);
	state.exit_store = {get(field::exit_msr_store_address), get(field::exit_msr_store_count)};
	state.exit_load = {get(field::exit_msr_load_address), get(field::exit_msr_load_count)};
	state.entry_load = {get(field::entry_msr_load_address), get(field::entry_msr_load_count)};
	state.event = {get(field::entry_interruption_info)};
	state.event_error_code = get(field::entry_exception_error_code);
	state.event_instruction_length = get(field::entry_instruction_length);
	// Whether an event has an error code depends on the mode it comes to.
	state.cr0 = get(field::guest_cr0);
}

template <class Get> [[gnu::always_inline]] inline void read_host(HostState &host, const Get &get)
{
	host.cr0 = get(field::host_cr0);
	host.cr3 = get(field::host_cr3);
	host.cr4 = get(field::host_cr4);
	host.pat = get(field::host_pat);
	host.efer = get(field::host_efer);
	host.perf_global_ctrl = get(field::host_perf_global_ctrl);
	host.pkrs = get(field::host_pkrs);
	host.sysenter_esp = get(field::host_sysenter_esp);
	host.sysenter_eip = get(field::host_sysenter_eip);
	host.s_cet = get(field::host_s_cet);
	host.ssp = get(field::host_ssp);
	host.interrupt_ssp_table = get(field::host_interrupt_ssp_table);
	host.es = get(field::host_es_selector);
	host.cs = get(field::host_cs_selector);
	host.ss = get(field::host_ss_selector);
	host.ds = get(field::host_ds_selector);
	host.fs = get(field::host_fs_selector);
	host.gs = get(field::host_gs_selector);
	host.tr = get(field::host_tr_selector);
	host.fs_base = get(field::host_fs_base);
	host.gs_base = get(field::host_gs_base);
	host.tr_base = get(field::host_tr_base);
	host.gdtr_base = get(field::host_gdtr_base);
	host.idtr_base = get(field::host_idtr_base);
	host.rip = get(field::host_rip);
}

template <class Get>
[[gnu::always_inline]] inline void read_guest_registers(State &state, const Get &get)
{
	state.cr3 = get(field::guest_cr3);
	state.cr4 = get(field::guest_cr4);
	state.dr7 = get(field::guest_dr7);
	state.debugctl = get(field::guest_debugctl);
	state.pat = get(field::guest_pat);
	state.efer = get(field::guest_efer);
	state.perf_global_ctrl = get(field::guest_perf_global_ctrl);
	state.bndcfgs = get(field::guest_bndcfgs);
	state.rtit_ctl = get(field::guest_rtit_ctl);
	state.lbr_ctl = get(field::guest_lbr_ctl);
	state.pkrs = get(field::guest_pkrs);
	state.sysenter_esp = get(field::guest_sysenter_esp);
	state.sysenter_eip = get(field::guest_sysenter_eip);
	state.s_cet = get(field::guest_s_cet);
	state.ssp = get(field::guest_ssp);
	state.interrupt_ssp_table = get(field::guest_interrupt_ssp_table);
	state.uinv = get(field::guest_uinv);
	state.gdtr_base = get(field::guest_gdtr_base);
	state.gdtr_limit = get(field::guest_gdtr_limit);
	state.idtr_base = get(field::guest_idtr_base);
	state.idtr_limit = get(field::guest_idtr_limit);
	state.rip = get(field::guest_rip);
	state.rflags = get(field::guest_rflags);
	state.activity = get(field::guest_activity_state);
	state.interruptibility = get(field::guest_interruptibility);
	state.pending_debug = get(field::guest_pending_debug_exceptions);
	state.link_pointer = get(field::vmcs_link_pointer);
	state.pdptes[0] = get(field::guest_pdpte0);
	state.pdptes[1] = get(field::guest_pdpte1);
	state.pdptes[2] = get(field::guest_pdpte2);
	state.pdptes[3] = get(field::guest_pdpte3);
}

/// The fields of a segment lie two encodings apart from those of the next.
template <u32 n, class Get>
[[gnu::always_inline]] inline void read_segment(SegmentState &segment, const Get &get)
{
	segment.base = get(Field<field::guest_es_base.encoding + 2 * n>{});
	segment.limit = get(Field<field::guest_es_limit.encoding + 2 * n>{});
	segment.rights = get(Field<field::guest_es_access_rights.encoding + 2 * n>{});
	segment.selector = get(Field<field::guest_es_selector.encoding + 2 * n>{});
}

} // namespace detail

// Each fills what the checks of an area look at besides what those before it do. `get(field)` is
// the value of that field, 0 if the VMCS has none. State::now is the caller's.

template <class Get>
[[gnu::always_inline]] inline void read_control_area(State &state, const Get &get)
{
	detail::read_controls(state, get);
	detail::read_control_fields(state, get);
}

template <class Get> [[gnu::always_inline]] inline void read_host_area(State &state, const Get &get)
{
	detail::read_host(state.host, get);
}

template <class Get>
[[gnu::always_inline]] inline void read_guest_area(State &state, const Get &get)
{
	using namespace detail;

	read_guest_registers(state, get);
	read_segment<0>(state.segments[0], get);
	read_segment<1>(state.segments[1], get);
	read_segment<2>(state.segments[2], get);
	read_segment<3>(state.segments[3], get);
	read_segment<4>(state.segments[4], get);
	read_segment<5>(state.segments[5], get);
	read_segment<6>(state.segments[6], get);
	read_segment<7>(state.segments[7], get);
}

} // namespace vmx::check
