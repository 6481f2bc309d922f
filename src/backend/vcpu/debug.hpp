// SPDX-License-Identifier: GPL-2.0-only
#pragma once

#include "backend/vcpu/vcpu.hpp"

namespace backend {

void set_dr7(kernel::kvm_vcpu *kvm, unsigned long value);

/// The guest has had DR0..DR6 to itself: what it left there becomes its state, and MOV DR exits
/// again.
void sync_dirty_debug_regs(kernel::kvm_vcpu *kvm);

} // namespace backend
