/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef KVMXX_HELPERS_USER_H
#define KVMXX_HELPERS_USER_H

#include "language.h"

struct kvm_nested_state;

/* Of the current process. Returns 0 or -EFAULT. May sleep. */
int kvmxx_copy_to_user(void *to, const void *from, unsigned long size);
int kvmxx_copy_page_to_user(void *to, const void *from);
int kvmxx_copy_nested_state_to_user(struct kvm_nested_state *to,
				    const struct kvm_nested_state *from);
int kvmxx_copy_from_user(void *to, const void *from, unsigned long size);

#endif
