// SPDX-License-Identifier: GPL-2.0-only
//
// Exceptions and NMIs in the guest, and interrupts that userspace injects itself.
#include "harness/guest.hpp"

using namespace kvm;
using tap::check;
using tap::check_equal;

namespace {

GUEST_CODE(divide_error, 64, R"(
	xor %ecx, %ecx
	xor %edx, %edx
	mov $1, %eax
	div %ecx
)");

GUEST_CODE(breakpoint, 64, R"(
	int3
	hlt
)");

GUEST_CODE(invalid_opcode, 64, R"(
	ud2
)");

GUEST_CODE(device_not_available, 64, R"(
	mov %cr0, %rax
	or $8, %eax
	mov %rax, %cr0
	fnop
)");

GUEST_CODE(segment_not_present, 64, R"(
	movl $0x00001300, 0x1000 + 0x20 + 4
	movl $0, 0x1000 + 0x20
	mov $0x20, %eax
	mov %eax, %fs
)");

GUEST_CODE(stack_fault, 64, R"(
	movabs $0x8000000000000000, %rbp
	mov (%rbp), %eax
)");

GUEST_CODE(general_protection, 64, R"(
	mov $0x1238, %eax
	mov %eax, %ds
)");

GUEST_CODE(page_fault, 64, R"(
	movq $0, 0x7000 + 8 * 3
	mov %cr3, %rax
	mov %rax, %cr3
	mov 0x600123, %eax
)");

GUEST_CODE(alignment_check, 64, R"(
	mov %cr0, %rax
	or $0x40000, %eax
	mov %rax, %cr0
	pushq $selector_user_data
	pushq $0xe800
	pushq $0x40002
	pushq $selector_user_code64
	pushq $1f - alignment_check_begin + code_address
	iretq
1:	mov data_address + 1, %eax
)");

GUEST_CODE(simd_exception, 64, R"(
	pushq $0x1f80 - 0x200		# divide-by-zero not masked
	ldmxcsr (%rsp)
	mov $1, %eax
	cvtsi2sd %eax, %xmm0
	pxor %xmm1, %xmm1
	divsd %xmm1, %xmm0
)");

GUEST_CODE(halt_forever, 64, R"(
0:	hlt
	jmp 0b
)");

// Counts NMIs and how deep they nest; reports from inside the handler.
GUEST_CODE(count_nmis, 64, R"(
0:	hlt
	jmp 0b
nmi_handler:
	incl data_address
	incl data_address + 4
	mov data_address + 4, %eax
	out %eax, $report_port
	decl data_address + 4
	iretq
)");
GUEST_LABEL(nmi_handler);

GUEST_CODE(open_window, 64, R"(
	cli
	out %al, $report_port
	nop
	sti
	nop
	nop
	cli
	hlt
window_handler:
	mov $0x1234, %ebx
	iretq
)");
GUEST_LABEL(window_handler);

GUEST_CODE(task_priority, 64, R"(
	mov $5, %eax
	mov %rax, %cr8
	mov $2, %eax
	mov %rax, %cr8
	mov %cr8, %rbx
	hlt
)");

constexpr std::uint32_t any = 0xffffffff;

} // namespace

TEST(exceptions_and_their_error_codes)
{
	static const struct {
		const char *name;
		const Code &code;
		std::uint64_t vector, error_code, offset;
	} rows[] = {
		{"#DE", divide_error, 0, 0, 9},
		{"#BP", breakpoint, 3, 0, 1},
		{"#UD", invalid_opcode, 6, 0, 0},
		{"#NM", device_not_available, 7, 0, any},
		{"#NP", segment_not_present, 11, 0x20, any},
		{"#SS", stack_fault, 12, 0, 10},
		{"#GP", general_protection, 13, 0x1238, 5},
		{"#PF", page_fault, 14, 0, any},
		{"#AC", alignment_check, 17, 0, any},
		{"#XM", simd_exception, 19, 0, any},
	};
	for (const auto &row : rows) {
		const Vm vm;
		const Vcpu vcpu(vm);
		start(vm, vcpu, row.code);
		const ExceptionRecord found = run_to_exception(vm, vcpu);
		check_equal(found.vector, row.vector, std::string(row.name) + ", vector");
		check_equal(found.error_code, row.error_code,
			    std::string(row.name) + ", error code");
		if (row.offset != any)
			check_equal(found.rip, code_address + row.offset,
				    std::string(row.name) + ", rip");
	}
}

TEST(page_fault_address)
{
	const Vm vm;
	const Vcpu vcpu(vm);
	start(vm, vcpu, page_fault);
	check_equal(run_to_exception(vm, vcpu).vector, 14u, "vector");
	check_equal(vcpu.sregs().cr2, 0x600123u, "cr2");
}

// #DE cannot be delivered: the #GP on the way makes it a double fault.
TEST(double_fault_has_error_code_0)
{
	const Vm vm;
	const Vcpu vcpu(vm);
	start(vm, vcpu, divide_error);
	vm.at<std::uint64_t>(idt_address) = 0;
	const ExceptionRecord found = run_to_exception(vm, vcpu);
	check_equal(found.vector, 8u, "vector");
	check_equal(found.error_code, 0u, "error code");
}

TEST(nmi_is_delivered)
{
	const Vm vm;
	const Vcpu vcpu(vm);
	load(vm, count_nmis);
	set_gate(vm, 64, 2, count_nmis.at(nmi_handler));
	enter(vcpu, count_nmis);
	vcpu.run_to(KVM_EXIT_HLT);
	vcpu.nmi();
	check_equal(run_to_report(vcpu), 1u, "depth in the handler");
	vcpu.run_to(KVM_EXIT_HLT);
	check_equal(vm.at<std::uint32_t>(data_address), 1u, "NMIs counted");
}

// SDM, "Handling Multiple NMIs": one is held back until the handler's IRET.
TEST(nmi_is_blocked_until_iret)
{
	const Vm vm;
	const Vcpu vcpu(vm);
	load(vm, count_nmis);
	set_gate(vm, 64, 2, count_nmis.at(nmi_handler));
	enter(vcpu, count_nmis);
	vcpu.nmi();
	check_equal(run_to_report(vcpu), 1u, "depth in the handler");
	check_equal(vcpu.events().nmi.masked, 1, "nmi.masked in the handler");
	vcpu.nmi();
	check_equal(run_to_report(vcpu), 1u, "depth in the handler of the second");
	vcpu.run_to(KVM_EXIT_HLT);
	check_equal(vm.at<std::uint32_t>(data_address), 2u, "NMIs counted");
	check_equal(vcpu.events().nmi.masked, 0, "nmi.masked after the handlers");
}

TEST(interrupt_window)
{
	const Vm vm;
	const Vcpu vcpu(vm);
	load(vm, open_window);
	set_gate(vm, 64, 0x60, open_window.at(window_handler));
	enter(vcpu, open_window);
	run_to_report(vcpu);
	check_equal(vcpu.state().if_flag, 0, "if_flag before STI");
	check_equal(vcpu.state().ready_for_interrupt_injection, 0, "ready before STI");

	vcpu.state().request_interrupt_window = 1;
	vcpu.run_to(KVM_EXIT_IRQ_WINDOW_OPEN);
	vcpu.state().request_interrupt_window = 0;
	check_equal(vcpu.state().ready_for_interrupt_injection, 1, "ready in the window");
	check_equal(vcpu.state().if_flag, 1, "if_flag in the window");
	check_equal(vcpu.regs().rbx, 0u, "ebx before the interrupt");

	kvm_interrupt interrupt = {0x60};
	KVM_CALL(vcpu.fd(), KVM_INTERRUPT, &interrupt);
	vcpu.run_to(KVM_EXIT_HLT);
	check_equal(vcpu.regs().rbx, 0x1234u, "ebx, set by the handler");
}

TEST(injected_interrupt_is_seen_in_the_events)
{
	const Vm vm;
	const Vcpu vcpu(vm);
	start(vm, vcpu, halt_forever);
	kvm_interrupt interrupt = {0x61};
	KVM_CALL(vcpu.fd(), KVM_INTERRUPT, &interrupt);
	check_equal(vcpu.events().interrupt.injected, 1, "interrupt.injected");
	check_equal(vcpu.events().interrupt.nr, 0x61, "interrupt.nr");
	check_equal(run_to_exception(vm, vcpu).vector, 0x61u, "vector");
}

TEST(task_priority_goes_to_userspace)
{
	const Vm vm;
	const Vcpu vcpu(vm);
	start(vm, vcpu, task_priority);
	vcpu.run_to(KVM_EXIT_SET_TPR);
	check_equal(vcpu.state().cr8, 2u, "kvm_run's cr8 after it was lowered");
	vcpu.run_to(KVM_EXIT_HLT);
	check_equal(vcpu.regs().rbx, 2u, "cr8 in the guest");
}
