// SPDX-License-Identifier: GPL-2.0-only
#pragma once

#include "vmx/capabilities.hpp"

/// What an L1 may ask for in an enlightened VMCS of version 1, which lacks fields that some
/// controls need.
namespace vmx::nested {

/// A capability MSR, less what the enlightened VMCS cannot carry. An allowlist: a control that is
/// not known here is not offered.
/// @param perf_global_ctrl the guest is told that IA32_PERF_GLOBAL_CTRL has its place in the page
///	(CPUID 4000000AH, EBX bit 0); Windows takes the controls without it for an error.
[[nodiscard]] u64 evmcs_capability(Msr msr, u64 value, bool perf_global_ctrl);

/// All of them.
[[nodiscard]] VmxCapabilities evmcs_capabilities(const VmxCapabilities &shown,
						 bool perf_global_ctrl);

} // namespace vmx::nested
