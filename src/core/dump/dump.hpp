// SPDX-License-Identifier: GPL-2.0-only
#pragma once

#include "core/check/source.hpp"
#include "core/config/report.hpp"
#include "vmx/exit_reason.hpp"
#include "vmx/msr_entry.hpp"

/// A VMCS as text, and what a failed VM entry says of itself. Lines go to a sink; a failed entry is
/// of severity `reject`.
namespace vmx::dump {

using config::Sink;

struct MsrList {
	const MsrEntry *entries = nullptr;
	u32 count = 0;
};

/// What a dump shows beside the fields of the VMCS.
struct Surroundings {
	u64 region = 0; ///< physical address of the VMCS
	u32 revision = 0;
	u32 vcpu = 0;
	int last_cpu = -1; ///< that entered it
	MsrList entry_load{}, exit_load{};
};

/// Every field that the CPU has, the four areas one after the other, control words bit by bit.
void print_vmcs(const VmcsSource &vmcs, const Surroundings &surroundings, const Sink &sink);

/// VMLAUNCH or VMRESUME failed (SDM, "VM Instruction Error Numbers").
void print_launch_failure(u32 error, const Sink &sink);

/// The entry failed while it loaded the guest's state.
void print_entry_failure(ExitReason reason, u64 qualification, const Sink &sink);

} // namespace vmx::dump
