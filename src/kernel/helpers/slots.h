/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef KVMXX_HELPERS_SLOTS_H
#define KVMXX_HELPERS_SLOTS_H

#include "language.h"

struct kvm;

/* Around changes of a machine's memory slots. May sleep. */
void kvmxx_lock_slots(struct kvm *kvm);
void kvmxx_unlock_slots(struct kvm *kvm);

/* Of the current process. Returns 0 or -EFAULT. May sleep. */
int kvmxx_copy_to_user(void *to, const void *from, unsigned long size);

#endif
