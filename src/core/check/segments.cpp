// SPDX-License-Identifier: GPL-2.0-only
#include "core/check/rows.hpp"

/// SDM, "Checks on Guest Segment Registers". The rows of one kind are made from one template, a row
/// for each register that the SDM names.
namespace vmx::check {

namespace {

using enum field::Segment;

constexpr u32 code = 8, conforming = 4, read_or_write = 2, accessed = 1;
constexpr u32 reserved_rights = 0xfffe0f00;

/// Whether the register counts outside of virtual-8086 mode: CS and TR always do.
template <Segment which> bool counts(const State &s)
{
	return which == cs || which == tr || s[which].usable();
}

/// Of the six that virtual-8086 mode has rules of its own for.
template <Segment which> bool as_in_8086(const State &s)
{
	return s.virtual_8086() && which <= gs;
}

bool tr_ti(const State &s, const Limits &)
{
	return !(s[tr].selector & 4);
}

bool ldtr_ti(const State &s, const Limits &)
{
	return !s[ldtr].usable() || !(s[ldtr].selector & 4);
}

bool ss_rpl(const State &s, const Limits &)
{
	return s.virtual_8086() || s.unrestricted() || s[ss].rpl() == s[cs].rpl();
}

template <Segment which> bool base_8086(const State &s, const Limits &)
{
	return !s.virtual_8086() || s[which].base == u64{s[which].selector} << 4;
}

template <Segment which> bool base_canonical(const State &s, const Limits &l)
{
	// FS and GS have a base in 64-bit mode even where they are unusable.
	const bool always = which == tr || which == fs || which == gs;

	return !(always || s[which].usable()) || canonical(s[which].base, l.linear_bits);
}

template <Segment which> bool base_high(const State &s, const Limits &)
{
	return !counts<which>(s) || fits(s[which].base, 32);
}

template <Segment which> bool limit_8086(const State &s, const Limits &)
{
	return !s.virtual_8086() || s[which].limit == rights::virtual_8086_limit;
}

template <Segment which> bool rights_8086(const State &s, const Limits &)
{
	return !s.virtual_8086() || s[which].rights == rights::virtual_8086;
}

bool cs_type(const State &s, const Limits &)
{
	const u32 type = s[cs].type();

	return s.virtual_8086() || (type & (code | accessed)) == (code | accessed) ||
	       (s.unrestricted() && type == 3);
}

bool ss_type(const State &s, const Limits &)
{
	return s.virtual_8086() || !s[ss].usable() || s[ss].type() == 3 || s[ss].type() == 7;
}

template <Segment which> bool data_type(const State &s, const Limits &)
{
	const u32 type = s[which].type();

	return s.virtual_8086() || !s[which].usable() ||
	       (type & accessed && (!(type & code) || type & read_or_write));
}

/// Code and data segments have S set, system segments clear.
template <Segment which> bool descriptor_type(const State &s, const Limits &)
{
	return as_in_8086<which>(s) || !counts<which>(s) ||
	       !!(s[which].rights & rights::s) == (which <= gs);
}

bool cs_dpl(const State &s, const Limits &)
{
	if (s.virtual_8086())
		return true;
	switch (s[cs].type()) {
	case 3:
		return s[cs].dpl() == 0;
	case 9:
	case 11:
		return s[cs].dpl() == s[ss].dpl();
	case 13:
	case 15:
		return s[cs].dpl() <= s[ss].dpl();
	default:
		// guest.cs.type does not hold.
		return true;
	}
}

bool ss_dpl_rpl(const State &s, const Limits &)
{
	return s.virtual_8086() || s.unrestricted() || s[ss].dpl() == s[ss].rpl();
}

bool ss_dpl_zero(const State &s, const Limits &)
{
	return s.virtual_8086() || (s[cs].type() != 3 && s.cr0 & cr0::pe) || s[ss].dpl() == 0;
}

template <Segment which> bool data_dpl(const State &s, const Limits &)
{
	return s.virtual_8086() || s.unrestricted() || !s[which].usable() ||
	       s[which].type() >= (code | conforming) || s[which].dpl() >= s[which].rpl();
}

template <Segment which> bool present(const State &s, const Limits &)
{
	return as_in_8086<which>(s) || !counts<which>(s) || s[which].rights & rights::p;
}

template <Segment which> bool reserved(const State &s, const Limits &)
{
	return as_in_8086<which>(s) || !counts<which>(s) || !(s[which].rights & reserved_rights);
}

bool cs_db(const State &s, const Limits &)
{
	return s.virtual_8086() || !s.ia32e() || !(s[cs].rights & rights::l) ||
	       !(s[cs].rights & rights::db);
}

template <Segment which> bool granularity(const State &s, const Limits &)
{
	if (as_in_8086<which>(s) || !counts<which>(s))
		return true;
	const bool pages = s[which].rights & rights::g;

	return pages ? (s[which].limit & 0xfff) == 0xfff : s[which].limit < 1U << 20;
}

bool tr_type(const State &s, const Limits &)
{
	// Busy: a 64-bit or 32-bit TSS, outside of IA-32e mode also a 16-bit one.
	return s[tr].type() == 11 || (!s.ia32e() && s[tr].type() == 3);
}

bool tr_usable(const State &s, const Limits &)
{
	return s[tr].usable();
}

bool ldtr_type(const State &s, const Limits &)
{
	return !s[ldtr].usable() || s[ldtr].type() == 2;
}

constexpr const char *section = "Checks on Guest Segment Registers";

// clang-format off
constexpr Check table[] = {
	{"guest.tr.ti",            section, tr_ti},
	{"guest.ldtr.ti",          section, ldtr_ti},
	{"guest.ss.rpl",           section, ss_rpl},

	{"guest.cs.base_8086",     section, base_8086<cs>},
	{"guest.ss.base_8086",     section, base_8086<ss>},
	{"guest.ds.base_8086",     section, base_8086<ds>},
	{"guest.es.base_8086",     section, base_8086<es>},
	{"guest.fs.base_8086",     section, base_8086<fs>},
	{"guest.gs.base_8086",     section, base_8086<gs>},
	{"guest.tr.base",          section, base_canonical<tr>},
	{"guest.fs.base",          section, base_canonical<fs>},
	{"guest.gs.base",          section, base_canonical<gs>},
	{"guest.ldtr.base",        section, base_canonical<ldtr>},
	{"guest.cs.base",          section, base_high<cs>},
	{"guest.ss.base",          section, base_high<ss>},
	{"guest.ds.base",          section, base_high<ds>},
	{"guest.es.base",          section, base_high<es>},

	{"guest.cs.limit_8086",    section, limit_8086<cs>},
	{"guest.ss.limit_8086",    section, limit_8086<ss>},
	{"guest.ds.limit_8086",    section, limit_8086<ds>},
	{"guest.es.limit_8086",    section, limit_8086<es>},
	{"guest.fs.limit_8086",    section, limit_8086<fs>},
	{"guest.gs.limit_8086",    section, limit_8086<gs>},

	{"guest.cs.rights_8086",   section, rights_8086<cs>},
	{"guest.ss.rights_8086",   section, rights_8086<ss>},
	{"guest.ds.rights_8086",   section, rights_8086<ds>},
	{"guest.es.rights_8086",   section, rights_8086<es>},
	{"guest.fs.rights_8086",   section, rights_8086<fs>},
	{"guest.gs.rights_8086",   section, rights_8086<gs>},

	{"guest.cs.type",          section, cs_type},
	{"guest.ss.type",          section, ss_type},
	{"guest.ds.type",          section, data_type<ds>},
	{"guest.es.type",          section, data_type<es>},
	{"guest.fs.type",          section, data_type<fs>},
	{"guest.gs.type",          section, data_type<gs>},

	{"guest.cs.s",             section, descriptor_type<cs>},
	{"guest.ss.s",             section, descriptor_type<ss>},
	{"guest.ds.s",             section, descriptor_type<ds>},
	{"guest.es.s",             section, descriptor_type<es>},
	{"guest.fs.s",             section, descriptor_type<fs>},
	{"guest.gs.s",             section, descriptor_type<gs>},

	{"guest.cs.dpl",           section, cs_dpl},
	{"guest.ss.dpl_is_rpl",    section, ss_dpl_rpl},
	{"guest.ss.dpl_is_0",      section, ss_dpl_zero},
	{"guest.ds.dpl",           section, data_dpl<ds>},
	{"guest.es.dpl",           section, data_dpl<es>},
	{"guest.fs.dpl",           section, data_dpl<fs>},
	{"guest.gs.dpl",           section, data_dpl<gs>},

	{"guest.cs.present",       section, present<cs>},
	{"guest.ss.present",       section, present<ss>},
	{"guest.ds.present",       section, present<ds>},
	{"guest.es.present",       section, present<es>},
	{"guest.fs.present",       section, present<fs>},
	{"guest.gs.present",       section, present<gs>},

	{"guest.cs.reserved",      section, reserved<cs>},
	{"guest.ss.reserved",      section, reserved<ss>},
	{"guest.ds.reserved",      section, reserved<ds>},
	{"guest.es.reserved",      section, reserved<es>},
	{"guest.fs.reserved",      section, reserved<fs>},
	{"guest.gs.reserved",      section, reserved<gs>},

	{"guest.cs.db",            section, cs_db},

	{"guest.cs.granularity",   section, granularity<cs>},
	{"guest.ss.granularity",   section, granularity<ss>},
	{"guest.ds.granularity",   section, granularity<ds>},
	{"guest.es.granularity",   section, granularity<es>},
	{"guest.fs.granularity",   section, granularity<fs>},
	{"guest.gs.granularity",   section, granularity<gs>},

	{"guest.tr.type",          section, tr_type},
	{"guest.tr.s",             section, descriptor_type<tr>},
	{"guest.tr.present",       section, present<tr>},
	{"guest.tr.reserved",      section, reserved<tr>},
	{"guest.tr.granularity",   section, granularity<tr>},
	{"guest.tr.usable",        section, tr_usable},

	{"guest.ldtr.type",        section, ldtr_type},
	{"guest.ldtr.s",           section, descriptor_type<ldtr>},
	{"guest.ldtr.present",     section, present<ldtr>},
	{"guest.ldtr.reserved",    section, reserved<ldtr>},
	{"guest.ldtr.granularity", section, granularity<ldtr>},
};
// clang-format on

} // namespace

VMX_DEFINE_GROUP(guest, segment, table)

} // namespace vmx::check
