// SPDX-License-Identifier: GPL-2.0-only
#pragma once

#include "core/config/report.hpp"
#include "kernel/exits.hpp"
#include "vmx/exit_reason.hpp"

/// How often guests have exited, of all virtual machines since the module was loaded.
namespace backend {

using namespace vmx;

/// The counter of reasons that have none of their own.
inline constexpr u32 other_exits = kernel::exit_counters - 1;
static_assert(exit_reasons <= other_exits);

inline void count_exit(Reason reason)
{
	const u32 number = static_cast<u16>(reason);

	kernel::count_exit(number < exit_reasons ? number : other_exits);
}

/// A line "NAME COUNT" for each reason that the exit table has a row for, and for any other that
/// was seen, as REASON_n; what is beyond the SDM's is summed up as OTHERS.
void print_exits(const config::Sink &sink);

} // namespace backend
