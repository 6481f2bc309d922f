/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef KVMXX_HELPERS_MSR_H
#define KVMXX_HELPERS_MSR_H

#include "language.h"

/* MSRs that every CPU here has. */
unsigned long kvmxx_read_msr(unsigned int msr);
void kvmxx_write_msr(unsigned int msr, unsigned long value);

/* 0, or -EIO where the CPU has no such MSR (or refuses the value). */
int kvmxx_rdmsr_safe(unsigned int msr, unsigned long *value);
int kvmxx_wrmsr_safe(unsigned int msr, unsigned long value);
int kvmxx_rdmsr_safe_on_cpu(int cpu, unsigned int msr, unsigned long *value);

#endif
