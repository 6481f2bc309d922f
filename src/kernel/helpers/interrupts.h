/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef KVMXX_HELPERS_INTERRUPTS_H
#define KVMXX_HELPERS_INTERRUPTS_H

#include "language.h"

/* Where the host's IDT sends that vector. */
unsigned long kvmxx_idt_handler(unsigned char vector);
/* A machine check that came as a VM exit. */
void kvmxx_handle_machine_check(void);
/* Interrupts this CPU, as soon as interrupts are on, with nothing to do. */
void kvmxx_reschedule_this_cpu(void);
/* Of the host's vectors, to a CPU that is online. */
void kvmxx_send_interrupt(int cpu, unsigned char vector);
/* As a posted-interrupt descriptor wants it; depends on the mode of the host's APICs. */
unsigned int kvmxx_interrupt_destination(int cpu);

#endif
