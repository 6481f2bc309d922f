// SPDX-License-Identifier: GPL-2.0-only
#include "core/check/rows.hpp"

/// SDM, "Checks on Guest Descriptor-Table Registers" and "Checks on Guest RIP, RFLAGS, and SSP".
namespace vmx::check {

namespace {

bool gdtr_base(const State &s, const Limits &l)
{
	return canonical(s.gdtr_base, l.linear_bits);
}

bool idtr_base(const State &s, const Limits &l)
{
	return canonical(s.idtr_base, l.linear_bits);
}

bool gdtr_limit(const State &s, const Limits &)
{
	return fits(s.gdtr_limit, 16);
}

bool idtr_limit(const State &s, const Limits &)
{
	return fits(s.idtr_limit, 16);
}

bool in_64bit_code(const State &s)
{
	return s.ia32e() && s[Segment::cs].rights & rights::l;
}

bool rip_high(const State &s, const Limits &)
{
	return in_64bit_code(s) || fits(s.rip, 32);
}

bool rip_identical(const State &s, const Limits &l)
{
	// Bits 63:N of N linear-address bits: an address just past the canonical ones may stand in
	// RIP, and faults when it is fetched from.
	const s64 top = static_cast<s64>(s.rip) >> l.linear_bits;

	return !in_64bit_code(s) || top == 0 || top == -1;
}

bool rflags_reserved(const State &s, const Limits &)
{
	return fits(s.rflags, 22) && !(s.rflags & (bit(15) | bit(5) | bit(3))) &&
	       s.rflags & rflags::fixed;
}

bool rflags_vm(const State &s, const Limits &)
{
	return !(s.rflags & rflags::vm) || (!s.ia32e() && s.cr0 & cr0::pe);
}

bool rflags_if(const State &s, const Limits &)
{
	return !s.event.is(EventType::external_interrupt) || s.rflags & rflags::if_;
}

bool ssp(const State &s, const Limits &l)
{
	if (!s.entry.has(entry::load_cet))
		return true;
	return !(s.ssp & 3) &&
	       (in_64bit_code(s) ? canonical(s.ssp, l.linear_bits) : fits(s.ssp, 32));
}

constexpr const char *tables = "Checks on Guest Descriptor-Table Registers";
constexpr const char *section = "Checks on Guest RIP, RFLAGS, and SSP";

// clang-format off
constexpr Check descriptor_tables[] = {
	{"guest.gdtr.base",        tables,  gdtr_base},
	{"guest.idtr.base",        tables,  idtr_base},
	{"guest.gdtr.limit",       tables,  gdtr_limit},
	{"guest.idtr.limit",       tables,  idtr_limit},
};

constexpr Check rip_rflags[] = {
	{"guest.rip.high",         section, rip_high},
	{"guest.rip.identical",    section, rip_identical},
	{"guest.rflags.reserved",  section, rflags_reserved},
	{"guest.rflags.vm",        section, rflags_vm},
	{"guest.rflags.if",        section, rflags_if},
	{"guest.ssp",              section, ssp},
};
// clang-format on

} // namespace

VMX_DEFINE_GROUP(guest, descriptor_table, descriptor_tables)
VMX_DEFINE_GROUP(guest, rip_rflags, rip_rflags)

} // namespace vmx::check
