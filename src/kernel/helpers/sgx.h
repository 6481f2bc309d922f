/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef KVMXX_HELPERS_SGX_H
#define KVMXX_HELPERS_SGX_H

#include "language.h"

/* Whether this kernel can do the below for a guest. */
bool kvmxx_can_run_enclaves(void);

/*
 * Leaves of ENCLS on a guest's behalf; `secs`, `signature` and `token` are addresses of the current
 * process. 0 or an error code of the leaf; -EFAULT with the vector of the exception that it raised.
 */
int kvmxx_ecreate(void *page_info, unsigned long secs, int *vector);
int kvmxx_einit(unsigned long signature, unsigned long token, unsigned long secs,
		unsigned long long key_hash[4], int *vector);

#endif
