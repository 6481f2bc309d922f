// SPDX-License-Identifier: GPL-2.0-only
#pragma once

#include <initializer_list>

#include "core/check/state.hpp"

/// The checks of VM entry, each with a name, in the SDM's order. The CPU says only that one failed;
/// these say which. What needs memory to be read (the VMCS that the link pointer points to) is not
/// here.
namespace vmx::check {

struct Check {
	const char *id;	     ///< area.subject.what, for logs, counters and tests
	const char *section; ///< title in the SDM
	/// True also where the check does not apply.
	bool (*holds)(const State &state, const Limits &limits);
};

struct Checks {
	const Check *rows;
	unsigned count;

	[[nodiscard]] constexpr const Check *begin() const { return rows; }
	[[nodiscard]] constexpr const Check *end() const { return rows + count; }
};

// The subsections of the SDM's "Checks on the Guest State Area", in order.
[[nodiscard]] Checks control_register_checks();
[[nodiscard]] Checks segment_checks();
[[nodiscard]] Checks descriptor_table_checks();
[[nodiscard]] Checks rip_rflags_checks();
[[nodiscard]] Checks non_register_checks();
[[nodiscard]] Checks pdpte_checks();

/// Calls `found(check)` for each check on the guest-state area that does not hold.
/// @return how many those are.
template <class Found>
unsigned find_violations(const State &state, const Limits &limits, Found found)
{
	unsigned count = 0;

	for (const Checks &checks :
	     {control_register_checks(), segment_checks(), descriptor_table_checks(),
	      rip_rflags_checks(), non_register_checks(), pdpte_checks()}) {
		for (const Check &check : checks) {
			if (check.holds(state, limits))
				continue;
			found(check);
			count++;
		}
	}
	return count;
}

[[nodiscard]] inline bool all_hold(const Checks &checks, const State &state, const Limits &limits)
{
	for (const Check &check : checks)
		if (!check.holds(state, limits))
			return false;
	return true;
}

// What several checks ask.

/// No bit at or above `n` is set.
constexpr bool fits(u64 value, unsigned n)
{
	return n >= 64 || !(value >> n);
}

} // namespace vmx::check
