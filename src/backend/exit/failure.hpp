// SPDX-License-Identifier: GPL-2.0-only
#pragma once

#include "backend/vcpu/vcpu.hpp"

/// What the log is told of a VM entry that failed: one line in words, the checks of the SDM that do
/// not hold, and the whole VMCS if the parameter dump_invalid_vmcs is set. Rate limited, since
/// userspace can cause it.
namespace backend {

/// VMLAUNCH or VMRESUME failed.
void report_failed_launch(Vcpu &vcpu);

/// The CPU went back while loading the guest's state (exit reason with bit 31).
void report_failed_entry(Vcpu &vcpu);

} // namespace backend
