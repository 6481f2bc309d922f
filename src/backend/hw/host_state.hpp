// SPDX-License-Identifier: GPL-2.0-only
#pragma once

#include "backend/hw/vmcs.hpp"

namespace hw {

/// Host state that never changes while the module is loaded.
void write_constant_host_state(Vmcs &vmcs);

/// Host state that belongs to a CPU: TR, GDT, the SYSENTER stack.
void write_per_cpu_host_state(Current current);

} // namespace hw
