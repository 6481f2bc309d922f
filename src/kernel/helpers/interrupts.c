// SPDX-License-Identifier: GPL-2.0-only
#include <linux/smp.h>

#include <asm/apic.h>
#include <asm/desc.h>
#include <asm/mce.h>
#include <asm/ptrace.h>
#include <asm/smp.h>

#include "interrupts.h"

unsigned long kvmxx_idt_handler(unsigned char vector)
{
	static const gate_desc *idt;

	/* The same on every CPU, and where it stays for good. */
	if (unlikely(!idt)) {
		struct desc_ptr table;

		store_idt(&table);
		idt = (const gate_desc *)table.address;
	}
	return gate_offset(&idt[vector]);
}

void kvmxx_handle_machine_check(void)
{
#ifdef CONFIG_X86_MCE
	/* As from user mode, whatever the guest was in: the host's kernel is not what failed. */
	struct pt_regs regs = {
		.cs = 3,
		.flags = X86_EFLAGS_IF,
	};

	do_machine_check(&regs);
#endif
}

void kvmxx_reschedule_this_cpu(void)
{
	/* In parentheses: newer kernels have a macro of that name. */
	(smp_ops.smp_send_reschedule)(smp_processor_id());
}

void kvmxx_send_interrupt(int cpu, unsigned char vector)
{
	apic->send_IPI_mask(cpumask_of(cpu), vector);
}

unsigned int kvmxx_interrupt_destination(int cpu)
{
	const unsigned int id = cpu_physical_id(cpu);

	return x2apic_enabled() ? id : id << 8;
}
