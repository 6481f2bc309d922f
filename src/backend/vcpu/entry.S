/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The one place where the CPU is the guest's.
 */
#include "kernel/asm.h"
#include "kernel/enter.h"

#define HOST_RSP_FIELD	0x6c14
#define MSR_SPEC_CTRL	0x48

/* arch.regs is indexed by the SDM's register numbers. */
#define RAX_AT	(0 * 8)
#define RCX_AT	(1 * 8)
#define RDX_AT	(2 * 8)
#define RBX_AT	(3 * 8)
#define RBP_AT	(5 * 8)
#define RSI_AT	(6 * 8)
#define RDI_AT	(7 * 8)
#define R8_AT	(8 * 8)
#define R9_AT	(9 * 8)
#define R10_AT	(10 * 8)
#define R11_AT	(11 * 8)
#define R12_AT	(12 * 8)
#define R13_AT	(13 * 8)
#define R14_AT	(14 * 8)
#define R15_AT	(15 * 8)

.section .noinstr.text, "ax"

/* int kvmxx_vm_enter(struct kvmxx_entry *entry) */
SYM_FUNC_START(kvmxx_vm_enter)
	push	%rbp
	push	%r15
	push	%r14
	push	%r13
	push	%r12
	push	%rbx
	/* On top of the stack, where the exit finds it. */
	push	%rdi

	/* The same thread enters at the same depth: mostly there is nothing to write. */
	mov	KVMXX_ENTRY_HOST_RSP(%rdi), %rax
	cmp	(%rax), %rsp
	je	.Lhost_rsp_known
	mov	%rsp, (%rax)
	mov	KVMXX_ENLIGHTENED_PAGE_BEHIND(%rax), %rcx
	test	%rcx, %rcx
	jnz	.Lenlightened_host_rsp
	mov	$HOST_RSP_FIELD, %ecx
.Lwrite_host_rsp:
	vmwrite	%rsp, %rcx
.Lhost_rsp_known:

	/* No indirect branch or return may follow: the guest's value may allow what the host's forbids. */
	mov	KVMXX_ENTRY_GUEST_SPEC_CTRL(%rdi), %rax
	cmp	KVMXX_ENTRY_HOST_SPEC_CTRL(%rdi), %rax
	je	.Lspec_ctrl_loaded
	mov	%rax, %rdx
	shr	$32, %rdx
	mov	$MSR_SPEC_CTRL, %ecx
	wrmsr
.Lspec_ctrl_loaded:

	UNWIND_HINT_SAVE
	/* In CF, which neither MOV nor VERW touches. */
	btq	$KVMXX_ENTRY_LAUNCHED_BIT, KVMXX_ENTRY_FLAGS(%rdi)

	mov	KVMXX_ENTRY_REGS(%rdi), %rax
	mov	RCX_AT(%rax), %rcx
	mov	RDX_AT(%rax), %rdx
	mov	RBX_AT(%rax), %rbx
	mov	RBP_AT(%rax), %rbp
	mov	RSI_AT(%rax), %rsi
	mov	RDI_AT(%rax), %rdi
	mov	R8_AT(%rax), %r8
	mov	R9_AT(%rax), %r9
	mov	R10_AT(%rax), %r10
	mov	R11_AT(%rax), %r11
	mov	R12_AT(%rax), %r12
	mov	R13_AT(%rax), %r13
	mov	R14_AT(%rax), %r14
	mov	R15_AT(%rax), %r15
	mov	RAX_AT(%rax), %rax

	/* Last of all: what the host left in the CPU's buffers (MDS and its kin). */
	KVMXX_CLEAR_CPU_BUFFERS
	jnc	.Llaunch
.Lresume:
	vmresume
	jmp	.Lfailed
.Llaunch:
	vmlaunch
	jmp	.Lfailed

.Lfaulted:
	/* VMX was turned off under us: fine while rebooting, else a bug that kvm.ko reports. */
	cmpb	$0, kvm_rebooting(%rip)
	jne	.Lfailed
	ud2

	_ASM_EXTABLE(.Lresume, .Lfaulted)
	_ASM_EXTABLE(.Llaunch, .Lfaulted)
	_ASM_EXTABLE(.Lwrite_host_rsp, .Lhost_rsp_known)

SYM_INNER_LABEL(kvmxx_vm_exit, SYM_L_GLOBAL)
	/* The CPU loaded RSP: the stack is as at VMRESUME. */
	UNWIND_HINT_RESTORE
	ENDBR
	push	%rax
	mov	8(%rsp), %rax
	mov	KVMXX_ENTRY_REGS(%rax), %rax
	pop	RAX_AT(%rax)
	mov	%rcx, RCX_AT(%rax)
	mov	%rdx, RDX_AT(%rax)
	mov	%rbx, RBX_AT(%rax)
	mov	%rbp, RBP_AT(%rax)
	mov	%rsi, RSI_AT(%rax)
	mov	%rdi, RDI_AT(%rax)
	mov	%r8,  R8_AT(%rax)
	mov	%r9,  R9_AT(%rax)
	mov	%r10, R10_AT(%rax)
	mov	%r11, R11_AT(%rax)
	mov	%r12, R12_AT(%rax)
	mov	%r13, R13_AT(%rax)
	mov	%r14, R14_AT(%rax)
	mov	%r15, R15_AT(%rax)
	xor	%r12d, %r12d

.Lhost_again:
	/* Nothing of the guest may steer what the host speculates with (SDM and Intel's guidance on L1TF/BHI). */
	xor	%eax, %eax
	xor	%ebx, %ebx
	xor	%ecx, %ecx
	xor	%edx, %edx
	xor	%esi, %esi
	xor	%ebp, %ebp
	xor	%r8d, %r8d
	xor	%r9d, %r9d
	xor	%r10d, %r10d
	xor	%r11d, %r11d
	xor	%r13d, %r13d
	xor	%r14d, %r14d
	xor	%r15d, %r15d

	/* Before the first return: the guest chose what the return predictor holds. */
	KVMXX_FILL_RETURN_BUFFER %rcx
	mov	(%rsp), %rdi

	/* IA32_SPEC_CTRL of the host, before the first return as well. */
	btq	$KVMXX_ENTRY_SAVE_SPEC_CTRL_BIT, KVMXX_ENTRY_FLAGS(%rdi)
	jnc	.Lguest_spec_ctrl_known
	mov	$MSR_SPEC_CTRL, %ecx
	rdmsr
	shl	$32, %rdx
	or	%rdx, %rax
	mov	%rax, KVMXX_ENTRY_GUEST_SPEC_CTRL(%rdi)
.Lguest_spec_ctrl_known:
	mov	KVMXX_ENTRY_HOST_SPEC_CTRL(%rdi), %rax
	KVMXX_UNLESS_KERNEL_IBRS .Lmaybe_same
	jmp	.Lwrite_spec_ctrl
.Lmaybe_same:
	cmp	KVMXX_ENTRY_GUEST_SPEC_CTRL(%rdi), %rax
	je	.Lspec_ctrl_restored
.Lwrite_spec_ctrl:
	mov	%rax, %rdx
	shr	$32, %rdx
	mov	$MSR_SPEC_CTRL, %ecx
	wrmsr
.Lspec_ctrl_restored:
	/* The branch above must not be speculated past with the guest's setting in force. */
	KVMXX_BARRIER_NOSPEC
	KVMXX_CLEAR_BRANCH_HISTORY

	mov	%r12d, %eax
	pop	%rdi
	pop	%rbx
	pop	%r12
	pop	%r13
	pop	%r14
	pop	%r15
	pop	%rbp
	RET

.Lfailed:
	mov	$1, %r12d
	jmp	.Lhost_again

.Lenlightened_host_rsp:
	mov	%rsp, KVMXX_EVMCS_HOST_RSP(%rcx)
	andl	$~KVMXX_EVMCS_HOST_POINTER_CLEAN, KVMXX_EVMCS_CLEAN_FIELDS(%rcx)
	jmp	.Lhost_rsp_known
SYM_FUNC_END(kvmxx_vm_enter)

/* void kvmxx_call_idt_handler(unsigned long handler) */
SYM_FUNC_START(kvmxx_call_idt_handler)
	push	%rbp
	mov	%rsp, %rbp
	/* An interrupt frame is 16-byte aligned (SDM, "64-Bit Mode Stack Frame"); IRET takes RSP back. */
	and	$-16, %rsp
	push	$KVMXX_KERNEL_DS
	push	%rbp
	pushf
	push	$KVMXX_KERNEL_CS
	/* Pushes the return address, the fifth word of the frame. */
	KVMXX_CALL_RDI
	mov	%rbp, %rsp
	pop	%rbp
	RET
SYM_FUNC_END(kvmxx_call_idt_handler)
