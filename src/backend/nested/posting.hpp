// SPDX-License-Identifier: GPL-2.0-only
#pragma once

#include "backend/nested/guest_mode.hpp"
#include "backend/vcpu/vcpu.hpp"

/// Virtual interrupts of L2, and its posted ones: what L1 or its devices put into the descriptor
/// that the vmcs12 names (SDM, "Posted-Interrupt Processing").
namespace backend::nested {

/// The part of is_notification() that needs L2 to run.
[[nodiscard]] bool notify_l2(Vcpu &vcpu, u8 vector);

/// An interrupt for L1 is on its way, from any CPU. @return true if it is the notification that L2
/// is to take over what has been posted, and not L1's to see.
[[nodiscard]] inline bool is_notification(Vcpu &vcpu, u8 vector)
{
	// The vCPU may leave L2 at any time: then the exit to L1 has come first, and the
	// notification is one that a CPU in root operation would have got as an interrupt.
	return in_guest_mode(vcpu) && notify_l2(vcpu, vector);
}

/// Takes over what has been posted, as a CPU does that gets the notification while L2 runs.
void take_over_posted(Vcpu &vcpu);

/// An entry would deliver a virtual interrupt: one that ends HLT (SDM, "Evaluation of Pending
/// Virtual Interrupts", "PPR Virtualization").
[[nodiscard]] bool virtual_interrupt_pending(Vcpu &vcpu);

} // namespace backend::nested
