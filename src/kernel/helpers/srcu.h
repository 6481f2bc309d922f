/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef KVMXX_HELPERS_SRCU_H
#define KVMXX_HELPERS_SRCU_H

#include "language.h"

struct kvm;
struct kvm_vcpu;

/* Around uses of memory slots and I/O buses. May nest. Returns what the unlock takes. */
int kvmxx_srcu_read_lock(struct kvm *kvm);
void kvmxx_srcu_read_unlock(struct kvm *kvm, int index);

/* The lock that vcpu_run holds, and keeps in the vCPU. */
void kvmxx_vcpu_srcu_read_lock(struct kvm_vcpu *vcpu);
void kvmxx_vcpu_srcu_read_unlock(struct kvm_vcpu *vcpu);

#endif
