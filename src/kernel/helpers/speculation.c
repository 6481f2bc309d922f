// SPDX-License-Identifier: GPL-2.0-only
#include <linux/percpu.h>

#include <asm/nospec-branch.h>

#include "speculation.h"

void kvmxx_indirect_branch_prediction_barrier(void)
{
	indirect_branch_prediction_barrier();
}

unsigned long kvmxx_current_spec_ctrl(void)
{
	return this_cpu_read(x86_spec_ctrl_current);
}
