// SPDX-License-Identifier: GPL-2.0-only
#pragma once

#include "kernel/bindings.hpp"
#include "kernel/cpu.hpp"

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

/// The first word of this CPU's piece, in one instruction: what it is while preemption is on may be
/// another CPU's in the next.
inline void *first_word_of_this_cpu()
{
	void *word;

	asm volatile("mov %%gs:kvmxx_cpu_data, %0" : "=r"(word));
	return word;
}

inline void initialise_cpu_lock(int cpu)
{
	kvmxx_initialise_cpu_lock(cpu);
}

/// Of that CPU's piece, for what other CPUs look at. Interrupts are off as long as it lives.
class [[nodiscard]] CpuDataLocked {
public:
	explicit CpuDataLocked(int cpu) : cpu_(cpu) { kvmxx_lock_cpu_data(cpu_); }
	~CpuDataLocked() { kvmxx_unlock_cpu_data(cpu_); }
	CpuDataLocked(const CpuDataLocked &) = delete;

private:
	kernel::IrqOff off_;
	int cpu_;
};

} // namespace kernel
