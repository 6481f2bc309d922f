// SPDX-License-Identifier: GPL-2.0-only
#pragma once

#include "backend/vcpu/vcpu.hpp"

/// Interrupts of assigned devices that an IOMMU posts to a vCPU (VT-d, "Interrupt Posting").
namespace backend {

/// Whether devices of this machine may post: it has some, and the IOMMUs can.
bool devices_may_post(kernel::kvm *vm);

/// A device's interrupt begins or ends to have a guest interrupt, or what that is routed to has
/// changed. @return 0 or -errno.
int pi_update_irte(kernel::kvm *vm, unsigned host_irq, u32 guest_irq, bool set);

/// The first device is assigned.
void pi_start_assignment(kernel::kvm *vm);

} // namespace backend
