// SPDX-License-Identifier: GPL-2.0-only
#pragma once

#include "backend/vcpu/vcpu.hpp"
#include "core/check/check.hpp"

/// From L1 to L2.
namespace backend::nested {

/// What brings L2 to run.
enum class By : u8 {
	instruction,   ///< VMLAUNCH or VMRESUME
	pending_entry, ///< of which L2 has not seen anything yet, saved and restored
	restoration,   ///< of L2 as it ran
	rsm,	       ///< the SMI came while L2 ran
};

enum class Entered : u8 {
	yes,
	failed,	  ///< L1 has the exit that says so
	no_pages, ///< a page that the vmcs12 names is not there: for userspace to see
};

/// L2 is what the vCPU runs from here on. The controls and L1's host state have passed their
/// checks.
[[nodiscard]] Entered enter(Vcpu &vcpu, By by);

/// KVM_EXIT_INTERNAL_ERROR for `no_pages`. @return what a handler of an exit does.
int report_missing_pages(Vcpu &vcpu);

} // namespace backend::nested
