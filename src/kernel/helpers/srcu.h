/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef KVMXX_HELPERS_SRCU_H
#define KVMXX_HELPERS_SRCU_H

#include "language.h"

struct kvm_vcpu;

/* Around uses of memory slots and I/O buses outside of vcpu_run, where kvm.ko does not hold it. */
void kvmxx_srcu_read_lock(struct kvm_vcpu *vcpu);
void kvmxx_srcu_read_unlock(struct kvm_vcpu *vcpu);

#endif
