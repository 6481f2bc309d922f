// SPDX-License-Identifier: GPL-2.0-only
#pragma once

#include <type_traits>

#include "vmx/types.hpp"

/// Numbers that a guest chose, as indices.
namespace vmx {

/// Ends what the compiler knows of a value. A mask is then applied, even where a check has shown
/// that it changes nothing: it has to hold where that check is mispredicted.
constexpr u64 forget(u64 value)
{
	if (std::is_constant_evaluated())
		return value;
	volatile u64 hidden = value;

	return hidden;
}

/// `index` if it is below `size`, else 0, without a branch to mispredict.
constexpr u64 clamp_index(u64 index, u64 size)
{
	return index & static_cast<u64>(static_cast<s64>(forget(index) - size) >> 63);
}

} // namespace vmx
