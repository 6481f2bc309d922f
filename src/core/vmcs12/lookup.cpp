// SPDX-License-Identifier: GPL-2.0-only
#include "core/vmcs12/lookup.hpp"

#include <bit>

#include "vmx/speculation.hpp"

namespace vmx::vmcs12 {

namespace {

/// Bits of the index that a field in use has.
constexpr u32 index_bits = std::bit_width(highest_index());
constexpr u64 index_mask = bit(index_bits) - 1;

/// Bits that no field's encoding has set.
constexpr u64 never_set = ~(3u << 13 | 3u << 10 | index_mask << 1 | high_access);

/// Width, group and index side by side. Any number becomes one below the table's size.
constexpr u32 position(u64 encoding)
{
	return static_cast<u32>((encoding >> 13 & 3) << (index_bits + 2) |
				(encoding >> 10 & 3) << index_bits | (encoding >> 1 & index_mask));
}

struct Table {
	u16 member[16 << index_bits]{};

	consteval Table()
	{
		for (const Row &row : rows)
			if (row.encoding != no_encoding)
				member[position(row.encoding)] = row.member;
	}
};

constexpr Table table;

constexpr u8 sizes[] = {2, 8, 4, 8}; // by Width

} // namespace

Place find(u64 encoding)
{
	const u64 bounded = forget(encoding);
	const u32 width = bounded >> 13 & 3;
	const bool high = encoding & high_access;
	const u16 member = table.member[position(bounded)];

	if ((encoding & never_set) || (high && width != static_cast<u32>(Width::quad)) || !member)
		return {};
	return {.offset = static_cast<u16>(member + (high ? 4 : 0)),
		.size = high ? u8{4} : sizes[width],
		.read_only = group_of(static_cast<u32>(encoding)) == Group::exit_info};
}

u64 read(const Vmcs12 &vmcs12, Place place)
{
	const u8 *const member = reinterpret_cast<const u8 *>(&vmcs12) + place.offset;
	u64 value = 0;

	// x86 is little-endian: the low bytes of a value come first.
	switch (place.size) {
	case 2:
		__builtin_memcpy(&value, member, 2);
		break;
	case 4:
		__builtin_memcpy(&value, member, 4);
		break;
	case 8:
		__builtin_memcpy(&value, member, 8);
		break;
	}
	return value;
}

void write(Vmcs12 &vmcs12, Place place, u64 value)
{
	u8 *const member = reinterpret_cast<u8 *>(&vmcs12) + place.offset;

	switch (place.size) {
	case 2:
		__builtin_memcpy(member, &value, 2);
		break;
	case 4:
		__builtin_memcpy(member, &value, 4);
		break;
	case 8:
		__builtin_memcpy(member, &value, 8);
		break;
	}
}

} // namespace vmx::vmcs12
