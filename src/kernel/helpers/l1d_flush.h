/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef KVMXX_HELPERS_L1D_FLUSH_H
#define KVMXX_HELPERS_L1D_FLUSH_H

#include "language.h"

/* When entries flush the L1 data cache, in the values of enum vmx_l1d_flush_state. */
extern int kvmxx_l1d_flush_state;

/*
 * With EPT or without: makes of the vmentry_l1d_flush parameter, the kernel's l1tf= and the CPU
 * what entries do, and tells the kernel, which shows it in sysfs. 0 or -ENOMEM.
 */
int kvmxx_l1d_flush_init(bool ept);
void kvmxx_l1d_flush_exit(void);

/* At the creation of a VM: what is insecure, once. */
void kvmxx_l1d_warn_of_vm(void);

/* Some path on this CPU has touched what a guest must not see since the last flush. */
bool kvmxx_l1d_is_dirty(void);
void kvmxx_l1d_flush(void);

#endif
