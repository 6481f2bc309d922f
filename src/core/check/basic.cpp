// SPDX-License-Identifier: GPL-2.0-only
#include "core/check/rows.hpp"

/// SDM, "Basic VM-Entry Checks", and the operation of VMLAUNCH and VMRESUME: what is left once
/// there is a current VMCS to ask.
namespace vmx::check {

namespace {

bool shadow_vmcs(const State &s, const Limits &)
{
	return !s.now.shadow;
}

bool mov_ss(const State &s, const Limits &)
{
	return !s.now.mov_ss;
}

bool launch_clear(const State &s, const Limits &)
{
	return !s.now.vmlaunch || !s.now.launched;
}

bool resume_launched(const State &s, const Limits &)
{
	return s.now.vmlaunch || s.now.launched;
}

constexpr const char *section = "Basic VM-Entry Checks";

// SDM, "VM Instruction Error Numbers".
constexpr u8 not_clear = 4, not_launched = 5, blocked_by_mov_ss = 26;

// clang-format off
constexpr Check table[] = {
	{"entry.vmcs.shadow",       section, shadow_vmcs},
	{"entry.blocked_by_mov_ss", section, mov_ss,          blocked_by_mov_ss},
	{"entry.vmlaunch.clear",    section, launch_clear,    not_clear},
	{"entry.vmresume.launched", section, resume_launched, not_launched},
};
// clang-format on

} // namespace

VMX_DEFINE_GROUP(basic, basic, table)

} // namespace vmx::check
