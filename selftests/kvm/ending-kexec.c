// SPDX-License-Identifier: GPL-2.0-only
//
// usage: ending-kexec next | crash
//
// next: jumps into the program below, as `kexec -l` and `kexec -e` do with a kernel. crash: leaves it for the
// kernel to jump to when it panics, as `kexec -p` does; that needs crashkernel= on its command line.
//
// The program takes the place of a kernel, whose check sums alone are minutes in the emulator. It says on the first
// serial port whether VMX operation is over on every processor, and powers off: CR4.VMXE shows it for the one that
// it runs on, and the others answer INIT, which VMX operation blocks.
#include <fcntl.h>
#include <linux/kexec.h>
#include <linux/reboot.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

extern const char program[], program_entry[], program_end[];
extern uint32_t program_others; // written before it is loaded

// Loaded anywhere below 4 GiB, it moves to 0x8000, since a processor can start in the first megabyte alone.
asm(R"(
	.pushsection .data
	.balign 4096
	.set base, 0x8000
	.macro at label, register
	mov	$base + \label - program, \register
	.endm

program:				# the other processors start here, in real mode
	.code16
	lock incl %cs:arrived - program
1:	hlt
	jmp	1b

	.code64
program_entry:
	lea	program(%rip), %rsi
	mov	$base, %edi
	mov	$program_end - program, %ecx
	cld
	rep movsb
	at	moved, %eax
	jmp	*%rax

moved:					# to 32 bits, without the kernel's paging
	at	stack, %esp
	mov	%cr4, %rbx
	lgdt	base + gdt_pointer - program
	pushq	$8
	at	in_32_bits, %eax
	push	%rax
	lretq

	.code32
in_32_bits:
	mov	$16, %eax
	mov	%eax, %ds
	mov	%eax, %es
	mov	%eax, %ss
	mov	%cr0, %eax
	and	$0x7fffffff, %eax
	mov	%eax, %cr0

	at	vmx_is_on, %esi
	test	$1 << 13, %ebx		# CR4.VMXE
	jnz	end

	movl	$0x1ff, 0xfee000f0	# the local APIC: on
	movl	$0xc4500, 0xfee00300	# INIT to all others
	mov	$100000, %ecx
1:	pause
	loop	1b
	movl	$0xc4608, 0xfee00300	# start at 0x8000
	mov	$20000000, %ecx
1:	mov	base + arrived - program, %eax
	at	vmx_is_off, %esi
	cmp	base + program_others - program, %eax
	jae	end
	pause
	loop	1b
	at	no_answer, %esi

end:	mov	$0x3fd, %edx		# the serial port's line status: ready
1:	in	%dx, %al
	test	$0x20, %al
	jz	1b
	mov	$0x3f8, %edx
	lodsb
	out	%al, %dx
	test	%al, %al
	jnz	end
1:	mov	$0x3fd, %edx		# all sent
	in	%dx, %al
	test	$0x40, %al
	jz	1b
	mov	$0xb004, %edx		# the lab machine's ACPI control: soft off
	mov	$0x2000, %eax
	out	%ax, %dx
1:	hlt
	jmp	1b

	.balign 8
gdt:	.quad	0, 0xcf9b000000ffff, 0xcf93000000ffff
gdt_pointer:
	.word	. - gdt - 1
	.quad	base + gdt - program
arrived:
	.long	0
program_others:
	.long	0
vmx_is_on:
	.asciz	"\r\nkexec: CR4.VMXE is set\r\n"
no_answer:
	.asciz	"\r\nkexec: a processor does not answer INIT\r\n"
vmx_is_off:
	.asciz	"\r\nkexec: VMX operation is over on every processor\r\n"
	.balign 8
	.skip	256
stack:
program_end:
	.code64
	.popsection
)");

/// Where the memory that is kept for a crash begins, or 0.
static unsigned long crash_memory(void)
{
	FILE *ranges = fopen("/proc/iomem", "r");
	unsigned long start, found = 0;
	char line[128];

	while (ranges && fgets(line, sizeof(line), ranges))
		if (strstr(line, "Crash kernel") && sscanf(line, "%lx", &start) == 1)
			found = start;
	if (ranges)
		fclose(ranges);
	return found;
}

int main(int argc, char **argv)
{
	const int crash = argc == 2 && !strcmp(argv[1], "crash");

	if (argc != 2 || (!crash && strcmp(argv[1], "next")))
		return 2;
	const unsigned long address = crash ? crash_memory() : 0x4000000;
	struct kexec_segment segment = {
		.buf = program,
		.bufsz = program_end - program,
		.mem = (void *)address,
		.memsz = 4096,
	};

	if (!address) {
		fprintf(stderr, "no memory is kept for a crash: crashkernel=64M is missing\n");
		return 1;
	}
	program_others = sysconf(_SC_NPROCESSORS_ONLN) - 1;
	if (syscall(SYS_kexec_load, address + (program_entry - program), 1UL, &segment,
		    KEXEC_ARCH_X86_64 | (crash ? KEXEC_ON_CRASH : 0UL))) {
		perror("kexec_load");
		return 1;
	}
	if (crash)
		return 0;
	syscall(SYS_reboot, LINUX_REBOOT_MAGIC1, LINUX_REBOOT_MAGIC2, LINUX_REBOOT_CMD_KEXEC, 0UL);
	perror("reboot");
	return 1;
}
