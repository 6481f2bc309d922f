// SPDX-License-Identifier: GPL-2.0-only
#pragma once

#include "backend/vcpu/vcpu.hpp"

/// The VMX-preemption timer that L1 gives L2: a timer of the host's, since L2 may well be off the
/// CPU, or halted, while it counts.
namespace backend::nested {

/// log2 of TSC cycles per tick, as L1's IA32_VMX_MISC says.
inline constexpr u32 preemption_timer_rate = 5;

/// Before the first VMXON.
void create_preemption_timer(Vcpu &vcpu);

/// At L2's entry. A value of 0 expires at once.
void start_preemption_timer(Vcpu &vcpu);
void stop_preemption_timer(Vcpu &vcpu);

/// At L2's exit: what is left, if L1 wants to know.
void save_preemption_timer(Vcpu &vcpu);

/// It has expired, and L1 wants its exit.
[[nodiscard]] bool preemption_timer_expired(const Vcpu &vcpu);

} // namespace backend::nested
