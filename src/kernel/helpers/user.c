// SPDX-License-Identifier: GPL-2.0-only
#include <linux/kvm_host.h>
#include <linux/uaccess.h>

#include "user.h"

int kvmxx_copy_to_user(void *to, const void *from, unsigned long size)
{
	return copy_to_user((void __user *)to, from, size) ? -EFAULT : 0;
}

int kvmxx_copy_page_to_user(void *to, const void *from)
{
	return copy_to_user((void __user *)to, from, PAGE_SIZE) ? -EFAULT : 0;
}

int kvmxx_copy_nested_state_to_user(struct kvm_nested_state *to,
				    const struct kvm_nested_state *from)
{
	return copy_to_user((void __user *)to, from, sizeof(*from)) ? -EFAULT : 0;
}

int kvmxx_copy_from_user(void *to, const void *from, unsigned long size)
{
	return copy_from_user(to, (const void __user *)from, size) ? -EFAULT : 0;
}

/* A number of the type at both places, and on to what lies behind it. */
#define GET(type, label)                                                                           \
	({                                                                                         \
		type value;                                                                        \
		unsafe_get_user(value, (const type __user *)(user + at), label);                   \
		*(type *)(to + at) = value;                                                        \
		at += sizeof(type);                                                                \
	})
#define PUT(type, label)                                                                           \
	({                                                                                         \
		unsafe_put_user(*(const type *)(from + at), (type __user *)(user + at), label);    \
		at += sizeof(type);                                                                \
	})
#define EACH(copy, span, label)                                                                    \
	({                                                                                         \
		unsigned long at = (span)->at, end = at + (span)->size;                            \
		while (at + 32 <= end) {                                                           \
			copy(u64, label);                                                          \
			copy(u64, label);                                                          \
			copy(u64, label);                                                          \
			copy(u64, label);                                                          \
		}                                                                                  \
		while (at + 8 <= end)                                                              \
			copy(u64, label);                                                          \
		if (at + 4 <= end)                                                                 \
			copy(u32, label);                                                          \
		if (at + 2 <= end)                                                                 \
			copy(u16, label);                                                          \
	})

int kvmxx_gather_from_user(unsigned char *to, const void *from, unsigned long length,
			   const struct kvmxx_span *spans, unsigned int count)
{
	const unsigned char __user *user = (const unsigned char __user *)from;

	if (!user_read_access_begin(user, length))
		return -EFAULT;
	for (; count; count--, spans++)
		EACH(GET, spans, fault);
	user_read_access_end();
	return 0;
fault:
	user_read_access_end();
	return -EFAULT;
}

int kvmxx_scatter_to_user(void *to, const unsigned char *from, unsigned long length,
			  const struct kvmxx_span *spans, unsigned int count)
{
	unsigned char __user *user = (unsigned char __user *)to;

	if (!user_write_access_begin(user, length))
		return -EFAULT;
	for (; count; count--, spans++)
		EACH(PUT, spans, fault);
	user_write_access_end();
	return 0;
fault:
	user_write_access_end();
	return -EFAULT;
}

bool kvmxx_is_error_address(unsigned long address)
{
	return kvm_is_error_hva(address);
}

int kvmxx_read_user_word(unsigned long from, unsigned int *word)
{
	return get_user(*word, (unsigned int __user *)from);
}

int kvmxx_write_user_word(unsigned long to, unsigned int word)
{
	return put_user(word, (unsigned int __user *)to);
}
