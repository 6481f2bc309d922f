// SPDX-License-Identifier: GPL-2.0-only
#pragma once

#include "backend/vcpu/vcpu.hpp"

namespace backend {

/// Enters the guest once, interrupts off, and reads why it came back.
kernel::exit_fastpath_completion vcpu_run(kernel::kvm_vcpu *kvm, u64 run_flags);

int vcpu_pre_run(kernel::kvm_vcpu *kvm);

} // namespace backend
