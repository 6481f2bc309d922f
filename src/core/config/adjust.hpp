// SPDX-License-Identifier: GPL-2.0-only
#pragma once

#include "vmx/types.hpp"

namespace vmx::config {

/// What is asked of one control word and what the CPU answers.
struct Request {
	u64 required;
	u64 optional;
	u64 forced;  ///< allowed-0 settings: these bits must be 1
	u64 allowed; ///< allowed-1 settings: bits outside must be 0
};

struct Adjusted {
	u64 value;
	u64 missing; ///< required bits that cannot be 1

	[[nodiscard]] friend constexpr bool operator==(Adjusted, Adjusted) = default;
};

/// The one place where wishes meet allowed settings (SDM, "Reserved Controls and Default
/// Settings").
[[nodiscard]] constexpr Adjusted adjust(const Request &request)
{
	return {.value = ((request.required | request.optional) & request.allowed) | request.forced,
		.missing = request.required & ~request.allowed};
}

static_assert(adjust({.required = 1, .optional = 2, .forced = 4, .allowed = 7}) == Adjusted{7, 0});
static_assert(adjust({.required = 1, .optional = 2, .forced = 4, .allowed = 4}) == Adjusted{4, 1});

} // namespace vmx::config
