// SPDX-License-Identifier: GPL-2.0-only
#pragma once

#include "backend/nested/outcome.hpp"
#include "core/check/check.hpp"

/// The checks of core/check over the current vmcs12 and what L1 is shown. None is left to the CPU.
namespace backend::nested {

/// What L1's CPU allows, by its capability MSRs and its CPUID. To be called when either changes.
void update_limits(Vcpu &vcpu);

/// The vmcs12, and of L1 and its memory what is no field, as they are now.
void read_entry_state(Vcpu &vcpu, check::Moment instruction);

/// The first check of an area that the state read last fails, traced and counted.
[[nodiscard]] check::Failure check_area(Vcpu &vcpu, check::Area area);

/// What has to hold when L2 goes on from saved state, or after SMM. An event counts only where its
/// injection is still to come.
[[nodiscard]] bool may_go_on(Vcpu &vcpu, bool with_event);

} // namespace backend::nested
