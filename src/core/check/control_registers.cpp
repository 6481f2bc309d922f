// SPDX-License-Identifier: GPL-2.0-only
#include "core/check/rows.hpp"

/// SDM, "Checks on Guest Control Registers, Debug Registers, and MSRs".
namespace vmx::check {

namespace {

bool cr0_fixed(const State &s, const Limits &l)
{
	// NW and CD are never checked; PE and PG are free for an unrestricted guest.
	const u64 free = cr0::nw | cr0::cd | (s.unrestricted() ? cr0::pe | cr0::pg : 0);

	return supported(s.cr0 | free, l.cr0_fixed0, l.cr0_fixed1 | free);
}

bool cr0_paging(const State &s, const Limits &)
{
	return !(s.cr0 & cr0::pg) || s.cr0 & cr0::pe;
}

bool cr4_fixed(const State &s, const Limits &l)
{
	return supported(s.cr4, l.cr4_fixed0, l.cr4_fixed1);
}

bool cr4_cet(const State &s, const Limits &)
{
	return !(s.cr4 & cr4::cet) || s.cr0 & cr0::wp;
}

bool debugctl_reserved(const State &s, const Limits &l)
{
	return !s.entry.has(entry::load_debug_controls) || !(s.debugctl & ~l.debugctl);
}

bool ia32e_paging(const State &s, const Limits &)
{
	return !s.ia32e() || s.cr0 & cr0::pg;
}

bool ia32e_pae(const State &s, const Limits &)
{
	return !s.ia32e() || s.cr4 & cr4::pae;
}

bool cr4_pcide(const State &s, const Limits &)
{
	return s.ia32e() || !(s.cr4 & cr4::pcide);
}

bool cr3_width(const State &s, const Limits &l)
{
	return fits(s.cr3, l.physical_bits);
}

bool dr7_high(const State &s, const Limits &)
{
	return !s.entry.has(entry::load_debug_controls) || fits(s.dr7, 32);
}

bool sysenter_esp(const State &s, const Limits &l)
{
	return canonical(s.sysenter_esp, l.linear_bits);
}

bool sysenter_eip(const State &s, const Limits &l)
{
	return canonical(s.sysenter_eip, l.linear_bits);
}

bool s_cet(const State &s, const Limits &l)
{
	return !s.entry.has(entry::load_cet) ||
	       (s_cet_valid(s.s_cet) && canonical(s.s_cet & ~u64{0xfff}, l.linear_bits));
}

bool interrupt_ssp_table(const State &s, const Limits &l)
{
	return !s.entry.has(entry::load_cet) || canonical(s.interrupt_ssp_table, l.linear_bits);
}

bool perf_global_ctrl(const State &s, const Limits &l)
{
	return !s.entry.has(entry::load_perf_global_ctrl) ||
	       !(s.perf_global_ctrl & ~l.perf_global_ctrl);
}

bool pat_types(const State &s, const Limits &)
{
	return !s.entry.has(entry::load_pat) || pat_valid(s.pat);
}

bool efer_reserved(const State &s, const Limits &l)
{
	return !s.entry.has(entry::load_efer) || !(s.efer & ~l.efer);
}

bool efer_lma(const State &s, const Limits &)
{
	return !s.entry.has(entry::load_efer) || !!(s.efer & efer::lma) == s.ia32e();
}

bool efer_lme(const State &s, const Limits &)
{
	return !s.entry.has(entry::load_efer) || !(s.cr0 & cr0::pg) ||
	       !!(s.efer & efer::lma) == !!(s.efer & efer::lme);
}

bool bndcfgs(const State &s, const Limits &l)
{
	constexpr u64 reserved = 0xffc;

	return !s.entry.has(entry::load_bndcfgs) ||
	       (!(s.bndcfgs & reserved) && canonical(s.bndcfgs & ~u64{0xfff}, l.linear_bits));
}

bool rtit_ctl(const State &s, const Limits &l)
{
	return !s.entry.has(entry::load_rtit_ctl) || !(s.rtit_ctl & ~l.rtit_ctl);
}

bool lbr_ctl(const State &s, const Limits &l)
{
	return !s.entry.has(entry::load_guest_lbr_ctl) || !(s.lbr_ctl & ~l.lbr_ctl);
}

bool uinv(const State &s, const Limits &)
{
	return !s.entry.has(entry::load_uinv) || s.uinv <= 0xff;
}

bool pkrs(const State &s, const Limits &)
{
	return !s.entry.has(entry::load_pkrs) || fits(s.pkrs, 32);
}

constexpr const char *section = "Checks on Guest Control Registers, Debug Registers, and MSRs";

// clang-format off
constexpr Check table[] = {
	{"guest.cr0.fixed",           section, cr0_fixed},
	{"guest.cr0.pg_needs_pe",     section, cr0_paging},
	{"guest.cr4.fixed",           section, cr4_fixed},
	{"guest.cr4.cet_needs_wp",    section, cr4_cet},
	{"guest.debugctl.reserved",   section, debugctl_reserved},
	{"guest.ia32e.needs_pg",      section, ia32e_paging},
	{"guest.ia32e.needs_pae",     section, ia32e_pae},
	{"guest.cr4.pcide",           section, cr4_pcide},
	{"guest.cr3.width",           section, cr3_width},
	{"guest.dr7.high",            section, dr7_high},
	{"guest.sysenter_esp",        section, sysenter_esp},
	{"guest.sysenter_eip",        section, sysenter_eip},
	{"guest.s_cet",               section, s_cet},
	{"guest.interrupt_ssp_table", section, interrupt_ssp_table},
	{"guest.perf_global_ctrl",    section, perf_global_ctrl},
	{"guest.pat.types",           section, pat_types},
	{"guest.efer.reserved",       section, efer_reserved},
	{"guest.efer.lma",            section, efer_lma},
	{"guest.efer.lme",            section, efer_lme},
	{"guest.bndcfgs",             section, bndcfgs},
	{"guest.rtit_ctl.reserved",   section, rtit_ctl},
	{"guest.lbr_ctl.reserved",    section, lbr_ctl},
	{"guest.uinv",                section, uinv},
	{"guest.pkrs",                section, pkrs},
};
// clang-format on

} // namespace

VMX_DEFINE_GROUP(guest, control_register, table)

} // namespace vmx::check
