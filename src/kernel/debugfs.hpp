// SPDX-License-Identifier: GPL-2.0-only
#pragma once

extern "C" {
#include "kernel/helpers/debugfs.h"
}

namespace kernel {

/// /sys/kernel/debug/kvm_intel. Failing to make it is no reason not to load.
inline void create_debugfs()
{
	kvmxx_create_debugfs();
}
inline void remove_debugfs()
{
	kvmxx_remove_debugfs();
}

} // namespace kernel
