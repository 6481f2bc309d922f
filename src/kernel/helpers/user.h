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
bool kvmxx_is_error_address(unsigned long address);
int kvmxx_read_user_word(unsigned long from, unsigned int *word);
int kvmxx_write_user_word(unsigned long to, unsigned int word);

/* Bytes of a piece of memory, in numbers that are even. */
struct kvmxx_span {
	unsigned short at, size;
};

/*
 * Those spans, all within the length, of userspace's memory from and to the same places of the
 * kernel's. Each byte is read or written once. Returns 0 or -EFAULT. May sleep.
 */
int kvmxx_gather_from_user(unsigned char *to, const void *from, unsigned long length,
			   const struct kvmxx_span *spans, unsigned int count);
int kvmxx_scatter_to_user(void *to, const unsigned char *from, unsigned long length,
			  const struct kvmxx_span *spans, unsigned int count);

#endif
