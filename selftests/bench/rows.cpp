// SPDX-License-Identifier: GPL-2.0-only
//
// The rows. What an iteration needs but does not time stands before and after.
#include "row.hpp"

using bench::Machine;
using bench::Pass;
using namespace kvm;

namespace {

#define XAPIC_ON "	mov $0xfee00000, %ebx\n	movl $0x1ff, 0xf0(%rbx)\n"
// SELF IPI, and EOI.
#define PEND_INTERRUPT WRITE_MSR(0x83f, 0, irq_vector)
#define END_INTERRUPT WRITE_MSR(0x80b, 0, 0)

TIMED_GUEST(cpuid, "", "",
	    "	xor %eax, %eax\n"
	    "	cpuid",
	    "", "");

// KVM_HC_VAPIC_POLL_IRQ, which does nothing.
TIMED_GUEST(vmcall, "", "",
	    "	mov $1, %eax\n"
	    "	vmcall",
	    "", "");

// IA32_MISC_ENABLE is kvm.ko's to answer, IA32_DEBUGCTL the backend's.
TIMED_GUEST(rdmsr, "	mov $0x1a0, %ecx", "", "	rdmsr", "", "");
TIMED_GUEST(wrmsr,
	    "	mov $0x1a0, %ecx\n"
	    "	rdmsr\n"
	    "	mov %eax, %ebx\n"
	    "	mov %edx, %edi",
	    "",
	    "	mov %ebx, %eax\n"
	    "	mov %edi, %edx\n"
	    "	wrmsr",
	    "", "");
TIMED_GUEST(rdmsr_backend, "	mov $0x1d9, %ecx", "", "	rdmsr", "", "");
TIMED_GUEST(wrmsr_backend, "	mov $0x1d9, %ecx", "",
	    "	xor %eax, %eax\n"
	    "	xor %edx, %edx\n"
	    "	wrmsr",
	    "", "");

TIMED_GUEST(in_pic, "", "", "	in $0x21, %al", "", "");
TIMED_GUEST(out_pic, "", "",
	    "	mov $0xff, %al\n"
	    "	out %al, $0x21",
	    "", "");
TIMED_GUEST(in_pit, "", "", "	in $0x40, %al", "", "");
TIMED_GUEST(out_eventfd, "", "", "	out %al, $eventfd_port", "", "");
TIMED_GUEST(in_userspace, "", "", "	in $userspace_port, %al", "", "");
TIMED_GUEST(out_userspace, "", "", "	out %al, $userspace_port", "", "");
TIMED_GUEST(outs_userspace, "", "	mov $data_address, %esi",
	    "	mov $userspace_port, %edx\n"
	    "	outsb",
	    "", "");

TIMED_GUEST(mmio_any_eventfd, "	mov $any_eventfd_address, %ebx", "", "	mov %eax, (%rbx)", "", "");
TIMED_GUEST(mmio_long_eventfd, "	mov $long_eventfd_address, %ebx", "", "	mov %eax, (%rbx)",
	    "", "");
TIMED_GUEST(mmio_read_userspace, "	mov $mmio_address, %ebx", "", "	mov (%rbx), %eax", "", "");
TIMED_GUEST(mmio_write_userspace, "	mov $mmio_address, %ebx", "", "	mov %eax, (%rbx)", "", "");

// The interrupt is pending before STI, whose shadow reaches over HLT: an exit for HLT, none before.
TIMED_GUEST(hlt_pending, X2APIC_ON, "	cli\n" PEND_INTERRUPT,
	    "	sti\n"
	    "	hlt",
	    END_INTERRUPT, "	iretq");
TIMED_GUEST(interrupt_window, X2APIC_ON, "	cli\n" PEND_INTERRUPT,
	    "	sti\n"
	    "	nop",
	    END_INTERRUPT, "	iretq");
TIMED_GUEST(self_ipi, X2APIC_ON, "	cli", WRITE_MSR(0x830, 0, 0x4000 + irq_vector),
	    "	sti\n"
	    "	nop\n" END_INTERRUPT,
	    "	iretq");
TIMED_GUEST(eoi_x2apic, X2APIC_ON,
	    "	cli\n" PEND_INTERRUPT "	sti\n"
	    "	nop",
	    END_INTERRUPT, "", "	iretq");
TIMED_GUEST(eoi_xapic, XAPIC_ON,
	    "	cli\n"
	    "	movl $0x4000 + (1 << 18) + irq_vector, 0x300(%rbx)\n"
	    "	sti\n"
	    "	nop",
	    "	movl $0, 0xb0(%rbx)", "", "	iretq");
// Of other registers of the page: the ID, and the divider of a timer that is off.
TIMED_GUEST(read_xapic, XAPIC_ON, "", "	mov 0x20(%rbx), %eax", "", "");
TIMED_GUEST(write_xapic, XAPIC_ON, "", "	movl $0xb, 0x3e0(%rbx)", "", "");
TIMED_GUEST(tpr_xapic, XAPIC_ON, "", "	movl $0x20, 0x80(%rbx)", "", "");
TIMED_GUEST(tpr_xapic_read, XAPIC_ON, "", "	mov 0x80(%rbx), %eax", "", "");
TIMED_GUEST(tpr_x2apic, X2APIC_ON, "", WRITE_MSR(0x808, 0, 0x20), "", "");
TIMED_GUEST(tpr_x2apic_read, X2APIC_ON "	mov $0x808, %ecx\n", "", "	rdmsr", "", "");
TIMED_GUEST(tpr_cr8, "	mov $2, %ebx", "", "	mov %rbx, %cr8", "", "");
// A pending interrupt that the task priority held back until now.
TIMED_GUEST(tpr_lowered, X2APIC_ON "	sti\n",
	    "	mov $15, %ebx\n"
	    "	mov %rbx, %cr8\n"
	    "	xor %ebx, %ebx\n" PEND_INTERRUPT,
	    "	mov %rbx, %cr8\n"
	    "	nop",
	    END_INTERRUPT, "	iretq");
// To vCPU 1, which is not running: the sender's share.
TIMED_GUEST(ipi_x2apic, X2APIC_ON, "", WRITE_MSR(0x830, 1, 0x4000 + irq_vector), "", "");
TIMED_GUEST(ipi_xapic, XAPIC_ON "	movl $1 << 24, 0x310(%rbx)\n", "",
	    "	movl $0x4000 + irq_vector, 0x300(%rbx)", "", "");
// An ioeventfd that is an irqfd as well: the interrupt is there behind the OUT.
TIMED_GUEST(message, X2APIC_ON "	sti\n", "",
	    "	out %al, $message_port\n"
	    "	nop",
	    END_INTERRUPT, "	iretq");
// Two seconds of the slowest machine from now: it never comes.
TIMED_GUEST(tsc_deadline, X2APIC_ON WRITE_MSR(0x832, 0, 0x40000 + irq_vector),
	    "	rdtsc\n"
	    "	add $100000000, %eax\n"
	    "	adc $0, %edx\n"
	    "	mov %eax, %ebx\n"
	    "	mov %edx, %edi",
	    "	mov $0x6e0, %ecx\n"
	    "	mov %ebx, %eax\n"
	    "	mov %edi, %edx\n"
	    "	wrmsr",
	    "", "	iretq");

// A deadline that has passed: the interrupt comes at once.
TIMED_GUEST(tsc_deadline_expired, X2APIC_ON WRITE_MSR(0x832, 0, 0x40000 + irq_vector), "",
	    "	mov $0x6e0, %ecx\n"
	    "	mov $1, %eax\n"
	    "	xor %edx, %edx\n"
	    "	wrmsr\n"
	    "	nop",
	    END_INTERRUPT, "	iretq");
// One-shot, by the bus clock: two minutes from now.
TIMED_GUEST(apic_one_shot, X2APIC_ON WRITE_MSR(0x83e, 0, 0xb) WRITE_MSR(0x832, 0, irq_vector), "",
	    WRITE_MSR(0x838, 0, 0x7fffffff), "", "	iretq");
TIMED_GUEST(apic_one_shot_stop, X2APIC_ON WRITE_MSR(0x83e, 0, 0xb) WRITE_MSR(0x832, 0, irq_vector),
	    WRITE_MSR(0x838, 0, 0x7fffffff), WRITE_MSR(0x838, 0, 0), "", "	iretq");
TIMED_GUEST(apic_current_count,
	    X2APIC_ON WRITE_MSR(0x83e, 0, 0xb) WRITE_MSR(0x832, 0, irq_vector)
		    WRITE_MSR(0x838, 0, 0x7fffffff) "	mov $0x839, %ecx\n",
	    "", "	rdmsr", "", "	iretq");

// How late the interrupt is at its handler, which notes it: r13 is the deadline. The guest spins,
// so that the preemption timer or the host's own timer must take it out.
TIMED_GUEST(tsc_deadline_lateness, X2APIC_ON WRITE_MSR(0x832, 0, 0x40000 + irq_vector),
	    "	xor %ebx, %ebx\n"
	    "	rdtsc\n"
	    "	add $50000, %eax\n"
	    "	adc $0, %edx\n"
	    "	mov %eax, %edi\n"
	    "	mov $0x6e0, %ecx\n"
	    "	wrmsr\n"
	    "	sti",
	    "	mov %edi, %r13d\n"
	    "1:	test %ebx, %ebx\n"
	    "	jz 1b",
	    END_INTERRUPT,
	    "	mov $1, %ebx\n"
	    "	iretq");

TIMED_GUEST(immediate_exit, "", "", "	out %al, $immediate_exit_port", "", "");
TIMED_GUEST(irq_by_msi, X2APIC_ON "	sti\n", "",
	    "	out %al, $msi_port\n"
	    "	nop",
	    END_INTERRUPT, "	iretq");
// The I/O APIC's redirection entry of the GSI: fixed, physical, edge, to APIC 0.
TIMED_GUEST(irq_by_line,
	    X2APIC_ON "	mov $0xfec00000, %ebx\n"
		      "	movl $0x10 + 2 * irq_gsi, (%rbx)\n"
		      "	movl $irq_vector, 0x10(%rbx)\n"
		      "	movl $0x11 + 2 * irq_gsi, (%rbx)\n"
		      "	movl $0, 0x10(%rbx)\n"
		      "	sti\n",
	    "",
	    "	out %al, $irq_line_port\n"
	    "	nop",
	    END_INTERRUPT, "	iretq");
TIMED_GUEST(hlt_wake, X2APIC_ON,
	    "	cli\n"
	    "	out %al, $wake_port",
	    "	sti\n"
	    "	hlt",
	    END_INTERRUPT, "	iretq");

// CR4.OSXSAVE first; x87 and SSE.
TIMED_GUEST(xsetbv,
	    "	mov %cr4, %rbx\n"
	    "	or $1 << 18, %ebx\n"
	    "	mov %rbx, %cr4\n",
	    "",
	    "	xor %ecx, %ecx\n"
	    "	xor %edx, %edx\n"
	    "	mov $3, %eax\n"
	    "	xsetbv",
	    "", "");
TIMED_GUEST(wbinvd, "", "", "	wbinvd", "", "");

// The guest's own: RFLAGS.TF, whose #DB clears it again.
TIMED_GUEST(step_by_the_guest, "",
	    "	pushfq\n"
	    "	orl $0x100, (%rsp)",
	    "	popfq\n"
	    "	nop",
	    "",
	    "	andl $~0x100, 16(%rsp)\n"
	    "	iretq");
TIMED_GUEST(step_by_the_host, "", "", "	nop", "", "");

TIMED_GUEST(touch_after_slot, "	mov $untouched_address, %ebx", "	out %al, $new_slot_port",
	    "	movb $1, (%rbx)", "	add $4096, %rbx", "");
TIMED_GUEST(first_touch, "	mov $untouched_address, %ebx", "", "	movb $1, (%rbx)",
	    "	add $4096, %rbx", "");

TIMED_GUEST(first_touch_logged, "	mov $untouched_address, %ebx", "", "	movb $1, (%rbx)",
	    "	add $4096, %rbx", "");
// The page is mapped, and has been in the log that was taken: with the CPU's help no exit.
TIMED_GUEST(write_logged, "	mov $untouched_address, %ebx",
	    "	movb $1, (%rbx)\n"
	    "	out %al, $harvest_port",
	    "	movb $1, (%rbx)", "	add $4096, %rbx", "");

// An MSR that nobody has; #GP's handler steps over the RDMSR.
TIMED_GUEST(inject_gp, "	mov $0xdead, %ecx", "", "	rdmsr", "",
	    "	add $8, %rsp\n"
	    "	addq $2, (%rsp)\n"
	    "	iretq");

// Bits that no guest owns: CR0.AM, CR0.MP, CR4.MCE.
TIMED_GUEST(mov_to_cr0, "",
	    "	mov %cr0, %rbx\n"
	    "	xor $1 << 18, %ebx",
	    "	mov %rbx, %cr0", "", "");
TIMED_GUEST(lmsw, "",
	    "	mov %cr0, %rbx\n"
	    "	xor $2, %ebx",
	    "	lmsw %bx", "", "");
TIMED_GUEST(mov_to_cr4, "",
	    "	mov %cr4, %rbx\n"
	    "	xor $1 << 6, %ebx",
	    "	mov %rbx, %cr4", "", "");
TIMED_GUEST(mov_to_cr8, "	xor %ebx, %ebx", "", "	mov %rbx, %cr8", "", "");
TIMED_GUEST(mov_from_cr8, "", "", "	mov %cr8, %rbx", "", "");

// What exits under shadow paging only.
TIMED_GUEST(mov_to_cr3, "	mov %cr3, %rbx", "", "	mov %rbx, %cr3", "", "");
TIMED_GUEST(invlpg, "	mov $data_address, %ebx", "", "	invlpg (%rbx)", "", "");
// The guest's own #PF: nothing is mapped there. The handler steps over the load.
TIMED_GUEST(inject_pf, "	movabs $0x8000000000, %rbx", "", "	mov (%rbx), %al", "",
	    "	add $8, %rsp\n"
	    "	addq $2, (%rsp)\n"
	    "	iretq");

} // namespace

// clang-format off
ROW(cpuid,                .title = "CPUID");
ROW(vmcall,               .title = "VMCALL");
ROW(rdmsr,                .title = "RDMSR, kvm.ko's");
ROW(wrmsr,                .title = "WRMSR, kvm.ko's");
ROW(rdmsr_backend,        .title = "RDMSR, the module's");
ROW(wrmsr_backend,        .title = "WRMSR, the module's");
ROW(in_pic,               .title = "IN from the PIC");
ROW(out_pic,              .title = "OUT to the PIC");
ROW(in_pit,               .title = "IN from the PIT");
ROW(out_eventfd,          .title = "OUT to an ioeventfd");
ROW(in_userspace,         .title = "IN from userspace");
ROW(out_userspace,        .title = "OUT to userspace");
ROW(outs_userspace,       .title = "OUTS to userspace");
ROW(mmio_any_eventfd,     .title = "MMIO write, ioeventfd of any length");
ROW(mmio_long_eventfd,    .title = "MMIO write, ioeventfd of 4 bytes");
ROW(mmio_read_userspace,  .title = "MMIO read from userspace");
ROW(mmio_write_userspace, .title = "MMIO write to userspace");
ROW(hlt_pending,          .title = "HLT, interrupt pending",
    .vector = bench::irq_vector, .handler = hlt_pending_handler);
ROW(interrupt_window,     .title = "STI, interrupt pending",
    .vector = bench::irq_vector, .handler = interrupt_window_handler);
ROW(self_ipi,             .title = "IPI to itself, x2APIC ICR",
    .vector = bench::irq_vector, .handler = self_ipi_handler);
ROW(eoi_x2apic,           .title = "EOI, x2APIC",
    .vector = bench::irq_vector, .handler = eoi_x2apic_handler);
ROW(eoi_xapic,            .title = "EOI, xAPIC page",
    .vector = bench::irq_vector, .handler = eoi_xapic_handler);
ROW(read_xapic,           .title = "read of the xAPIC page");
ROW(write_xapic,          .title = "write to the xAPIC page");
ROW(tpr_xapic,            .title = "TPR write, xAPIC page", .exits = bench::Exits::maybe);
ROW(tpr_xapic_read,       .title = "TPR read, xAPIC page",  .exits = bench::Exits::maybe);
ROW(tpr_x2apic,           .title = "TPR write, x2APIC",     .exits = bench::Exits::maybe);
ROW(tpr_x2apic_read,      .title = "TPR read, x2APIC",      .exits = bench::Exits::maybe);
ROW(tpr_cr8,              .title = "MOV to CR8, TPR shadow", .exits = bench::Exits::maybe);
ROW(tpr_lowered,          .title = "TPR lowered, interrupt pending",
    .vector = bench::irq_vector, .handler = tpr_lowered_handler);
ROW(ipi_x2apic,           .title = "IPI to another vCPU, x2APIC ICR",
    .machine = Machine::two_apics);
ROW(ipi_xapic,            .title = "IPI to another vCPU, xAPIC ICR",
    .machine = Machine::two_apics);
ROW(message,              .title = "MSI by irqfd", .machine = Machine::message,
    .vector = bench::irq_vector, .handler = message_handler);
ROW(tsc_deadline,         .title = "TSC deadline",
    .vector = bench::irq_vector, .handler = tsc_deadline_handler);
ROW(tsc_deadline_expired, .title = "TSC deadline in the past, interrupt",
    .vector = bench::irq_vector, .handler = tsc_deadline_expired_handler);
ROW(tsc_deadline_lateness, .title = "TSC deadline, lateness of the interrupt",
    .vector = bench::irq_vector, .handler = tsc_deadline_lateness_handler);
ROW(apic_one_shot,        .title = "APIC timer, start",
    .vector = bench::irq_vector, .handler = apic_one_shot_handler);
ROW(apic_one_shot_stop,   .title = "APIC timer, stop",
    .vector = bench::irq_vector, .handler = apic_one_shot_stop_handler);
ROW(apic_current_count,   .title = "APIC timer, current count",
    .vector = bench::irq_vector, .handler = apic_current_count_handler);
ROW(immediate_exit,       .title = "OUT to userspace, KVM_RUN with immediate_exit");
ROW(irq_by_msi,           .title = "OUT to userspace, KVM_SIGNAL_MSI, interrupt",
    .vector = bench::irq_vector, .handler = irq_by_msi_handler);
ROW(irq_by_line,          .title = "OUT to userspace, KVM_IRQ_LINE, interrupt",
    .vector = bench::irq_vector, .handler = irq_by_line_handler);
ROW(hlt_wake,             .title = "HLT, asleep until another thread's MSI", .machine = Machine::waker,
    .vector = bench::irq_vector, .handler = hlt_wake_handler);
ROW(first_touch,          .title = "first touch of a page");
ROW(first_touch_logged,   .title = "first touch of a page, dirty log", .logged = true);
ROW(write_logged,         .title = "write to a mapped page, dirty log", .logged = true);
ROW(touch_after_slot,     .title = "touch of a page after its slot was set anew");
ROW(xsetbv,               .title = "XSETBV", .xsave = true);
ROW(wbinvd,               .title = "WBINVD");
ROW(step_by_the_guest,    .title = "single step by the guest, its #DB",
    .vector = 1, .handler = step_by_the_guest_handler);
ROW(step_by_the_host,     .title = "single step by the debugger, 3 instructions", .single_step = true);
ROW(inject_gp,            .title = "#GP for RDMSR",
    .vector = 13, .handler = inject_gp_handler);
ROW(mov_to_cr0,           .title = "MOV to CR0");
ROW(lmsw,                 .title = "LMSW");
ROW(mov_to_cr4,           .title = "MOV to CR4");
ROW(mov_to_cr8,           .title = "MOV to CR8",   .machine = Machine::bare);
ROW(mov_from_cr8,         .title = "MOV from CR8", .machine = Machine::bare);

ROW(mov_to_cr3,           .title = "MOV to CR3", .pass = Pass::shadow_paging);
ROW(invlpg,               .title = "INVLPG",     .pass = Pass::shadow_paging);
ROW(inject_pf,            .title = "#PF of the guest", .pass = Pass::shadow_paging,
    .vector = 14, .handler = inject_pf_handler);

ROW_AGAIN(first_touch_logged, no_pml, always);
ROW_AGAIN(write_logged,       no_pml, always);

ROW_AGAIN(interrupt_window,   apicv, maybe);
ROW_AGAIN(self_ipi,           apicv, maybe);
ROW_AGAIN(eoi_x2apic,         apicv, maybe);
ROW_AGAIN(eoi_xapic,          apicv, maybe);
ROW_AGAIN(read_xapic,         apicv, maybe);
ROW_AGAIN(tpr_lowered,        apicv, maybe);
ROW_AGAIN(ipi_x2apic,         apicv, always);
ROW_AGAIN(message,            apicv, always);
ROW_AGAIN(irq_by_msi,         apicv, always);
// clang-format on
