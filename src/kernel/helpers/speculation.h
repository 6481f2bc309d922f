/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef KVMXX_HELPERS_SPECULATION_H
#define KVMXX_HELPERS_SPECULATION_H

#include "language.h"

/* Nothing where the host does not use the barrier. */
void kvmxx_indirect_branch_prediction_barrier(void);
/* What IA32_SPEC_CTRL holds on this CPU while the kernel runs. */
unsigned long kvmxx_current_spec_ctrl(void);

#endif
