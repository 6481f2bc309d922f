// SPDX-License-Identifier: GPL-2.0-only
#pragma once

#include "kernel/bindings.hpp"

/// Nesting is not offered: the guest's CPUID lacks VMX, and KVM_CAP_NESTED_STATE says no. What
/// kvm.ko calls without asking finds a vCPU that is never in guest mode.
namespace backend {

void leave_nested(kernel::kvm_vcpu *kvm);

} // namespace backend
