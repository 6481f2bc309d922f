/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef KVMXX_HELPERS_PRIVATE_MEMORY_H
#define KVMXX_HELPERS_PRIVATE_MEMORY_H

#include "language.h"

struct kvm;

/*
 * Gives a VM pages of guest-physical memory that are not userspace's, and fills them. @id: the
 * memory slot's. Nothing happens if `size` bytes are there already and `again` is set.
 * @return 0, or -errno as KVM_SET_USER_MEMORY_REGION.
 */
int kvmxx_add_private_memory(struct kvm *kvm, int id, unsigned long long address,
			     const void *content, unsigned int size, bool again);

#endif
