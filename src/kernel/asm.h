/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef KVMXX_KERNEL_ASM_H
#define KVMXX_KERNEL_ASM_H

/* The kernel's macros that the assembly of a VM entry uses, under names of our own. */

#include <linux/linkage.h>

#include <asm/alternative.h>
#include <asm/asm.h>
#include <asm/cpufeatures.h>
#include <asm/nospec-branch.h>
#include <asm/segment.h>
#include <asm/unwind_hints.h>

#define KVMXX_KERNEL_CS	__KERNEL_CS
#define KVMXX_KERNEL_DS	__KERNEL_DS

#define KVMXX_CLEAR_CPU_BUFFERS	CLEAR_CPU_BUFFERS

.macro KVMXX_FILL_RETURN_BUFFER reg
	FILL_RETURN_BUFFER \reg, RSB_CLEAR_LOOPS, X86_FEATURE_RSB_VMEXIT, X86_FEATURE_RSB_VMEXIT_LITE
.endm

/* With IBRS as the kernel's mitigation the MSR must be written at every exit, also if it does not change. */
.macro KVMXX_UNLESS_KERNEL_IBRS label
	ALTERNATIVE __stringify(jmp \label), "", X86_FEATURE_KERNEL_IBRS
.endm

.macro KVMXX_BARRIER_NOSPEC
	ALTERNATIVE "", "lfence", X86_FEATURE_MSR_SPEC_CTRL
.endm

#define KVMXX_CLEAR_BRANCH_HISTORY	CLEAR_BRANCH_HISTORY_VMEXIT

.macro KVMXX_CALL_RDI
	CALL_NOSPEC rdi
.endm

#endif
