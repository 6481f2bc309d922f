// SPDX-License-Identifier: GPL-2.0-only
//
// How often guests have exited: a counter of this CPU's for each reason.
#pragma once

#include "kernel/bindings.hpp"

namespace kernel {

extern "C" {
#include "kernel/helpers/exits.h"
}

inline constexpr u32 exit_counters = KVMXX_EXIT_COUNTERS;

/// `counter` is below exit_counters.
inline void count_exit(u64 counter)
{
	// One instruction cannot be torn apart by moving to another CPU. Per-CPU variables of a
	// module lie in the first 2 GiB of offsets, as the kernel's own accesses presuppose.
	asm volatile("incq %%gs:kvmxx_exit_counters(,%0,8)" : : "r"(counter) : "cc");
}

inline u64 exits(u32 counter)
{
	return kvmxx_exits(counter);
}

} // namespace kernel
