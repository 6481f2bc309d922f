/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef KVMXX_HELPERS_PERCPU_H
#define KVMXX_HELPERS_PERCPU_H

#include "language.h"

/*
 * A piece of every CPU's memory, zeroed and cache line aligned, for the backend to use as it likes:
 * per-CPU variables are placed by section tricks that only C has.
 */
#define KVMXX_CPU_DATA_SIZE 256

void *kvmxx_cpu_data_of(int cpu);

/* A lock for each CPU's piece, for what other CPUs look at. Interrupts are off. */
void kvmxx_initialise_cpu_lock(int cpu);
void kvmxx_lock_cpu_data(int cpu);
void kvmxx_unlock_cpu_data(int cpu);

#endif
