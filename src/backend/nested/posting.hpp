// SPDX-License-Identifier: GPL-2.0-only
#pragma once

#include "backend/vcpu/vcpu.hpp"

/// Posted interrupts of L2: what L1 or its devices put into the descriptor that the vmcs12 names
/// (SDM, "Posted-Interrupt Processing").
namespace backend::nested {

/// An interrupt for L1 is on its way, from any CPU. @return true if it is the notification that L2
/// is to take over what has been posted, and not L1's to see.
[[nodiscard]] bool is_notification(Vcpu &vcpu, u8 vector);

/// Takes over what has been posted, as a CPU does that gets the notification while L2 runs.
void take_over_posted(Vcpu &vcpu);

} // namespace backend::nested
