// SPDX-License-Identifier: GPL-2.0-only
#include <linux/kvm.h>
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
