// SPDX-License-Identifier: GPL-2.0-only
#include "core/check/rows.hpp"

/// SDM, "Checks on Host Control Registers, MSRs, and SSP", "Checks on Host Segment and
/// Descriptor-Table Registers".
namespace vmx::check {

namespace {

bool cr0_fixed(const State &s, const Limits &l)
{
	return supported(s.host.cr0, l.cr0_fixed0, l.cr0_fixed1);
}

bool cr4_fixed(const State &s, const Limits &l)
{
	return supported(s.host.cr4, l.cr4_fixed0, l.cr4_fixed1);
}

bool cr4_cet(const State &s, const Limits &)
{
	return !(s.host.cr4 & cr4::cet) || s.host.cr0 & cr0::wp;
}

bool cr3_width(const State &s, const Limits &l)
{
	return fits(s.host.cr3, l.physical_bits);
}

template <u64 HostState::*address> bool linear(const State &s, const Limits &l)
{
	return canonical(s.host.*address, l.linear_bits);
}

bool perf_global_ctrl(const State &s, const Limits &l)
{
	return !s.exit.has(exit::load_perf_global_ctrl) ||
	       !(s.host.perf_global_ctrl & ~l.perf_global_ctrl);
}

bool pat_types(const State &s, const Limits &)
{
	return !s.exit.has(exit::load_pat) || pat_valid(s.host.pat);
}

bool efer_reserved(const State &s, const Limits &l)
{
	return !s.exit.has(exit::load_efer) || !(s.host.efer & ~l.efer);
}

bool efer_lma(const State &s, const Limits &)
{
	return !s.exit.has(exit::load_efer) || !!(s.host.efer & efer::lma) == s.host_64bit();
}

bool efer_lme(const State &s, const Limits &)
{
	return !s.exit.has(exit::load_efer) || !!(s.host.efer & efer::lme) == s.host_64bit();
}

bool s_cet(const State &s, const Limits &)
{
	return !s.exit.has(exit::load_cet) || s_cet_valid(s.host.s_cet);
}

bool ssp_alignment(const State &s, const Limits &)
{
	return !s.exit.has(exit::load_cet) || !(s.host.ssp & 3);
}

bool interrupt_ssp_table(const State &s, const Limits &l)
{
	return !s.exit.has(exit::load_cet) || canonical(s.host.interrupt_ssp_table, l.linear_bits);
}

bool pkrs(const State &s, const Limits &)
{
	return !s.exit.has(exit::load_pkrs) || fits(s.host.pkrs, 32);
}

template <u16 HostState::*selector> bool rpl_ti(const State &s, const Limits &)
{
	return !(s.host.*selector & 7);
}

template <u16 HostState::*selector> bool not_null(const State &s, const Limits &)
{
	return s.host.*selector;
}

bool ss_not_null(const State &s, const Limits &)
{
	return s.host.ss || s.host_64bit();
}

constexpr const char *registers = "Checks on Host Control Registers, MSRs, and SSP";
constexpr const char *segments = "Checks on Host Segment and Descriptor-Table Registers";

using Host = HostState;

// clang-format off
constexpr Check register_table[] = {
	{"host.cr0.fixed",           registers, cr0_fixed},
	{"host.cr4.fixed",           registers, cr4_fixed},
	{"host.cr4.cet_needs_wp",    registers, cr4_cet},
	{"host.cr3.width",           registers, cr3_width},
	{"host.sysenter_esp",        registers, linear<&Host::sysenter_esp>},
	{"host.sysenter_eip",        registers, linear<&Host::sysenter_eip>},
	{"host.perf_global_ctrl",    registers, perf_global_ctrl},
	{"host.pat.types",           registers, pat_types},
	{"host.efer.reserved",       registers, efer_reserved},
	{"host.efer.lma",            registers, efer_lma},
	{"host.efer.lme",            registers, efer_lme},
	{"host.s_cet.reserved",      registers, s_cet},
	{"host.ssp.alignment",       registers, ssp_alignment},
	{"host.interrupt_ssp_table", registers, interrupt_ssp_table},
	{"host.pkrs",                registers, pkrs},
};

constexpr Check segment_table[] = {
	{"host.es.rpl_ti",           segments,  rpl_ti<&Host::es>},
	{"host.cs.rpl_ti",           segments,  rpl_ti<&Host::cs>},
	{"host.ss.rpl_ti",           segments,  rpl_ti<&Host::ss>},
	{"host.ds.rpl_ti",           segments,  rpl_ti<&Host::ds>},
	{"host.fs.rpl_ti",           segments,  rpl_ti<&Host::fs>},
	{"host.gs.rpl_ti",           segments,  rpl_ti<&Host::gs>},
	{"host.tr.rpl_ti",           segments,  rpl_ti<&Host::tr>},
	{"host.cs.null",             segments,  not_null<&Host::cs>},
	{"host.tr.null",             segments,  not_null<&Host::tr>},
	{"host.ss.null",             segments,  ss_not_null},
	{"host.fs.base",             segments,  linear<&Host::fs_base>},
	{"host.gs.base",             segments,  linear<&Host::gs_base>},
	{"host.gdtr.base",           segments,  linear<&Host::gdtr_base>},
	{"host.idtr.base",           segments,  linear<&Host::idtr_base>},
	{"host.tr.base",             segments,  linear<&Host::tr_base>},
};
// clang-format on

} // namespace

VMX_DEFINE_GROUP(host, host_register, register_table)
VMX_DEFINE_GROUP(host, host_segment, segment_table)

} // namespace vmx::check
