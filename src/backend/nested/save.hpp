// SPDX-License-Identifier: GPL-2.0-only
#pragma once

#include "backend/vcpu/vcpu.hpp"

/// KVM_GET_NESTED_STATE and KVM_SET_NESTED_STATE (KVM ABI). A vmcs12 travels in the layout of its
/// region, which its first word names.
namespace backend::nested {

/// Into `user`, if it has room. @return the size of the state in bytes, or -errno. Without a vCPU:
/// the most that it can be.
int get_state(kernel::kvm_vcpu *kvm, kernel::kvm_nested_state *user, unsigned size);

/// @param state the header, which kvm.ko has read from `user`.
/// @return 0 or -errno; then the vCPU is outside of VMX operation, or as far as the state was good.
int set_state(kernel::kvm_vcpu *kvm, kernel::kvm_nested_state *user,
	      kernel::kvm_nested_state *state);

/// What of a restored state needs L1's memory, if it has not been found yet. @return false if it is
/// not there.
bool find_memory(Vcpu &vcpu);

/// The same, before L2 runs on: userspace learns of what is not there.
bool get_nested_state_pages(kernel::kvm_vcpu *kvm);

} // namespace backend::nested
