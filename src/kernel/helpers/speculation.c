// SPDX-License-Identifier: GPL-2.0-only
#include <asm/nospec-branch.h>

#include "speculation.h"

void kvmxx_indirect_branch_prediction_barrier(void)
{
	indirect_branch_prediction_barrier();
}
