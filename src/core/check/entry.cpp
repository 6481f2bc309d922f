// SPDX-License-Identifier: GPL-2.0-only
#include "core/check/check.hpp"

namespace vmx::check {

namespace {

/// By name, in a state that is known not to pass.
[[gnu::cold]] Failure first_failure(const Checks &checks, const State &state, const Limits &limits)
{
	for (const Check &check : checks)
		if (!check.holds(state, limits))
			return {&check, verdict_of(checks.area, check)};
	return {};
}

} // namespace

#define VMX_FAIL_OF_AREA(area_, name)                                                              \
	if (area == Area::area_ && !name##_checks_hold(state, limits))                             \
		return first_failure(name##_checks(), state, limits);

Failure check_area(Area area, const State &state, const Limits &limits)
{
	VMX_CHECK_GROUPS(VMX_FAIL_OF_AREA)
	return {};
}

#define VMX_FAIL(area, name)                                                                       \
	if (!name##_checks_hold(state, limits))                                                    \
		return first_failure(name##_checks(), state, limits);

Failure check_entry(const State &state, const Limits &limits)
{
	VMX_CHECK_GROUPS(VMX_FAIL)
	return {};
}

} // namespace vmx::check
