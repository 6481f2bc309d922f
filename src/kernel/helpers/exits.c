// SPDX-License-Identifier: GPL-2.0-only
#include <linux/percpu.h>

#include "exits.h"

/* Not static: exits.hpp counts without a call. */
DEFINE_PER_CPU(unsigned long[KVMXX_EXIT_COUNTERS], kvmxx_exit_counters);

unsigned long kvmxx_exits(unsigned int counter)
{
	unsigned long sum = 0;
	int cpu;

	for_each_possible_cpu(cpu)
		sum += READ_ONCE(per_cpu(kvmxx_exit_counters, cpu)[counter]);
	return sum;
}
