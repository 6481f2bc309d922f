// SPDX-License-Identifier: GPL-2.0-only
#pragma once

#include "backend/vcpu/vcpu.hpp"

namespace backend {

int vm_init(kernel::kvm *kvm);

/// @return 0 or -ENOMEM.
int vcpu_create(kernel::kvm_vcpu *kvm);
void vcpu_free(kernel::kvm_vcpu *kvm);

/// What neither guest nor kvm.ko changes, into a VMCS that has its control words: vmcs01 and vmcs02
/// alike.
void initialise_shared_constants(Vcpu &vcpu);

/// RESET, or INIT if `init_event`: what kvm.ko does not reset through other operations.
void vcpu_reset(kernel::kvm_vcpu *kvm, bool init_event);

void setup_mce(kernel::kvm_vcpu *kvm);

} // namespace backend
