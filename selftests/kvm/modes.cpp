// SPDX-License-Identifier: GPL-2.0-only
//
// Guests that change the mode of the CPU: paging on and off, long mode, privilege levels, tasks.
#include "harness/guest.hpp"

using namespace kvm;
using tap::check_equal;

namespace {

// From real mode all the way to 64-bit mode, as a boot loader does.
GUEST_CODE(climb, 16, R"(
	lgdtl %cs:0f - climb_begin + code_address
	mov %cr0, %eax
	or $1, %al
	mov %eax, %cr0
	ljmpl $selector_code32, $1f - climb_begin + code_address
	.balign 4
0:	.word selector_tss + 15
	.long 0x1000
	.code32
1:	mov $selector_data, %eax
	mov %eax, %ds
	mov %eax, %ss
	mov %eax, %es
	mov $0x20, %eax
	mov %eax, %cr4
	mov $0x5000, %eax
	mov %eax, %cr3
	mov $0xc0000080, %ecx
	rdmsr
	or $0x100, %eax
	wrmsr
	mov %cr0, %eax
	or $0x80000000, %eax
	mov %eax, %cr0
	ljmpl $selector_code64, $2f - climb_begin + code_address
	.code64
2:	movabs $0x1122334455667788, %r8
	hlt
)");

// The way back: 64-bit mode, compatibility mode, paging off, long mode off.
GUEST_CODE(descend, 64, R"(
	ljmp *0f(%rip)
0:	.long 1f - descend_begin + code_address
	.word selector_code32
	.code32
1:	mov %cr0, %eax
	and $0x7fffffff, %eax
	mov %eax, %cr0
	mov $0xc0000080, %ecx
	rdmsr
	and $~0x100, %eax
	wrmsr
	mov $0x32323232, %ebx
	hlt
)");

GUEST_CODE(compatibility, 64, R"(
	ljmp *0f(%rip)
0:	.long 1f - compatibility_begin + code_address
	.word selector_code32
	.code32
1:	mov $1, %eax
	.byte 0x48		# dec %eax here, a prefix of the next instruction in 64-bit mode
	nop
	mov %eax, %ebx
	ljmpl $selector_code64, $2f - compatibility_begin + code_address
	.code64
2:	hlt
)");

// Two-level page tables: the code's own 4 MiB to itself, and the page after that elsewhere.
GUEST_CODE(paging_legacy, 32, R"(
	movl $0x87, 0x30000		# 4 MiB page at 0
	movl $0x31007, 0x30004		# a page table for the next 4 MiB
	movl $data_address + 7, 0x31000
	mov %cr4, %eax
	or $0x10, %eax
	mov %eax, %cr4
	mov $0x30000, %eax
	mov %eax, %cr3
	mov %cr0, %eax
	or $0x80000000, %eax
	mov %eax, %cr0
	movl $0xfeedbeef, 0x400010
	hlt
)");

GUEST_CODE(paging_pae, 32, R"(
	movl $0x31001, 0x30000		# page directory pointer 0
	movl $0, 0x30004
	movl $0x87, 0x31000		# 2 MiB page at 0
	movl $0, 0x31004
	movl $0x32007, 0x31008		# a page table for the next 2 MiB
	movl $0, 0x3100c
	movl $data_address + 7, 0x32000
	movl $0, 0x32004
	mov %cr4, %eax
	or $0x20, %eax
	mov %eax, %cr4
	mov $0x30000, %eax
	mov %eax, %cr3
	mov %cr0, %eax
	or $0x80000000, %eax
	mov %eax, %cr0
	movl $0xfeedbeef, 0x200010
	hlt
)");

// A write through a read-only page, the fault's handler makes it writable.
GUEST_CODE(page_fault, 64, R"(
	movq $0x30007, 0x7000 + 8	# page table for 2 MiB..4 MiB
	movq $data_address + 5, 0x30000
	mov %cr3, %rax
	mov %rax, %cr3
	movl $1, 0x200000
	hlt
page_fault_handler:
	pop %rbx			# error code
	mov %cr2, %rcx
	orq $2, 0x30000
	invlpg 0x200000
	iretq
)");
GUEST_LABEL(page_fault_handler);

// To privilege level 3 and back through an interrupt gate.
GUEST_CODE(user_mode, 64, R"(
	mov $selector_tss, %eax		# TR is loaded already: this checks str alone
	str %ebx
	pushq $selector_user_data
	pushq $0xe800
	pushq $2
	pushq $selector_user_code64
	pushq $1f - user_mode_begin + code_address
	iretq
1:	mov %cs, %ecx
	int $0x80
	ud2
user_mode_handler:
	mov %cs, %edx
	hlt
)");
GUEST_LABEL(user_mode_handler);

// A hardware task switch: always an exit, done by KVM.
GUEST_CODE(task_switch, 32, R"(
	ljmpl $0x48, $0
	hlt
task_switch_target:
	mov $0x7a5c, %ebx
	hlt
)");
GUEST_LABEL(task_switch_target);

void run_to_halt(const Vm &vm, const Vcpu &vcpu, const Code &code)
{
	start(vm, vcpu, code);
	vcpu.run_to(KVM_EXIT_HLT);
}

} // namespace

TEST(real_to_long_mode)
{
	const Vm vm;
	const Vcpu vcpu(vm);
	load(vm, descend); // for the tables of 64-bit mode
	load(vm, climb);
	enter(vcpu, climb);
	vcpu.run_to(KVM_EXIT_HLT);
	check_equal(vcpu.regs().r8, 0x1122334455667788u, "r8");
	check_equal(vcpu.sregs().efer & (efer_lme | efer_lma), efer_lme | efer_lma, "efer");
	check_equal(vcpu.sregs().cs.l, 1, "cs.l");
	check_equal(vcpu.sregs().cs.selector, selector_code64, "cs");
}

TEST(long_to_protected_mode)
{
	const Vm vm;
	const Vcpu vcpu(vm);
	run_to_halt(vm, vcpu, descend);
	check_equal(vcpu.regs().rbx, 0x32323232u, "ebx");
	check_equal(vcpu.sregs().efer & (efer_lme | efer_lma), 0u, "efer.lme and efer.lma");
	check_equal(vcpu.sregs().cr0 & cr0_pg, 0u, "cr0.pg");
}

TEST(compatibility_mode)
{
	const Vm vm;
	const Vcpu vcpu(vm);
	run_to_halt(vm, vcpu, compatibility);
	check_equal(vcpu.regs().rbx, 0u, "eax after dec, which is a prefix in 64-bit mode");
	check_equal(vcpu.sregs().cs.selector, selector_code64, "cs");
}

TEST(legacy_paging)
{
	const Vm vm;
	const Vcpu vcpu(vm);
	run_to_halt(vm, vcpu, paging_legacy);
	check_equal(vm.at<std::uint32_t>(data_address + 0x10), 0xfeedbeefu, "the mapped page");
}

TEST(pae_paging)
{
	const Vm vm;
	const Vcpu vcpu(vm);
	run_to_halt(vm, vcpu, paging_pae);
	check_equal(vm.at<std::uint32_t>(data_address + 0x10), 0xfeedbeefu, "the mapped page");
}

TEST(page_fault_in_guest)
{
	constexpr std::uint64_t write_to_present = 3;
	const Vm vm;
	const Vcpu vcpu(vm);
	load(vm, page_fault);
	set_gate(vm, 64, 14, page_fault.at(page_fault_handler));
	enter(vcpu, page_fault);
	vcpu.run_to(KVM_EXIT_HLT);
	check_equal(vcpu.regs().rbx, write_to_present, "the fault's error code");
	check_equal(vcpu.regs().rcx, 0x200000u, "cr2");
	check_equal(vm.at<std::uint32_t>(data_address), 1u, "the store, done after the fault");
}

TEST(privilege_level_3)
{
	const Vm vm;
	const Vcpu vcpu(vm);
	load(vm, user_mode);
	set_gate(vm, 64, 0x80, user_mode.at(user_mode_handler), 3);
	enter(vcpu, user_mode);
	vcpu.run_to(KVM_EXIT_HLT);
	check_equal(vcpu.regs().rbx, selector_tss, "tr");
	check_equal(vcpu.regs().rcx, selector_user_code64, "cs in user mode");
	check_equal(vcpu.regs().rdx, selector_code64, "cs in the handler");
	check_equal(vcpu.sregs().ss.selector, 0, "ss after a change of privilege level");
}

TEST(hardware_task_switch)
{
	// SDM, "Task-State Segment (TSS)", 32-bit form: the offsets of what is set here.
	constexpr std::uint32_t tss = 0x40000, at_eip = 32, at_eflags = 36, at_esp = 56, at_es = 72,
				at_cs = 76, at_ss = 80, at_ds = 84;
	constexpr std::uint64_t available_tss = 0x0000890000000067;
	constexpr std::uint32_t new_selector = 0x48;
	const Vm vm;
	const Vcpu vcpu(vm);

	load(vm, task_switch);
	enter(vcpu, task_switch);
	vm.at<std::uint64_t>(gdt_address + new_selector) = available_tss | std::uint64_t{tss} << 16;
	vm.at<std::uint32_t>(tss + at_eip) = task_switch.at(task_switch_target);
	vm.at<std::uint32_t>(tss + at_eflags) = rflags_fixed;
	vm.at<std::uint32_t>(tss + at_esp) = stack_top(1);
	vm.at<std::uint32_t>(tss + at_cs) = selector_code32;
	for (std::uint32_t at : {at_es, at_ss, at_ds})
		vm.at<std::uint32_t>(tss + at) = selector_data;
	kvm_sregs sregs = vcpu.sregs();
	sregs.gdt.limit = new_selector + 7;
	vcpu.set(sregs);

	vcpu.run_to(KVM_EXIT_HLT);
	check_equal(vcpu.regs().rbx, 0x7a5cu, "ebx, set in the new task");
	check_equal(vcpu.sregs().tr.selector, new_selector, "tr");
}
