// SPDX-License-Identifier: GPL-2.0-only
#pragma once

#include "vmx/types.hpp"

namespace hw {

using namespace vmx;

/// RDMSR of an MSR that this CPU is known to have.
inline u64 read_msr(u32 msr)
{
	u32 low, high;

	asm volatile("rdmsr" : "=a"(low), "=d"(high) : "c"(msr));
	return low | static_cast<u64>(high) << 32;
}

/// WRMSR of an MSR that this CPU is known to have, with a value that it is known to take.
inline void write_msr(u32 msr, u64 value)
{
	asm volatile("wrmsr"
		     :
		     : "c"(msr), "a"(static_cast<u32>(value)), "d"(static_cast<u32>(value >> 32))
		     : "memory");
}

/// The host's TSC. Not ordered with what stands around it.
inline u64 read_tsc()
{
	u32 low, high;

	asm volatile("rdtsc" : "=a"(low), "=d"(high));
	return low | static_cast<u64>(high) << 32;
}

} // namespace hw
