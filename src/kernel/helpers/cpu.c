// SPDX-License-Identifier: GPL-2.0-only
#include <linux/cpu.h>
#include <linux/cpumask.h>
#include <linux/irqflags.h>
#include <linux/preempt.h>
#include <linux/smp.h>

#include <asm/cpu_entry_area.h>
#include <asm/desc.h>
#include <asm/msr.h>
#include <asm/segment.h>
#include <asm/special_insns.h>

#include "cpu.h"

struct kvmxx_host_constants kvmxx_read_host_constants(void)
{
	struct kvmxx_host_constants host = {
		.cr0 = read_cr0(),
		.cs = __KERNEL_CS,
		.ds = __KERNEL_DS,
		.tr = GDT_ENTRY_TSS * 8,
	};
	struct desc_ptr idt;

	store_idt(&idt);
	host.idt_base = idt.address;
	rdmsrl(MSR_IA32_SYSENTER_EIP, host.sysenter_eip);
	rdmsrl(MSR_IA32_CR_PAT, host.pat);
	host.sysenter_cs = native_read_msr(MSR_IA32_SYSENTER_CS);
	return host;
}

struct kvmxx_host_per_cpu kvmxx_read_host_per_cpu(void)
{
	struct kvmxx_host_per_cpu host = {
		.tss = (unsigned long)&get_cpu_entry_area(smp_processor_id())->tss.x86_tss,
		.gdt = (unsigned long)get_current_gdt_ro(),
	};

	rdmsrl(MSR_IA32_SYSENTER_ESP, host.sysenter_esp);
	return host;
}

static int cpu_or_none(unsigned int cpu)
{
	return cpu < nr_cpu_ids ? (int)cpu : -1;
}

int kvmxx_next_possible_cpu(int cpu)
{
	return cpu_or_none(cpumask_next(cpu, cpu_possible_mask));
}

int kvmxx_next_online_cpu(int cpu)
{
	return cpu_or_none(cpumask_next(cpu, cpu_online_mask));
}

int kvmxx_this_cpu_id(void)
{
	return smp_processor_id();
}

int kvmxx_call_on_cpu(int cpu, void (*function)(void *), void *data)
{
	return smp_call_function_single(cpu, function, data, true);
}

void kvmxx_call_on_each_cpu(void (*function)(void *), void *data)
{
	on_each_cpu(function, data, true);
}

void kvmxx_cpus_read_lock(void)
{
	cpus_read_lock();
}

void kvmxx_cpus_read_unlock(void)
{
	cpus_read_unlock();
}

void kvmxx_preempt_disable(void)
{
	preempt_disable();
}

void kvmxx_preempt_enable(void)
{
	preempt_enable();
}

unsigned long kvmxx_irq_save(void)
{
	unsigned long flags;

	local_irq_save(flags);
	return flags;
}

void kvmxx_irq_restore(unsigned long flags)
{
	local_irq_restore(flags);
}

void kvmxx_irq_disable(void)
{
	local_irq_disable();
}

void kvmxx_irq_enable(void)
{
	local_irq_enable();
}
