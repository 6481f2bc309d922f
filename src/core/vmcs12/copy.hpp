// SPDX-License-Identifier: GPL-2.0-only
#pragma once

#include <utility>

#include "core/vmcs12/layout.hpp"

/// Copies between the canonical form and a layout, settled at compile time: fields that lie next to
/// each other in both are one copy of constant size, so that a codec is straight-line code.
namespace vmx::vmcs12 {

/// Bytes that move together.
struct Run {
	u16 member; ///< offset in Vmcs12
	u16 slot;   ///< offset in the region
	u16 size;
};

template <Layout layout> struct Runs {
	Run runs[sizeof(rows) / sizeof(rows[0])]{};
	u32 count = 0;

	/// Those of the rows that `wanted` says and that the layout has.
	template <class Wanted> explicit consteval Runs(Wanted wanted)
	{
		for (const Row &row : rows)
			if (slot(row, layout) != no_slot && wanted(row))
				add(row);
	}

private:
	consteval void add(const Row &row)
	{
		if (count) {
			Run &last = runs[count - 1];
			if (last.member + last.size == row.member &&
			    last.slot + last.size == slot(row, layout)) {
				last.size += row.size;
				return;
			}
		}
		runs[count++] = {row.member, slot(row, layout), row.size};
	}
};

// Vmcs12 is trivially copyable and has standard layout: its bytes may be copied, and `member` is
// where offsetof() found it.

template <const auto &runs> [[gnu::always_inline]] inline void load(Vmcs12 &to, const u8 *region)
{
	u8 *const members = reinterpret_cast<u8 *>(&to);

	[&]<u32... N>(std::integer_sequence<u32, N...>)
	{
		(__builtin_memcpy(members + runs.runs[N].member, region + runs.runs[N].slot,
				  runs.runs[N].size),
		 ...);
	}
	(std::make_integer_sequence<u32, runs.count>{});
}

template <const auto &runs> [[gnu::always_inline]] inline void store(const Vmcs12 &from, u8 *region)
{
	const u8 *const members = reinterpret_cast<const u8 *>(&from);

	[&]<u32... N>(std::integer_sequence<u32, N...>)
	{
		(__builtin_memcpy(region + runs.runs[N].slot, members + runs.runs[N].member,
				  runs.runs[N].size),
		 ...);
	}
	(std::make_integer_sequence<u32, runs.count>{});
}

} // namespace vmx::vmcs12
