// SPDX-License-Identifier: GPL-2.0-only
#include <linux/smp.h>

#include <asm/desc.h>
#include <asm/mce.h>
#include <asm/ptrace.h>

#include "interrupts.h"

unsigned long kvmxx_idt_handler(unsigned char vector)
{
	struct desc_ptr idt;

	store_idt(&idt);
	return gate_offset((const gate_desc *)idt.address + vector);
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
	smp_send_reschedule(smp_processor_id());
}
