// SPDX-License-Identifier: GPL-2.0-only
#include "core/check/state.hpp"

namespace vmx::check {

namespace {

/// The fields of a segment lie two encodings apart from those of the next.
u64 segment_field(const VmcsSource &vmcs, u32 first, u32 segment)
{
	u64 value = 0;

	return vmcs.read(first + 2 * segment, value) ? value : 0;
}

SegmentState read_segment(const VmcsSource &vmcs, u32 n)
{
	return {.base = segment_field(vmcs, field::guest_es_base.encoding, n),
		.limit = static_cast<u32>(segment_field(vmcs, field::guest_es_limit.encoding, n)),
		.rights = static_cast<u32>(
			segment_field(vmcs, field::guest_es_access_rights.encoding, n)),
		.selector = static_cast<u16>(
			segment_field(vmcs, field::guest_es_selector.encoding, n))};
}

void read_msrs(const VmcsSource &vmcs, State &state)
{
	state.debugctl = vmcs.get(field::guest_debugctl);
	state.pat = vmcs.get(field::guest_pat);
	state.efer = vmcs.get(field::guest_efer);
	state.perf_global_ctrl = vmcs.get(field::guest_perf_global_ctrl);
	state.bndcfgs = vmcs.get(field::guest_bndcfgs);
	state.rtit_ctl = vmcs.get(field::guest_rtit_ctl);
	state.lbr_ctl = vmcs.get(field::guest_lbr_ctl);
	state.pkrs = vmcs.get(field::guest_pkrs);
	state.sysenter_esp = vmcs.get(field::guest_sysenter_esp);
	state.sysenter_eip = vmcs.get(field::guest_sysenter_eip);
	state.s_cet = vmcs.get(field::guest_s_cet);
	state.ssp = vmcs.get(field::guest_ssp);
	state.interrupt_ssp_table = vmcs.get(field::guest_interrupt_ssp_table);
	state.uinv = vmcs.get(field::guest_uinv);
}

} // namespace

State read_state(const VmcsSource &vmcs)
{
	State state{};

	state.pin = {vmcs.get(field::pin_controls)};
	state.primary = {vmcs.get(field::primary_controls)};
	if (state.primary.has(primary::activate_secondary))
		state.secondary = {vmcs.get(field::secondary_controls)};
	state.exit = {vmcs.get(field::exit_controls)};
	state.entry = {vmcs.get(field::entry_controls)};
	state.event = {vmcs.get(field::entry_interruption_info)};

	state.cr0 = vmcs.get(field::guest_cr0);
	state.cr3 = vmcs.get(field::guest_cr3);
	state.cr4 = vmcs.get(field::guest_cr4);
	state.dr7 = vmcs.get(field::guest_dr7);
	read_msrs(vmcs, state);
	for (u32 n = 0; n < 8; n++)
		state.segments[n] = read_segment(vmcs, n);
	state.gdtr_base = vmcs.get(field::guest_gdtr_base);
	state.gdtr_limit = vmcs.get(field::guest_gdtr_limit);
	state.idtr_base = vmcs.get(field::guest_idtr_base);
	state.idtr_limit = vmcs.get(field::guest_idtr_limit);
	state.rip = vmcs.get(field::guest_rip);
	state.rflags = vmcs.get(field::guest_rflags);
	state.activity = vmcs.get(field::guest_activity_state);
	state.interruptibility = vmcs.get(field::guest_interruptibility);
	state.pending_debug = vmcs.get(field::guest_pending_debug_exceptions);
	state.link_pointer = vmcs.get(field::vmcs_link_pointer);
	state.pdptes[0] = vmcs.get(field::guest_pdpte0);
	state.pdptes[1] = vmcs.get(field::guest_pdpte1);
	state.pdptes[2] = vmcs.get(field::guest_pdpte2);
	state.pdptes[3] = vmcs.get(field::guest_pdpte3);
	return state;
}

} // namespace vmx::check
