// SPDX-License-Identifier: GPL-2.0-only
//
// MSRs that a CPU may lack: 0, or -EIO.
#pragma once

#include "kernel/bindings.hpp"

namespace kernel {

extern "C" {
#include "kernel/helpers/msr.h"
}

[[nodiscard]] inline int rdmsr_safe(u32 msr, unsigned long &value)
{
	return kvmxx_rdmsr_safe(msr, &value);
}
[[nodiscard]] inline int wrmsr_safe(u32 msr, unsigned long value)
{
	return kvmxx_wrmsr_safe(msr, value);
}
[[nodiscard]] inline int rdmsr_safe_on_cpu(int cpu, u32 msr, unsigned long &value)
{
	return kvmxx_rdmsr_safe_on_cpu(cpu, msr, &value);
}

} // namespace kernel
