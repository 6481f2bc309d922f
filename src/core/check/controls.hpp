// SPDX-License-Identifier: GPL-2.0-only
#pragma once

#include "core/check/rows.hpp"

/// What the checks on the VMX controls share.
namespace vmx::check {

/// SDM, "Reserved Controls and Default Settings".
template <class Word> constexpr bool within(Word word, const Allowed<Word> &allowed)
{
	return word.has(allowed.allowed0) && allowed.allowed1.has(word);
}

/// A physical address in a field of the VMCS.
constexpr bool physical(u64 address, const Limits &limits)
{
	return fits(address, limits.physical_bits) &&
	       (!limits.basic.addresses_32bit() || fits(address, 32));
}

// The rows of one list of MSRs (SDM: "VM-exit MSR-store address" and its like).

template <MsrArea State::*area> bool area_alignment(const State &s, const Limits &)
{
	return !(s.*area).count || !((s.*area).address & 15);
}

template <MsrArea State::*area> bool area_width(const State &s, const Limits &l)
{
	return !(s.*area).count || physical((s.*area).address, l);
}

template <MsrArea State::*area> bool area_last(const State &s, const Limits &l)
{
	const u64 first = (s.*area).address, last = first + u64{16} * (s.*area).count - 1;

	// "The arithmetic uses more bits than the processor's physical-address width": what wraps
	// is too wide.
	return !(s.*area).count || (last >= first && physical(last, l));
}

// clang-format off
#define MSR_AREA(id, area, section)                                              \
	{"controls." id ".alignment", section, area_alignment<&State::area>},    \
	{"controls." id ".width",     section, area_width<&State::area>},        \
	{"controls." id ".last",      section, area_last<&State::area>}
// clang-format on

} // namespace vmx::check
