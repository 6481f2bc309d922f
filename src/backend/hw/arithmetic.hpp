// SPDX-License-Identifier: GPL-2.0-only
#pragma once

#include "vmx/types.hpp"

/// What C++ leaves to a library that the kernel does not have.
namespace hw {

using namespace vmx;

/// 128 by 64 bits. The quotient has to fit: `high` is below `divisor`.
inline u64 divide(u64 high, u64 low, u64 divisor)
{
	u64 quotient, remainder;

	asm("divq %4"
	    : "=a"(quotient), "=d"(remainder)
	    : "a"(low), "d"(high), "rm"(divisor)
	    : "cc");
	return quotient;
}

} // namespace hw
