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

#define VMX_FAIL(area, name)                                                                       \
	if (!name##_checks_hold(state, limits))                                                    \
		return first_failure(name##_checks(), state, limits);
#define VMX_FAIL_OF_AREA(area_, name)                                                              \
	if constexpr (area == Area::area_)                                                         \
	VMX_FAIL(area_, name)

template <Area area> Failure check_one(const State &state, const Limits &limits)
{
	VMX_CHECK_GROUPS(VMX_FAIL_OF_AREA)
	return {};
}

} // namespace

Failure check_area(Area area, const State &state, const Limits &limits)
{
	switch (area) {
	case Area::basic:
		return check_one<Area::basic>(state, limits);
	case Area::controls:
		return check_one<Area::controls>(state, limits);
	case Area::host:
		return check_one<Area::host>(state, limits);
	case Area::guest:
		break;
	}
	return check_one<Area::guest>(state, limits);
}

Failure check_entry(const State &state, const Limits &limits)
{
	VMX_CHECK_GROUPS(VMX_FAIL)
	return {};
}

} // namespace vmx::check
