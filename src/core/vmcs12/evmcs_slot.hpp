// SPDX-License-Identifier: GPL-2.0-only
#pragma once

#include "core/vmcs12/fields.hpp"

/// Where an enlightened VMCS has a field: for who reads and writes one field at a time, as a
/// hypervisor that is Hyper-V's guest does.
namespace vmx::vmcs12 {

struct EvmcsSlot {
	u16 offset = no_slot;
	u8 size = 0;   ///< bytes
	u32 clean = 0; ///< clean fields that say nothing has changed, and must go when it has

	[[nodiscard]] constexpr bool exists() const { return offset != no_slot; }
};

/// The bit of a group. Fields that are clean only if every group is make every group dirty.
constexpr u32 clean_bits(Clean clean)
{
	if (clean == Clean::all)
		return 0xffff;
	return clean < Clean::all ? u32{1} << static_cast<u32>(clean) : 0;
}

/// At compile time, for a field that the code names.
consteval EvmcsSlot evmcs_slot(u32 encoding)
{
	for (const Row &row : rows)
		if (row.encoding == encoding && row.evmcs != no_slot)
			return {row.evmcs, static_cast<u8>(row.size), clean_bits(row.clean)};
	return {};
}

/// At run time, for an encoding of this module's own; not for a guest's.
[[nodiscard]] EvmcsSlot find_evmcs_slot(u32 encoding);

} // namespace vmx::vmcs12
