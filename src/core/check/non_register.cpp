// SPDX-License-Identifier: GPL-2.0-only
#include "core/check/rows.hpp"

/// SDM, "Checks on Guest Non-Register State" and "Checks on Guest Page-Directory-Pointer-Table
/// Entries".
namespace vmx::check {

namespace {

constexpr u32 sti_or_mov_ss = interruptibility::sti | interruptibility::mov_ss;

constexpr u32 number(Activity activity)
{
	return static_cast<u32>(activity);
}

bool activity_supported(const State &s, const Limits &l)
{
	switch (static_cast<Activity>(s.activity)) {
	case Activity::active:
		return true;
	case Activity::hlt:
		return l.misc.has(misc::activity_hlt);
	case Activity::shutdown:
		return l.misc.has(misc::activity_shutdown);
	case Activity::wait_for_sipi:
		return l.misc.has(misc::activity_wait_sipi);
	default:
		return false;
	}
}

bool activity_hlt(const State &s, const Limits &)
{
	return s.activity != number(Activity::hlt) || s[Segment::ss].dpl() == 0;
}

bool activity_blocking(const State &s, const Limits &)
{
	return !(s.interruptibility & sti_or_mov_ss) || s.activity == number(Activity::active);
}

bool event_for_hlt(Interruption event)
{
	switch (event.type()) {
	case EventType::external_interrupt:
	case EventType::nmi:
		return true;
	case EventType::hardware_exception:
		return event.vector() == vector::db || event.vector() == vector::mc;
	case EventType::other:
		// A pending monitor-trap-flag exit.
		return event.vector() == 0;
	default:
		return false;
	}
}

bool activity_event(const State &s, const Limits &)
{
	if (!s.event.valid())
		return true;
	switch (static_cast<Activity>(s.activity)) {
	case Activity::hlt:
		return event_for_hlt(s.event);
	case Activity::shutdown:
		return s.event.type() == EventType::nmi || s.event.is_exception(vector::mc);
	case Activity::wait_for_sipi:
		return false;
	default:
		return true;
	}
}

bool activity_smm(const State &s, const Limits &)
{
	return !s.entry.has(entry::entry_to_smm) || s.activity != number(Activity::wait_for_sipi);
}

bool interruptibility_reserved(const State &s, const Limits &)
{
	return fits(s.interruptibility, 5);
}

bool interruptibility_both(const State &s, const Limits &)
{
	return (s.interruptibility & sti_or_mov_ss) != sti_or_mov_ss;
}

bool interruptibility_sti(const State &s, const Limits &)
{
	return !(s.interruptibility & interruptibility::sti) || s.rflags & rflags::if_;
}

bool interruptibility_interrupt(const State &s, const Limits &)
{
	return !s.event.is(EventType::external_interrupt) || !(s.interruptibility & sti_or_mov_ss);
}

bool interruptibility_nmi_mov_ss(const State &s, const Limits &)
{
	return !s.event.is(EventType::nmi) || !(s.interruptibility & interruptibility::mov_ss);
}

bool interruptibility_smi(const State &s, const Limits &)
{
	return !(s.interruptibility & interruptibility::smi) || s.now.smm;
}

bool interruptibility_smi_entry(const State &s, const Limits &)
{
	return s.interruptibility & interruptibility::smi || !s.entry.has(entry::entry_to_smm);
}

bool interruptibility_nmi_sti(const State &s, const Limits &l)
{
	return !l.sti_blocks_nmi || !s.event.is(EventType::nmi) ||
	       !(s.interruptibility & interruptibility::sti);
}

bool interruptibility_nmi(const State &s, const Limits &)
{
	return !s.pin.has(pin::virtual_nmis) || !s.event.is(EventType::nmi) ||
	       !(s.interruptibility & interruptibility::nmi);
}

bool interruptibility_enclave(const State &s, const Limits &l)
{
	return !(s.interruptibility & interruptibility::enclave) ||
	       (l.sgx && !(s.interruptibility & interruptibility::mov_ss));
}

// Bits of the pending debug exceptions beside those of DR6.
constexpr u64 bus_lock = bit(11), rtm = bit(16);
using pending_debug::enabled_breakpoint;

bool pending_reserved(const State &s, const Limits &l)
{
	const u64 reserved = 0x7f0 | (l.bus_lock_detect ? 0 : bus_lock) | bit(13) | bit(15);

	return fits(s.pending_debug, 17) && !(s.pending_debug & reserved);
}

bool pending_single_step(const State &s, const Limits &)
{
	if (!(s.interruptibility & sti_or_mov_ss) && s.activity != number(Activity::hlt))
		return true;
	const bool stepping = s.rflags & rflags::tf && !(s.debugctl & debugctl::btf);

	return !!(s.pending_debug & dr6::bs) == stepping;
}

bool pending_rtm(const State &s, const Limits &l)
{
	if (!(s.pending_debug & rtm))
		return true;
	return l.rtm && s.pending_debug == (rtm | enabled_breakpoint) &&
	       !(s.interruptibility & interruptibility::mov_ss);
}

bool has_link(const State &s)
{
	return s.link_pointer != ~u64{0};
}

bool link_alignment(const State &s, const Limits &)
{
	return !has_link(s) || !(s.link_pointer & 0xfff);
}

bool link_width(const State &s, const Limits &l)
{
	return !has_link(s) || fits(s.link_pointer, l.physical_bits);
}

constexpr u32 shadow_indicator = static_cast<u32>(bit(31));

bool link_revision(const State &s, const Limits &l)
{
	const u32 revision = s.now.link_header & ~shadow_indicator;

	return !has_link(s) || !s.now.has_link_header || revision == l.revisions[0] ||
	       revision == l.revisions[1];
}

bool link_shadow(const State &s, const Limits &)
{
	return !has_link(s) || !s.now.has_link_header ||
	       !!(s.now.link_header & shadow_indicator) ==
		       s.secondary.has(secondary::vmcs_shadowing);
}

bool within_smm(const State &s)
{
	return s.now.smm && !s.entry.has(entry::entry_to_smm);
}

bool link_current(const State &s, const Limits &)
{
	return !has_link(s) || within_smm(s) || s.link_pointer != s.now.current_vmcs;
}

bool link_executive(const State &s, const Limits &)
{
	return !has_link(s) || !within_smm(s) || s.link_pointer != s.now.executive_vmcs;
}

bool pdptes_reserved(const State &s, const Limits &l)
{
	constexpr u64 reserved = 0x1e6;

	if (!(s.ept() || s.now.has_pdptes) || !(s.cr0 & cr0::pg) || !(s.cr4 & cr4::pae) ||
	    s.ia32e())
		return true;
	for (const u64 pdpte : s.pdptes)
		if (pdpte & 1 && (pdpte & reserved || !fits(pdpte, l.physical_bits)))
			return false;
	return true;
}

constexpr const char *section = "Checks on Guest Non-Register State";
constexpr const char *pdptes = "Checks on Guest Page-Directory-Pointer-Table Entries";

// SDM, "VM-Entry Failures During or After Loading Guest State": the exit qualifications.
constexpr u8 pdpte_problem = 2, nmi_problem = 3, link_problem = 4;

// clang-format off
constexpr Check table[] = {
	{"guest.activity.supported",         section, activity_supported},
	{"guest.activity.hlt_privilege",     section, activity_hlt},
	{"guest.activity.blocking",          section, activity_blocking},
	{"guest.activity.event",             section, activity_event},
	{"guest.activity.smm",               section, activity_smm},
	{"guest.interruptibility.reserved",  section, interruptibility_reserved},
	{"guest.interruptibility.sti_or_mov_ss", section, interruptibility_both},
	{"guest.interruptibility.sti_needs_if", section, interruptibility_sti},
	{"guest.interruptibility.interrupt", section, interruptibility_interrupt},
	{"guest.interruptibility.nmi_mov_ss", section, interruptibility_nmi_mov_ss},
	{"guest.interruptibility.smi",       section, interruptibility_smi},
	{"guest.interruptibility.smi_entry", section, interruptibility_smi_entry},
	{"guest.interruptibility.nmi_sti",   section, interruptibility_nmi_sti, nmi_problem},
	{"guest.interruptibility.nmi",       section, interruptibility_nmi},
	{"guest.interruptibility.enclave",   section, interruptibility_enclave},
	{"guest.pending_debug.reserved",     section, pending_reserved},
	{"guest.pending_debug.single_step",  section, pending_single_step},
	{"guest.pending_debug.rtm",          section, pending_rtm},
	{"guest.link_pointer.alignment",     section, link_alignment,           link_problem},
	{"guest.link_pointer.width",         section, link_width,               link_problem},
	{"guest.link_pointer.revision",      section, link_revision,            link_problem},
	{"guest.link_pointer.shadow",        section, link_shadow,              link_problem},
	{"guest.link_pointer.current",       section, link_current,             link_problem},
	{"guest.link_pointer.executive",     section, link_executive,           link_problem},
};

constexpr Check pdpte_table[] = {
	{"guest.pdptes.reserved",            pdptes,  pdptes_reserved,          pdpte_problem},
};
// clang-format on

} // namespace

VMX_DEFINE_GROUP(guest, non_register, table)
VMX_DEFINE_GROUP(guest, pdpte, pdpte_table)

} // namespace vmx::check
