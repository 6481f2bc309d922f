// SPDX-License-Identifier: GPL-2.0-only
#pragma once

#include "vmx/types.hpp"

namespace vmx {

/// An entry of an MSR list (SDM, "Format of an MSR Entry").
struct alignas(16) MsrEntry {
	u32 msr, reserved;
	u64 value;
};
static_assert(sizeof(MsrEntry) == 16);

} // namespace vmx
