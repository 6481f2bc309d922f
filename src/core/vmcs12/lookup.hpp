// SPDX-License-Identifier: GPL-2.0-only
#pragma once

#include "core/vmcs12/fields.hpp"

/// Fields by the number that L1 gives to VMREAD and VMWRITE.
namespace vmx::vmcs12 {

/// Bits of an encoding (SDM, "Structure of VMCS Component Encoding").
inline constexpr u32 high_access = 1;

/// A field of a vmcs12, or the upper half of one.
struct Place {
	u16 offset; ///< in Vmcs12; 0 if there is no such field
	u8 size;    ///< of the access, in bytes: 2, 4 or 8
	bool read_only;

	[[nodiscard]] constexpr bool exists() const { return offset; }
};

// What `exists()` asks: no field is the first member.
static_assert(offsetof(Vmcs12, abort_indicator) == 0);

/// @param encoding any number that L1 chose. Bounded also under speculation.
[[nodiscard]] Place find(u64 encoding);

/// The value, zero-extended; 0 if there is no such field.
[[nodiscard]] u64 read(const Vmcs12 &vmcs12, Place place);

/// Writes the value's low bytes, as many as the access has; nothing if there is no such field.
/// Whether L1 may write exit information is the caller's to ask (IA32_VMX_MISC[29]).
void write(Vmcs12 &vmcs12, Place place, u64 value);

/// The highest index that a field's encoding has.
consteval u32 highest_index()
{
	u32 highest = 0;

	for (const Row &row : rows)
		if (row.encoding != no_encoding && (row.encoding >> 1 & 0x1ff) > highest)
			highest = row.encoding >> 1 & 0x1ff;
	return highest;
}

/// IA32_VMX_VMCS_ENUM as L1 is shown it.
inline constexpr u64 vmcs_enum = u64{highest_index()} << 1;

} // namespace vmx::vmcs12
