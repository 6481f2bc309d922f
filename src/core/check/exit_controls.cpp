// SPDX-License-Identifier: GPL-2.0-only
#include "core/check/controls.hpp"

/// SDM, "VM-Exit Control Fields" of "Checks on VMX Controls".
namespace vmx::check {

namespace {

bool exit_reserved(const State &s, const Limits &l)
{
	return within(s.exit, l.exit);
}

bool exit2_reserved(const State &s, const Limits &l)
{
	return !s.exit.has(exit::activate_secondary) || within(s.exit2, l.exit2);
}

bool save_timer(const State &s, const Limits &)
{
	return !s.exit.has(exit::save_preemption_timer) || s.pin.has(pin::preemption_timer);
}

constexpr const char *section = "VM-Exit Control Fields";

// clang-format off
constexpr Check table[] = {
	{"controls.exit.reserved",               section, exit_reserved},
	{"controls.exit2.reserved",              section, exit2_reserved},
	{"controls.save_preemption_timer.timer", section, save_timer},
	MSR_AREA("exit_msr_store", exit_store, section),
	MSR_AREA("exit_msr_load", exit_load, section),
};
// clang-format on

} // namespace

VMX_DEFINE_GROUP(controls, exit_control, table)

} // namespace vmx::check
