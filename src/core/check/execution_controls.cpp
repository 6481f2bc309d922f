// SPDX-License-Identifier: GPL-2.0-only
#include "core/check/controls.hpp"

/// SDM, "VM-Execution Control Fields" of "Checks on VMX Controls".
namespace vmx::check {

namespace {

bool pin_reserved(const State &s, const Limits &l)
{
	return within(s.pin, l.pin);
}

bool primary_reserved(const State &s, const Limits &l)
{
	return within(s.primary, l.primary);
}

bool secondary_reserved(const State &s, const Limits &l)
{
	return !s.primary.has(primary::activate_secondary) || within(s.secondary, l.secondary);
}

bool tertiary_reserved(const State &s, const Limits &l)
{
	return !s.primary.has(primary::activate_tertiary) || within(s.tertiary, l.tertiary);
}

bool cr3_targets(const State &s, const Limits &l)
{
	return s.cr3_target_count <= vmx::cr3_target_count(l.misc);
}

bool has_tpr_shadow(const State &s)
{
	return s.primary.has(primary::use_tpr_shadow);
}

bool tpr_threshold_reserved(const State &s, const Limits &)
{
	return !has_tpr_shadow(s) || s.secondary.has(secondary::virtual_interrupt_delivery) ||
	       fits(s.tpr_threshold, 4);
}

bool tpr_threshold_vtpr(const State &s, const Limits &)
{
	constexpr Secondary others =
		secondary::virtualize_apic_accesses | secondary::virtual_interrupt_delivery;

	return !has_tpr_shadow(s) || s.secondary.has_any(others) || !s.now.has_virtual_tpr ||
	       (s.tpr_threshold & 15) <= (s.now.virtual_tpr >> 4 & 15);
}

bool virtual_nmis(const State &s, const Limits &)
{
	return !s.pin.has(pin::virtual_nmis) || s.pin.has(pin::nmi_exiting);
}

bool nmi_window(const State &s, const Limits &)
{
	return !s.primary.has(primary::nmi_window_exiting) || s.pin.has(pin::virtual_nmis);
}

template <Secondary control> bool needs_tpr_shadow(const State &s, const Limits &)
{
	return !s.secondary.has(control) || has_tpr_shadow(s);
}

bool ipi_tpr_shadow(const State &s, const Limits &)
{
	return !s.tertiary.has(tertiary::ipi_virtualization) || has_tpr_shadow(s);
}

bool x2apic_apic_accesses(const State &s, const Limits &)
{
	return !s.secondary.has(secondary::virtualize_x2apic | secondary::virtualize_apic_accesses);
}

bool interrupt_delivery_exiting(const State &s, const Limits &)
{
	return !s.secondary.has(secondary::virtual_interrupt_delivery) ||
	       s.pin.has(pin::external_interrupt_exiting);
}

bool has_posting(const State &s)
{
	return s.pin.has(pin::posted_interrupts);
}

bool posting_delivery(const State &s, const Limits &)
{
	return !has_posting(s) || s.secondary.has(secondary::virtual_interrupt_delivery);
}

bool posting_acknowledge(const State &s, const Limits &)
{
	return !has_posting(s) || s.exit.has(exit::ack_interrupt_on_exit);
}

bool posting_vector(const State &s, const Limits &)
{
	return !has_posting(s) || s.notification_vector <= 0xff;
}

bool posting_alignment(const State &s, const Limits &)
{
	return !has_posting(s) || !(s.posted_descriptor & 0x3f);
}

bool posting_width(const State &s, const Limits &l)
{
	return !has_posting(s) || physical(s.posted_descriptor, l);
}

bool vpid_zero(const State &s, const Limits &)
{
	return !s.secondary.has(secondary::enable_vpid) || s.vpid;
}

bool eptp_type(u64 eptp, const Limits &l)
{
	constexpr u64 uncacheable = 0, write_back = 6;

	switch (eptp & 7) {
	case uncacheable:
		return l.ept_vpid.has(ept_vpid_cap::memory_uc);
	case write_back:
		return l.ept_vpid.has(ept_vpid_cap::memory_wb);
	default:
		return false;
	}
}

bool eptp_length(u64 eptp, const Limits &l)
{
	// The field holds one less.
	switch (eptp >> 3 & 7) {
	case 4 - 1:
		return l.ept_vpid.has(ept_vpid_cap::page_walk_4);
	case 5 - 1:
		return l.ept_vpid.has(ept_vpid_cap::page_walk_5);
	default:
		return false;
	}
}

bool eptp_accessed_dirty(u64 eptp, const Limits &l)
{
	return !(eptp & bit(6)) || l.ept_vpid.has(ept_vpid_cap::accessed_dirty);
}

bool eptp_shadow_stack(u64 eptp, const Limits &l)
{
	return !(eptp & bit(7)) || l.ept_vpid.has(ept_vpid_cap::supervisor_shadow_stack);
}

bool eptp_reserved(u64 eptp, const Limits &l)
{
	return !(eptp & 0xf00) && physical(eptp, l);
}

/// A check of the EPT pointer where there is one.
template <bool (*holds)(u64, const Limits &)> bool of_eptp(const State &s, const Limits &l)
{
	return !s.ept() || holds(s.eptp, l);
}

template <Secondary control> bool needs_ept(const State &s, const Limits &)
{
	return !s.secondary.has(control) || s.ept();
}

template <Tertiary control> bool tertiary_needs_ept(const State &s, const Limits &)
{
	return !s.tertiary.has(control) || s.ept();
}

bool functions_reserved(const State &s, const Limits &l)
{
	return !s.secondary.has(secondary::enable_vmfunc) || l.vm_functions.has(s.vm_functions);
}

bool has_eptp_switching(const State &s)
{
	return s.secondary.has(secondary::enable_vmfunc) &&
	       s.vm_functions.has(vmfunc::eptp_switching);
}

bool eptp_list_ept(const State &s, const Limits &)
{
	return !has_eptp_switching(s) || s.ept();
}

bool tracing_load(const State &s, const Limits &)
{
	return !s.now.tracing || !s.entry.has(entry::load_rtit_ctl);
}

bool has_guest_physical_trace(const State &s)
{
	return s.secondary.has(secondary::pt_use_gpa);
}

bool trace_ept(const State &s, const Limits &)
{
	return !has_guest_physical_trace(s) || s.ept();
}

bool trace_load(const State &s, const Limits &)
{
	return !has_guest_physical_trace(s) || s.entry.has(entry::load_rtit_ctl);
}

bool trace_clear(const State &s, const Limits &)
{
	return !has_guest_physical_trace(s) || s.exit.has(exit::clear_rtit_ctl);
}

bool tsc_multiplier(const State &s, const Limits &)
{
	return !s.secondary.has(secondary::use_tsc_scaling) || s.tsc_multiplier;
}

bool hlat_reserved(const State &s, const Limits &l)
{
	// Bits 3 and 4 are PWT and PCD, as in CR3.
	return !s.tertiary.has(tertiary::enable_hlat) ||
	       (!(s.hlat_pointer & 0xfe7) && physical(s.hlat_pointer, l));
}

bool has_ipi_virtualization(const State &s)
{
	return s.tertiary.has(tertiary::ipi_virtualization);
}

bool pid_table_alignment(const State &s, const Limits &)
{
	return !has_ipi_virtualization(s) || !(s.pid_table & 7);
}

bool pid_table_width(const State &s, const Limits &l)
{
	return !has_ipi_virtualization(s) || physical(s.pid_table, l);
}

bool pid_table_last(const State &s, const Limits &l)
{
	const u64 last = s.pid_table + u64{8} * s.last_pid_index;

	return !has_ipi_virtualization(s) || (last >= s.pid_table && physical(last, l));
}

// The addresses of pages: which one counts when.

template <u64 State::*address, auto used> bool page_alignment(const State &s, const Limits &)
{
	return !used(s) || !(s.*address & 0xfff);
}

template <u64 State::*address, auto used> bool page_width(const State &s, const Limits &l)
{
	return !used(s) || physical(s.*address, l);
}

bool has_io_bitmaps(const State &s)
{
	return s.primary.has(primary::use_io_bitmaps);
}

bool has_msr_bitmap(const State &s)
{
	return s.primary.has(primary::use_msr_bitmaps);
}

template <Secondary control> bool has(const State &s)
{
	return s.secondary.has(control);
}

constexpr const char *section = "VM-Execution Control Fields";

// A page's two rows.
#define PAGE(id, address, used)                                                                    \
	{"controls." id ".alignment", section, page_alignment<&State::address, used>},             \
	{                                                                                          \
		"controls." id ".width", section, page_width<&State::address, used>                \
	}

using namespace secondary;

// clang-format off
constexpr Check table[] = {
	{"controls.pin.reserved",            section, pin_reserved},
	{"controls.primary.reserved",        section, primary_reserved},
	{"controls.secondary.reserved",      section, secondary_reserved},
	{"controls.tertiary.reserved",       section, tertiary_reserved},
	{"controls.cr3_target_count",        section, cr3_targets},
	PAGE("io_bitmap_a", io_bitmap_a, has_io_bitmaps),
	PAGE("io_bitmap_b", io_bitmap_b, has_io_bitmaps),
	PAGE("msr_bitmap", msr_bitmap, has_msr_bitmap),
	PAGE("virtual_apic_page", virtual_apic_page, has_tpr_shadow),
	{"controls.tpr_threshold.reserved",  section, tpr_threshold_reserved},
	{"controls.tpr_threshold.vtpr",      section, tpr_threshold_vtpr},
	{"controls.virtual_nmis.nmi_exiting", section, virtual_nmis},
	{"controls.nmi_window.virtual_nmis", section, nmi_window},
	PAGE("apic_access", apic_access, has<virtualize_apic_accesses>),
	{"controls.x2apic.tpr_shadow",       section, needs_tpr_shadow<virtualize_x2apic>},
	{"controls.apic_registers.tpr_shadow", section, needs_tpr_shadow<apic_register_virtualization>},
	{"controls.interrupt_delivery.tpr_shadow", section, needs_tpr_shadow<virtual_interrupt_delivery>},
	{"controls.ipi_virtualization.tpr_shadow", section, ipi_tpr_shadow},
	{"controls.x2apic.apic_accesses",    section, x2apic_apic_accesses},
	{"controls.interrupt_delivery.exiting", section, interrupt_delivery_exiting},
	{"controls.posted_interrupts.delivery", section, posting_delivery},
	{"controls.posted_interrupts.acknowledge", section, posting_acknowledge},
	{"controls.posted_interrupts.vector", section, posting_vector},
	{"controls.posted_descriptor.alignment", section, posting_alignment},
	{"controls.posted_descriptor.width", section, posting_width},
	{"controls.vpid.zero",               section, vpid_zero},
	{"controls.eptp.memory_type",        section, of_eptp<eptp_type>},
	{"controls.eptp.walk_length",        section, of_eptp<eptp_length>},
	{"controls.eptp.accessed_dirty",     section, of_eptp<eptp_accessed_dirty>},
	{"controls.eptp.shadow_stack",       section, of_eptp<eptp_shadow_stack>},
	{"controls.eptp.reserved",           section, of_eptp<eptp_reserved>},
	{"controls.pml.ept",                 section, needs_ept<enable_pml>},
	PAGE("pml", pml, has<enable_pml>),
	{"controls.unrestricted_guest.ept",  section, needs_ept<unrestricted_guest>},
	{"controls.mode_based_execute.ept",  section, needs_ept<mode_based_execute_ept>},
	{"controls.sub_page_write.ept",      section, needs_ept<sub_page_write>},
	PAGE("spp_table", spp_table, has<sub_page_write>),
	{"controls.vm_functions.reserved",   section, functions_reserved},
	{"controls.eptp_list.ept",           section, eptp_list_ept},
	PAGE("eptp_list", eptp_list, has_eptp_switching),
	PAGE("vmread_bitmap", vmread_bitmap, has<vmcs_shadowing>),
	PAGE("vmwrite_bitmap", vmwrite_bitmap, has<vmcs_shadowing>),
	PAGE("ve_info", ve_info, has<ept_violation_ve>),
	{"controls.tracing.load_rtit_ctl",   section, tracing_load},
	{"controls.pt_guest_physical.ept",   section, trace_ept},
	{"controls.pt_guest_physical.load_rtit_ctl", section, trace_load},
	{"controls.pt_guest_physical.clear_rtit_ctl", section, trace_clear},
	{"controls.tsc_multiplier.zero",     section, tsc_multiplier},
	PAGE("low_pasid_directory", low_pasid_directory, has<pasid_translation>),
	PAGE("high_pasid_directory", high_pasid_directory, has<pasid_translation>),
	{"controls.hlat.ept",                section, tertiary_needs_ept<tertiary::enable_hlat>},
	{"controls.hlat.reserved",           section, hlat_reserved},
	{"controls.ept_paging_write.ept",    section, tertiary_needs_ept<tertiary::ept_paging_write>},
	{"controls.paging_verification.ept", section, tertiary_needs_ept<tertiary::guest_paging_verification>},
	{"controls.pid_table.alignment",     section, pid_table_alignment},
	{"controls.pid_table.width",         section, pid_table_width},
	{"controls.pid_table.last",          section, pid_table_last},
};
// clang-format on

} // namespace

bool is_ept_pointer(u64 eptp, const Limits &l)
{
	return eptp_type(eptp, l) && eptp_length(eptp, l) && eptp_accessed_dirty(eptp, l) &&
	       eptp_shadow_stack(eptp, l) && eptp_reserved(eptp, l);
}

VMX_DEFINE_GROUP(controls, execution_control, table)

} // namespace vmx::check
