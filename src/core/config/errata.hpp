// SPDX-License-Identifier: GPL-2.0-only
#pragma once

#include "vmx/cpu.hpp"

namespace vmx::config {

/// CPUs on which a VM exit that loads IA32_PERF_GLOBAL_CTRL may clear bits 34:32 of it.
/// @return the errata's names, nullptr if the CPU has none or is not known.
[[nodiscard]] const char *perf_global_ctrl_erratum(const Cpu &cpu);

/// CPUs whose VMX-preemption timer does not count down at the rate that IA32_VMX_MISC gives.
[[nodiscard]] bool has_preemption_timer_erratum(const Cpu &cpu);

} // namespace vmx::config
