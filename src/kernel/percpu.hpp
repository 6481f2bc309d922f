// SPDX-License-Identifier: GPL-2.0-only
#pragma once

#include "kernel/bindings.hpp"

namespace kernel {

extern "C" {
#include "kernel/helpers/percpu.h"
extern unsigned char kvmxx_cpu_data[]; // an offset into each CPU's memory, not an address
}

inline constexpr unsigned long cpu_data_size = KVMXX_CPU_DATA_SIZE;

inline void *cpu_data(int cpu)
{
	return kvmxx_cpu_data_of(cpu);
}

/// This CPU's; preemption is off. As volatile, the address is not carried over to where the task
/// may have moved to another CPU.
inline void *this_cpu_data()
{
	unsigned long address = reinterpret_cast<unsigned long>(kvmxx_cpu_data);

	asm volatile("add %%gs:this_cpu_off, %0" : "+r"(address) : : "cc");
	return reinterpret_cast<void *>(address);
}

} // namespace kernel
