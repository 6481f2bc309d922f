// SPDX-License-Identifier: GPL-2.0-only
#pragma once

#include "core/vmcs12/fields.hpp"

/// How a vmcs12 lies in memory. Bytes 0 to 3 are the revision word, which names the layout.
namespace vmx::vmcs12 {

/// The revisions that a region of L1 may have.
enum class Revision : u32 {
	legacy = 0x11e57ed0,	  ///< KVM's ABI
	enlightened = 0x11e586b1, ///< an enlightened VMCS below, what that lacks from 2048 on
};

/// What an L1 that does not copy IA32_VMX_BASIC writes into an enlightened VMCS (TLFS,
/// "Enlightened VMCS").
inline constexpr u32 evmcs_version = 1;

enum class Layout : u8 { legacy, enlightened, evmcs };

/// Bit 31 of the revision word marks a shadow VMCS (SDM, "Format of the VMCS Region").
inline constexpr u32 shadow_bit = u32{1} << 31;

/// What L1 is told to allocate for a region, and the most that a codec looks at.
inline constexpr u32 region_size = 4096;

constexpr bool is_shadow(u32 revision_word)
{
	return revision_word & shadow_bit;
}

constexpr Revision revision_of(u32 revision_word)
{
	return static_cast<Revision>(revision_word & ~shadow_bit);
}

/// Whether `decode` and `encode` have that revision, shadow VMCS or not.
constexpr bool known_revision(u32 revision_word)
{
	const Revision revision = revision_of(revision_word);

	return revision == Revision::legacy || revision == Revision::enlightened;
}

/// Whether the region is one of the revision that needs more memory.
constexpr bool is_large(u32 revision_word)
{
	return revision_of(revision_word) == Revision::enlightened;
}

constexpr u32 revision_word(Revision revision, bool shadow)
{
	return static_cast<u32>(revision) | (shadow ? shadow_bit : 0);
}

/// Offset of a field in that layout, `no_slot` if it has none.
constexpr u16 slot(const Row &row, Layout layout)
{
	switch (layout) {
	case Layout::legacy:
		return row.legacy;
	case Layout::enlightened:
		return row.enlightened;
	case Layout::evmcs:
		break;
	}
	return row.evmcs;
}

/// Bytes from the start of a region to the end of its last field.
constexpr u32 size_of(Layout layout)
{
	u32 size = 0;

	for (const Row &row : rows)
		if (slot(row, layout) != no_slot && slot(row, layout) + row.size > int(size))
			size = slot(row, layout) + row.size;
	return layout == Layout::evmcs ? 1024 : size;
}

constexpr u32 size_of(Revision revision)
{
	constexpr u32 legacy = size_of(Layout::legacy), enlightened = size_of(Layout::enlightened);

	return revision == Revision::legacy ? legacy : enlightened;
}

static_assert(size_of(Revision::legacy) == 998 && size_of(Revision::enlightened) == 2270);

} // namespace vmx::vmcs12
