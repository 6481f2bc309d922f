/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef KVMXX_HELPERS_EXITS_H
#define KVMXX_HELPERS_EXITS_H

/* A counter for each exit reason and one for whatever is beyond. */
#define KVMXX_EXIT_COUNTERS 80

/* Of all CPUs together, since the module was loaded. */
unsigned long kvmxx_exits(unsigned int counter);

#endif
