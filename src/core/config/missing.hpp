// SPDX-License-Identifier: GPL-2.0-only
#pragma once

#include "vmx/capabilities.hpp"

namespace vmx::config {

/// Why an MSR must exist on a CPU, as that CPU's other MSRs have it.
/// @return the reason, nullptr if the MSR need not exist or that cannot be told.
[[nodiscard]] const char *must_exist(const VmxCapabilities &caps, Msr msr);

} // namespace vmx::config
