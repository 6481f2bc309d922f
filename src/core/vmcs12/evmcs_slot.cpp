// SPDX-License-Identifier: GPL-2.0-only
#include "core/vmcs12/evmcs_slot.hpp"

namespace vmx::vmcs12 {

namespace {

/// Bits 9:1 of an encoding that fields of a vmcs12 use.
constexpr u32 index_bits = 6;

/// Width, group and index side by side.
constexpr u32 position(u32 encoding)
{
	return (encoding >> 13 & 3) << (index_bits + 2) | (encoding >> 10 & 3) << index_bits |
	       (encoding >> 1 & ((1u << index_bits) - 1));
}

constexpr u32 row_count = sizeof(rows) / sizeof(rows[0]);
static_assert(row_count < 256);

struct Table {
	u8 row[16 << index_bits]{}; ///< 0, which is no field, where there is none

	consteval Table()
	{
		for (u32 n = 0; n < row_count; ++n)
			if (rows[n].encoding != no_encoding)
				row[position(rows[n].encoding)] = static_cast<u8>(n);
	}
};
static_assert(rows[0].encoding == no_encoding);

constexpr Table table;

} // namespace

EvmcsSlot find_evmcs_slot(u32 encoding)
{
	const Row &row = rows[table.row[position(encoding)]];

	if (encoding == no_encoding || row.encoding != encoding || row.evmcs == no_slot)
		return {};
	return {row.evmcs, static_cast<u8>(row.size), clean_bits(row.clean)};
}

} // namespace vmx::vmcs12
