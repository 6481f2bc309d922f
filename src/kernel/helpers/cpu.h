/* SPDX-License-Identifier: GPL-2.0-only */
/* What cpu.c offers to C++; included by both, so that they cannot disagree. Builtin types only. */
#ifndef KVMXX_HELPERS_CPU_H
#define KVMXX_HELPERS_CPU_H

#include "language.h"

/* The host's state that is the same on every CPU and never changes. */
struct kvmxx_host_constants {
	unsigned long cr0;
	unsigned long idt_base;
	unsigned long sysenter_eip;
	unsigned long pat;
	unsigned int sysenter_cs;
	unsigned short cs;
	unsigned short ds;
	unsigned short tr;
};

/* The host's state that belongs to a CPU; addresses. */
struct kvmxx_host_per_cpu {
	unsigned long tss;
	unsigned long gdt;
	unsigned long sysenter_esp;
};

struct kvmxx_host_constants kvmxx_read_host_constants(void);
struct kvmxx_host_per_cpu kvmxx_read_host_per_cpu(void);   /* this CPU's; preemption is off */

int kvmxx_next_possible_cpu(int cpu);   /* after cpu, -1 being before the first; -1: none */
int kvmxx_next_online_cpu(int cpu);
int kvmxx_this_cpu_id(void);
/* Both wait. 0, or -ENXIO where that CPU is offline. */
int kvmxx_call_on_cpu(int cpu, void (*function)(void *), void *data);
void kvmxx_call_on_each_cpu(void (*function)(void *), void *data);
void kvmxx_cpus_read_lock(void);
void kvmxx_cpus_read_unlock(void);

void kvmxx_preempt_disable(void);
void kvmxx_preempt_enable(void);
unsigned long kvmxx_irq_save(void);
void kvmxx_irq_restore(unsigned long flags);
void kvmxx_irq_disable(void);
void kvmxx_irq_enable(void);

#endif
