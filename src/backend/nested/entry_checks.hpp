// SPDX-License-Identifier: GPL-2.0-only
#pragma once

#include "backend/nested/outcome.hpp"
#include "core/check/check.hpp"

/// The checks of core/check over the current vmcs12 and what L1 is shown. None is left to the CPU.
namespace backend::nested {

/// What L1's CPU allows, by its capability MSRs and its CPUID. To be called when either changes.
void update_limits(Vcpu &vcpu);

// The first check that L1's entry fails, traced and counted. The vmcs12, and of L1 and its memory
// what is no field, are read as they are now.

/// What VMLAUNCH or VMRESUME fails for.
[[nodiscard]] check::Failure check_instruction(Vcpu &vcpu, bool vmlaunch);

/// What fails the entry that has begun with it. Of what the link pointer leads to, `link_header` is
/// the first word; 0 where there is no memory.
[[nodiscard]] check::Failure check_guest_state(Vcpu &vcpu, u32 link_header);

/// What has to hold when L2 goes on from saved state, or after SMM. An event counts only where its
/// injection is still to come.
[[nodiscard]] bool may_go_on(Vcpu &vcpu, bool with_event);

} // namespace backend::nested
