// SPDX-License-Identifier: GPL-2.0-only
#include <linux/percpu.h>

#include "percpu.h"

/* Not static: percpu.hpp addresses this CPU's without a call. */
DEFINE_PER_CPU_ALIGNED(unsigned char[KVMXX_CPU_DATA_SIZE], kvmxx_cpu_data);

void *kvmxx_cpu_data_of(int cpu)
{
	return per_cpu_ptr(&kvmxx_cpu_data, cpu);
}
