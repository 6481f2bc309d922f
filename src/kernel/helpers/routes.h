/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef KVMXX_HELPERS_ROUTES_H
#define KVMXX_HELPERS_ROUTES_H

#include "language.h"

struct kvm;
struct kvm_kernel_irq_routing_entry;

/*
 * Calls for each message that a guest interrupt number is routed to, until one call returns other than
 * 0, which is the result. The entry is good during the call.
 */
int kvmxx_each_message_route(struct kvm *kvm, unsigned int guest_irq,
			     int (*function)(struct kvm_kernel_irq_routing_entry *entry, void *data),
			     void *data);

#endif
