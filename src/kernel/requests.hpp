// SPDX-License-Identifier: GPL-2.0-only
//
// Requests to a vCPU: the KVM_REQ_ constants.
#pragma once

#include "kernel/bindings.hpp"

namespace kernel {

extern "C" {
#include "kernel/helpers/requests.h"
}

inline void make_request(kvm_vcpu &vcpu, int request)
{
	kvmxx_make_request(&vcpu, request);
}
inline bool check_request(kvm_vcpu &vcpu, int request)
{
	return kvmxx_check_request(&vcpu, request);
}
inline bool test_request(kvm_vcpu &vcpu, int request)
{
	return kvmxx_test_request(&vcpu, request);
}
inline void clear_request(kvm_vcpu &vcpu, int request)
{
	kvmxx_clear_request(&vcpu, request);
}

} // namespace kernel
