// SPDX-License-Identifier: GPL-2.0-only
//
// A timer of the host's that calls back once, from its interrupt.
#pragma once

#include "kernel/bindings.hpp"

namespace kernel {

extern "C" {
#include "kernel/helpers/timer.h"
}

using Timer = kvmxx_timer;

inline void create_timer(Timer &timer, void (*expired)(void *), void *context)
{
	kvmxx_timer_create(&timer, expired, context);
}

/// In `ns` nanoseconds from now, whenever it was to be before.
inline void start_timer(Timer &timer, unsigned long ns)
{
	kvmxx_timer_start(&timer, ns);
}

/// It will not call any more once this returns.
inline void stop_timer(Timer &timer)
{
	kvmxx_timer_stop(&timer);
}

} // namespace kernel
