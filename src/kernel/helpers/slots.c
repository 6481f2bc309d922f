// SPDX-License-Identifier: GPL-2.0-only
#include <linux/kvm_host.h>

#include "slots.h"

void kvmxx_lock_slots(struct kvm *kvm)
{
	mutex_lock(&kvm->slots_lock);
}

void kvmxx_unlock_slots(struct kvm *kvm)
{
	mutex_unlock(&kvm->slots_lock);
}

unsigned long long kvmxx_slots_generation(struct kvm *kvm)
{
	return kvm_memslots(kvm)->generation;
}
