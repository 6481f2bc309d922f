// SPDX-License-Identifier: GPL-2.0-only
#pragma once

#include <utility>

#include "core/check/check.hpp"

/// What the files of rows share.
namespace vmx::check {

template <const auto &table, unsigned... N> [[gnu::always_inline]] inline unsigned
first_violation(const State &state, const Limits &limits, std::integer_sequence<unsigned, N...>)
{
	unsigned row = no_row;

	(void)((table[N].holds(state, limits) || (row = N, false)) && ...);
	return row;
}

/// Defines what check.hpp declares of a group, from its table. "flatten" makes one body of all the
/// predicates: they are named in a constant table, so each call is known.
#define VMX_DEFINE_GROUP(area_, name, table)                                                       \
	Checks name##_checks()                                                                     \
	{                                                                                          \
		return {Area::area_, table, sizeof(table) / sizeof(table[0])};                     \
	}                                                                                          \
	[[gnu::flatten]] unsigned name##_violation(const State &state, const Limits &limits)       \
	{                                                                                          \
		constexpr unsigned count = sizeof(table) / sizeof(table[0]);                       \
                                                                                                   \
		static_assert(count <= most_rows);                                                 \
		return first_violation<table>(state, limits,                                       \
					      std::make_integer_sequence<unsigned, count>{});      \
	}

// What the checks on guest and host state have in common.

/// Every bit of `fixed0` is set and none outside `fixed1`.
constexpr bool supported(u64 value, u64 fixed0, u64 fixed1)
{
	return (value & fixed0) == fixed0 && !(value & ~fixed1);
}

/// Each byte is a memory type that a PAT entry may have: 0, 1, 4, 5, 6, 7.
constexpr bool pat_valid(u64 pat)
{
	constexpr u64 bytes = 0x0101010101010101;

	// Bits 7:3 clear, and bit 1 only beside bit 2.
	return !(pat & bytes * 0xf8) && !(pat & bytes * 2 & ~(pat >> 1));
}

/// IA32_S_CET but for its address.
constexpr bool s_cet_valid(u64 value)
{
	constexpr u64 reserved = 0x3c0, suppress = bit(10), tracker = bit(11);

	return !(value & reserved) && (value & (suppress | tracker)) != (suppress | tracker);
}

} // namespace vmx::check
