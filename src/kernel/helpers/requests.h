/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef KVMXX_HELPERS_REQUESTS_H
#define KVMXX_HELPERS_REQUESTS_H

#include "language.h"

struct kvm_vcpu;

/* A request is a KVM_REQ_ constant. */
void kvmxx_make_request(struct kvm_vcpu *vcpu, int request);
bool kvmxx_check_request(struct kvm_vcpu *vcpu, int request);   /* and take it back */
bool kvmxx_test_request(struct kvm_vcpu *vcpu, int request);
void kvmxx_clear_request(struct kvm_vcpu *vcpu, int request);

#endif
