// SPDX-License-Identifier: GPL-2.0-only
#include <linux/uaccess.h>

#include "user.h"

int kvmxx_copy_to_user(void *to, const void *from, unsigned long size)
{
	return copy_to_user((void __user *)to, from, size) ? -EFAULT : 0;
}

int kvmxx_copy_from_user(void *to, const void *from, unsigned long size)
{
	return copy_from_user(to, (const void __user *)from, size) ? -EFAULT : 0;
}
