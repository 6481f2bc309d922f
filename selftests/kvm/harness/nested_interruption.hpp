// SPDX-License-Identifier: GPL-2.0-only
//
// Events in the current VMCS: what the next entry injects, what the last exit tells.
#pragma once

#include "nested.hpp"

namespace kvm {

void inject(L1 &l1, vmx::EventType type, unsigned number,
	    std::optional<std::uint32_t> error_code = {}, std::uint32_t length = 0);
// The VM-exit interruption information, and its error code if there is one.
void expect_event(L1 &l1, vmx::EventType type, unsigned number,
		  std::optional<std::uint32_t> error_code = {},
		  tap::Where where = tap::Where::current());
// The IDT-vectoring information.
void expect_vectoring(L1 &l1, vmx::EventType type, unsigned number,
		      tap::Where where = tap::Where::current());

} // namespace kvm
