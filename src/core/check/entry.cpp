// SPDX-License-Identifier: GPL-2.0-only
#include "core/check/check.hpp"

namespace vmx::check {

namespace {

[[gnu::cold]] Failure failure_of(const Checks &checks, CheckGroup group, unsigned row)
{
	return {&checks.rows[row], checks.area, group, static_cast<u8>(row)};
}

#define VMX_FAIL(area, name)                                                                       \
	if (const unsigned row = name##_violation(state, limits); row != no_row) [[unlikely]]      \
		return failure_of(name##_checks(), CheckGroup::name, row);
#define VMX_FAIL_OF_AREA(area_, name)                                                              \
	if constexpr (area == Area::area_)                                                         \
	VMX_FAIL(area_, name)

} // namespace

template <Area area> Failure check_area(const State &state, const Limits &limits)
{
	VMX_CHECK_GROUPS(VMX_FAIL_OF_AREA)
	return {};
}

template Failure check_area<Area::basic>(const State &, const Limits &);
template Failure check_area<Area::controls>(const State &, const Limits &);
template Failure check_area<Area::host>(const State &, const Limits &);
template Failure check_area<Area::guest>(const State &, const Limits &);

Failure check_entry(const State &state, const Limits &limits)
{
	VMX_CHECK_GROUPS(VMX_FAIL)
	return {};
}

} // namespace vmx::check
