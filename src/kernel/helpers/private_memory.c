// SPDX-License-Identifier: GPL-2.0-only
#include <linux/err.h>
#include <linux/kvm_host.h>
#include <linux/uaccess.h>

#include "private_memory.h"

int kvmxx_add_private_memory(struct kvm *kvm, int id, unsigned long long address,
			     const void *content, unsigned int size, bool again)
{
	struct kvm_memory_slot *slot;
	void __user *memory;
	int error = 0;

	mutex_lock(&kvm->slots_lock);
	slot = id_to_memslot(kvm_memslots(kvm), id);
	if (again && slot && slot->npages)
		goto out;
	memory = __x86_set_memory_region(kvm, id, address, size);
	if (IS_ERR(memory))
		error = PTR_ERR(memory);
	else if (copy_to_user(memory, content, size))
		error = -EFAULT;
out:
	mutex_unlock(&kvm->slots_lock);
	return error;
}
