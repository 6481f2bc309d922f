// SPDX-License-Identifier: GPL-2.0-only
#pragma once

#include "backend/vcpu/vcpu.hpp"

namespace backend {

/// Exits that are dealt with before the host's interrupts are on again.
kernel::exit_fastpath_completion handle_exit_fast(Vcpu &vcpu);

/// The host's own business that exited the guest: its interrupts, NMIs and machine checks.
/// Interrupts off.
void handle_exit_irqoff(kernel::kvm_vcpu *kvm);

} // namespace backend
