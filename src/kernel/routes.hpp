// SPDX-License-Identifier: GPL-2.0-only
//
// Where a machine's interrupt numbers lead to.
#pragma once

#include "kernel/bindings.hpp"

namespace kernel {

extern "C" {
#include "kernel/helpers/routes.h"
}

/// Calls for each message that a guest interrupt number is routed to, until one call returns other
/// than 0, which is the result. The entry is good during the call. No sleep.
inline int each_message_route(kvm &vm, u32 guest_irq,
			      int (*function)(kvm_kernel_irq_routing_entry *, void *), void *data)
{
	return kvmxx_each_message_route(&vm, guest_irq, function, data);
}

} // namespace kernel
