// SPDX-License-Identifier: GPL-2.0-only
#include "core/check/enterable.hpp"

namespace vmx::check {

namespace {

using field::Segment;

constexpr Segment code_and_data[] = {Segment::es, Segment::cs, Segment::ss,
				     Segment::ds, Segment::fs, Segment::gs};

constexpr u16 rpl_mask = 3, table_indicator = 4;

constexpr const SegmentState &at(const SegmentStates &segments, Segment segment)
{
	return segments[static_cast<u32>(segment)];
}

constexpr bool usable(const SegmentState &s)
{
	return !(s.rights & rights::unusable);
}

/// Bits 11:8 and 31:17 are reserved.
constexpr bool reserved_clear(const SegmentState &s)
{
	return !(s.rights & 0xfffe0f00U);
}

/// A limit with a low bit clear counts bytes, one with a high bit set counts pages.
constexpr bool granularity_fits(const SegmentState &s)
{
	const bool pages = s.rights & rights::g;

	return ((s.limit & 0xfff) == 0xfff || !pages) && (!(s.limit & 0xfff00000U) || pages);
}

constexpr bool present(const SegmentState &s, bool code_or_data)
{
	return s.rights & rights::p && !!(s.rights & rights::s) == code_or_data &&
	       reserved_clear(s) && granularity_fits(s);
}

constexpr bool low_base(const SegmentState &s)
{
	return !(s.base >> 32);
}

bool code_enterable(const SegmentState &cs, const SegmentState &ss, bool ia32e)
{
	constexpr u32 code_accessed = 9, conforming = 4;
	const u32 type = rights::type(cs.rights), dpl = rights::dpl(cs.rights),
		  stack_dpl = rights::dpl(ss.rights);

	if (!usable(cs) || !present(cs, true) || !low_base(cs))
		return false;
	if ((type & code_accessed) != code_accessed)
		return false;
	if (type & conforming ? dpl > stack_dpl : dpl != stack_dpl)
		return false;
	return !(ia32e && cs.rights & rights::l && cs.rights & rights::db);
}

bool stack_enterable(const SegmentState &ss, const SegmentState &cs)
{
	constexpr u32 read_write = 3, read_write_down = 7;
	const u32 type = rights::type(ss.rights);

	// Without unrestricted guest the two RPLs are the CPL, also while SS is unusable.
	if ((ss.selector & rpl_mask) != (cs.selector & rpl_mask) ||
	    rights::dpl(ss.rights) != (ss.selector & rpl_mask))
		return false;
	return !usable(ss) || (present(ss, true) && low_base(ss) &&
			       (type == read_write || type == read_write_down));
}

bool data_enterable(const SegmentState &s, bool low)
{
	constexpr u32 accessed = 1, readable = 2, code = 8, conforming_code = 12;
	const u32 type = rights::type(s.rights);

	if (!usable(s))
		return true;
	if (!present(s, true) || !(type & accessed) || (type & code && !(type & readable)))
		return false;
	if (type < conforming_code && rights::dpl(s.rights) < (s.selector & rpl_mask))
		return false;
	return !low || low_base(s);
}

bool task_enterable(const SegmentState &tr, bool ia32e)
{
	constexpr u32 busy_16 = 3, busy_32 = 11;
	const u32 type = rights::type(tr.rights);

	return usable(tr) && present(tr, false) && !(tr.selector & table_indicator) &&
	       (type == busy_32 || (type == busy_16 && !ia32e));
}

bool ldt_enterable(const SegmentState &ldtr)
{
	constexpr u32 ldt = 2;

	return !usable(ldtr) || (present(ldtr, false) && !(ldtr.selector & table_indicator) &&
				 rights::type(ldtr.rights) == ldt);
}

} // namespace

bool runs_as_virtual_8086(const SegmentStates &segments)
{
	for (Segment which : code_and_data) {
		const SegmentState &s = at(segments, which);

		if (s.base != u64{s.selector} << 4 || s.limit != virtual_8086_limit)
			return false;
	}
	return true;
}

bool virtual_8086_enterable(const SegmentStates &segments)
{
	for (Segment which : code_and_data)
		if (at(segments, which).rights != virtual_8086_rights)
			return false;
	return runs_as_virtual_8086(segments) && task_enterable(at(segments, Segment::tr), false) &&
	       ldt_enterable(at(segments, Segment::ldtr));
}

bool segments_enterable(const SegmentStates &segments, bool ia32e)
{
	const SegmentState &cs = at(segments, Segment::cs), &ss = at(segments, Segment::ss);

	return code_enterable(cs, ss, ia32e) && stack_enterable(ss, cs) &&
	       data_enterable(at(segments, Segment::ds), true) &&
	       data_enterable(at(segments, Segment::es), true) &&
	       data_enterable(at(segments, Segment::fs), false) &&
	       data_enterable(at(segments, Segment::gs), false) &&
	       task_enterable(at(segments, Segment::tr), ia32e) &&
	       ldt_enterable(at(segments, Segment::ldtr));
}

} // namespace vmx::check
