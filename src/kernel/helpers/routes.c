// SPDX-License-Identifier: GPL-2.0-only
#include <linux/kvm_host.h>

#include "routes.h"

int kvmxx_each_message_route(struct kvm *kvm, unsigned int guest_irq,
			     int (*function)(struct kvm_kernel_irq_routing_entry *entry, void *data),
			     void *data)
{
	struct kvm_kernel_irq_routing_entry *entry;
	struct kvm_irq_routing_table *table;
	int result = 0;
	int index;

	index = srcu_read_lock(&kvm->irq_srcu);
	table = srcu_dereference(kvm->irq_routing, &kvm->irq_srcu);
	if (guest_irq < table->nr_rt_entries) {
		hlist_for_each_entry(entry, &table->map[guest_irq], link) {
			if (entry->type != KVM_IRQ_ROUTING_MSI)
				continue;
			result = function(entry, data);
			if (result)
				break;
		}
	}
	srcu_read_unlock(&kvm->irq_srcu, index);
	return result;
}
