// SPDX-License-Identifier: GPL-2.0-only
#pragma once

#include "vmx/types.hpp"

/// How long a guest may spin before it exits (SDM, "PAUSE-Loop Exiting"): longer each time it did
/// so in vain, back towards the beginning when its vCPU is scheduled in. In TSC cycles.
namespace vmx {

/// The parameters ple_window, ple_window_grow, ple_window_shrink and ple_window_max.
struct PauseWindow {
	u32 base, grow, shrink, max;

	/// A modifier of 0 goes back to the base; one below the base is a factor, any other a
	/// difference.
	constexpr u32 grown(u32 window) const
	{
		if (!grow)
			return base;
		const u64 wanted = grow < base ? u64{window} * grow : u64{window} + grow;
		return wanted < max ? static_cast<u32>(wanted) : max;
	}

	/// Never below the base.
	constexpr u32 shrunk(u32 window) const
	{
		if (!shrink)
			return base;
		const u32 wanted = shrink < base     ? window / shrink
				   : window > shrink ? window - shrink
						     : 0;
		return wanted > base ? wanted : base;
	}
};

} // namespace vmx
