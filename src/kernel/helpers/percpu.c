// SPDX-License-Identifier: GPL-2.0-only
#include <linux/percpu.h>
#include <linux/spinlock.h>

#include "percpu.h"

/* Not static: percpu.hpp addresses this CPU's without a call. */
DEFINE_PER_CPU_ALIGNED(unsigned char[KVMXX_CPU_DATA_SIZE], kvmxx_cpu_data);

void *kvmxx_cpu_data_of(int cpu)
{
	return per_cpu_ptr(&kvmxx_cpu_data, cpu);
}

static DEFINE_PER_CPU(raw_spinlock_t, kvmxx_cpu_spinlock);

void kvmxx_initialise_cpu_lock(int cpu)
{
	raw_spin_lock_init(per_cpu_ptr(&kvmxx_cpu_spinlock, cpu));
}

void kvmxx_lock_cpu_data(int cpu)
{
	raw_spin_lock(per_cpu_ptr(&kvmxx_cpu_spinlock, cpu));
}

void kvmxx_unlock_cpu_data(int cpu)
{
	raw_spin_unlock(per_cpu_ptr(&kvmxx_cpu_spinlock, cpu));
}
