// SPDX-License-Identifier: GPL-2.0-only
#pragma once

#include "backend/vcpu/vcpu.hpp"

namespace backend::nested {

/// A new vCPU: outside of VMX operation.
void create(Vcpu &vcpu);

/// The vCPU's end; it is on no CPU.
void destroy(Vcpu &vcpu);

/// Out of guest mode and of VMX operation by force, for a reset, another CPUID, or the end.
void leave_nested(kernel::kvm_vcpu *kvm);

} // namespace backend::nested
