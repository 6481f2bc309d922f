// SPDX-License-Identifier: GPL-2.0-only
#pragma once

#include "backend/vcpu/vcpu.hpp"

namespace backend {

/// A guest that believes in a CPU without stale data in its fill buffers, on a CPU that lets VERW
/// leave them alone (IA32_MCU_OPT_CTRL.FB_CLEAR_DIS), does not pay for clearing them. Called
/// whenever the guest's IA32_ARCH_CAPABILITIES is set.
void choose_fill_buffer_clearing(Vcpu &vcpu);

} // namespace backend
