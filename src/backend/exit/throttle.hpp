// SPDX-License-Identifier: GPL-2.0-only
#pragma once

#include "backend/exit/handler.hpp"

/// Guests that slow the whole machine down: by locking the bus, or by an instruction that never
/// ends (KVM_CAP_X86_BUS_LOCK_EXIT, KVM_CAP_X86_NOTIFY_VMEXIT).
namespace backend {

/// What the VM's capabilities ask for. They are set before its vCPUs are created.
[[nodiscard]] Secondary throttle_controls(const Vcpu &vcpu);
void initialise_throttle(Vcpu &vcpu);

/// The exit reason's bus-lock bit was set: userspace hears of it, whatever the exit was for.
/// @return what the handler's result becomes.
[[nodiscard]] int report_bus_lock(Vcpu &vcpu, int result);

} // namespace backend
