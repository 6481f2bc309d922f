/* SPDX-License-Identifier: GPL-2.0-only */
#include <linux/linkage.h>

#define HOST_RSP 0x6c14
#define HOST_RIP 0x6c16

/*
 * unsigned int vmx_entry_launch(bool keep_rip): enum vmx_entry_outcome. A VM exit comes back to 3 with the guest's
 * registers, and interrupts off.
 */
SYM_FUNC_START(vmx_entry_launch)
	push %rbp
	push %rbx
	push %r12
	push %r13
	push %r14
	push %r15
	mov $HOST_RSP, %eax
	vmwrite %rsp, %rax
	test %dil, %dil
	jnz 1f
	lea 3f(%rip), %rcx
	mov $HOST_RIP, %eax
	vmwrite %rcx, %rax
1:	vmlaunch
	mov $1, %eax
	jc 4f
	mov $2, %eax
	jz 4f
	mov $3, %eax
	jmp 4f
3:	xor %eax, %eax
4:	pop %r15
	pop %r14
	pop %r13
	pop %r12
	pop %rbx
	pop %rbp
	RET
SYM_FUNC_END(vmx_entry_launch)
