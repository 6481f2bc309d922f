/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef KVMXX_HELPERS_SPECULATION_H
#define KVMXX_HELPERS_SPECULATION_H

#include "language.h"

/* Nothing where the host does not use the barrier. */
void kvmxx_indirect_branch_prediction_barrier(void);

#endif
