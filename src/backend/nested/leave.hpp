// SPDX-License-Identifier: GPL-2.0-only
#pragma once

#include "backend/vcpu/vcpu.hpp"

/// From L2 to L1.
namespace backend::nested {

/// Why L2 exits.
struct Cause {
	ExitReason reason;
	u64 qualification = 0;
	Interruption interruption{};
	u32 error_code = 0;
	/// The exit that the CPU has just taken is what L1 gets: fields that are not here are
	/// vmcs02's.
	bool from_hardware = false;
};

/// L1 is what the vCPU runs from here on, at its host RIP.
void leave(Vcpu &vcpu, const Cause &cause);

/// VMLAUNCH or VMRESUME has found the guest state bad: L1 goes on at its host RIP. vmcs01 is in use
/// and L2 has never been.
void fail_entry(Vcpu &vcpu, const Cause &cause);

/// The same once vmcs02 is in use.
void undo_entry(Vcpu &vcpu, const Cause &cause);

/// Without an exit, and without a look at memory, which may be gone: the vCPU comes to its end.
void abandon(Vcpu &vcpu);

/// Without an exit, because L1 as a whole is reset or replaced: what L2 was is lost.
void drop(Vcpu &vcpu);

/// Without an exit, into SMM or because pages are missing. L2's state is in the vmcs12.
void suspend(Vcpu &vcpu);

} // namespace backend::nested
