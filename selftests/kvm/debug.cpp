// SPDX-License-Identifier: GPL-2.0-only
//
// KVM_SET_GUEST_DEBUG: single steps and breakpoints for the host's debugger, and the guest's own.
#include "harness/guest.hpp"

using namespace kvm;
using tap::check_equal;

namespace {

constexpr std::uint32_t vector_db = 1, vector_bp = 3;
constexpr std::uint64_t dr6_bs = 1 << 14, dr6_bd = 1 << 13, dr6_b0 = 1, dr6_b1 = 2;
constexpr std::uint64_t dr7_fixed = 1 << 10, dr7_g0 = 1 << 1, dr7_l1 = 1 << 2, dr7_gd = 1 << 13;
// SDM, "Debug Control Register (DR7)": R/W1 = 01b (write), LEN1 = 11b (4 bytes).
constexpr std::uint64_t dr7_write_4_bytes_1 = 0b1101ul << 20;

GUEST_CODE(steps, 64, R"(
	nop
	mov $1, %eax
	inc %rax
	pushq $5
	pop %rbx
	jmp 0f
	ud2
0:	nop
	hlt
)");
constexpr unsigned step_offsets[] = {1, 6, 9, 11, 12, 16, 17};

GUEST_CODE(step_over_exits, 64, R"(
	cpuid
	nop
	out %al, $report_port
	nop
	hlt
)");

GUEST_CODE(int3_and_nops, 64, R"(
	nop
	int3
	nop
	nop
	hlt
)");

GUEST_CODE(write_data, 64, R"(
	mov data_address, %eax
	movl $1, data_address + 8
	movl $2, data_address
	nop
	hlt
)");
constexpr unsigned after_watched_write = 7 + 11 + 11;

GUEST_CODE(guest_breakpoint, 64, R"(
	movabs $code_address + 0f - guest_breakpoint_begin, %rax
	mov %rax, %dr0
	mov $0x402, %eax
	mov %rax, %dr7
0:	nop
	hlt
)");

GUEST_CODE(guest_single_step, 64, R"(
	pushfq
	orq $0x100, (%rsp)
	popfq
	nop
	hlt
)");

GUEST_CODE(read_dr0, 64, R"(
	mov %dr0, %rax
	hlt
)");

void set_debug(const Vcpu &vcpu, std::uint32_t control, std::uint64_t dr7 = 0,
	       std::initializer_list<std::uint64_t> addresses = {})
{
	kvm_guest_debug debug = {};
	debug.control = control;
	unsigned i = 0;
	for (std::uint64_t address : addresses)
		debug.arch.debugreg[i++] = address;
	debug.arch.debugreg[7] = dr7;
	KVM_CALL(vcpu.fd(), KVM_SET_GUEST_DEBUG, &debug);
}

void expect_debug(const Vcpu &vcpu, std::uint32_t exception, std::uint64_t offset,
		  tap::Where where = tap::Where::current())
{
	vcpu.run_to(KVM_EXIT_DEBUG, where);
	check_equal(vcpu.state().debug.arch.exception, exception, "debug.arch.exception", where);
	check_equal(vcpu.state().debug.arch.pc, code_address + offset, "debug.arch.pc", where);
}

// One step. In Bochs 2.7 an instruction with TF set that ends in a VM exit, be it an EPT violation
// on its first fetch, traps as well, before it has run: such traps are not counted.
void step(const Vcpu &vcpu, std::uint64_t offset, tap::Where where = tap::Where::current())
{
	const std::uint64_t before = vcpu.regs().rip;
	constexpr int page_walk_faults = 8;
	for (int i = 0; i < page_walk_faults; i++) {
		vcpu.run_to(KVM_EXIT_DEBUG, where);
		if (vcpu.state().debug.arch.pc != before)
			break;
	}
	check_equal(vcpu.state().debug.arch.exception, vector_db, "debug.arch.exception", where);
	check_equal(vcpu.state().debug.arch.pc, code_address + offset, "debug.arch.pc", where);
}

} // namespace

TEST(single_step)
{
	const Vm vm;
	const Vcpu vcpu(vm);
	start(vm, vcpu, steps);
	set_debug(vcpu, KVM_GUESTDBG_ENABLE | KVM_GUESTDBG_SINGLESTEP);
	for (unsigned offset : step_offsets) {
		step(vcpu, offset);
		check_equal(vcpu.state().debug.arch.dr6 & dr6_bs, dr6_bs, "dr6.bs");
		check_equal(vcpu.regs().rflags & rflags_tf, 0u, "the guest's own TF");
	}
	set_debug(vcpu, 0);
	vcpu.run_to(KVM_EXIT_HLT);
	check_equal(vcpu.regs().rbx, 5u, "rbx");
}

// VM entry refuses TF together with a shadow, unless a trap is pending already.
TEST(single_step_out_of_an_interrupt_shadow)
{
	const Vm vm;
	const Vcpu vcpu(vm);
	start(vm, vcpu, steps);
	kvm_vcpu_events events = vcpu.events();
	events.flags = KVM_VCPUEVENT_VALID_SHADOW;
	events.interrupt.shadow = KVM_X86_SHADOW_INT_STI;
	vcpu.set(events);
	set_debug(vcpu, KVM_GUESTDBG_ENABLE | KVM_GUESTDBG_SINGLESTEP);
	step(vcpu, step_offsets[0]);
	step(vcpu, step_offsets[1]);
}

TEST(single_step_over_exits)
{
	const Vm vm;
	const Vcpu vcpu(vm);
	start(vm, vcpu, step_over_exits);
	set_debug(vcpu, KVM_GUESTDBG_ENABLE | KVM_GUESTDBG_SINGLESTEP);
	step(vcpu, 2);
	step(vcpu, 3);
	run_to_report(vcpu);
	step(vcpu, 5);
	step(vcpu, 6);
}

TEST(software_breakpoint)
{
	const Vm vm;
	const Vcpu vcpu(vm);
	start(vm, vcpu, int3_and_nops);
	set_debug(vcpu, KVM_GUESTDBG_ENABLE | KVM_GUESTDBG_USE_SW_BP);
	expect_debug(vcpu, vector_bp, 1);
	set_rip(vcpu, code_address + 2);
	vcpu.run_to(KVM_EXIT_HLT);
}

TEST(breakpoint_of_the_guest_stays_its_own)
{
	const Vm vm;
	const Vcpu vcpu(vm);
	start(vm, vcpu, int3_and_nops);
	check_equal(run_to_exception(vm, vcpu).vector, vector_bp, "vector");
	vcpu.run_to(KVM_EXIT_HLT);
}

// What a debugger does with a breakpoint that is not its own.
TEST(breakpoint_handed_back_to_the_guest)
{
	const Vm vm;
	const Vcpu vcpu(vm);
	start(vm, vcpu, int3_and_nops);
	set_debug(vcpu, KVM_GUESTDBG_ENABLE | KVM_GUESTDBG_USE_SW_BP);
	expect_debug(vcpu, vector_bp, 1);
	set_debug(vcpu, KVM_GUESTDBG_ENABLE | KVM_GUESTDBG_INJECT_BP);
	const ExceptionRecord found = run_to_exception(vm, vcpu);
	check_equal(found.vector, vector_bp, "vector");
	check_equal(found.rip, code_address + 2, "rip, after the instruction");
}

TEST(hardware_breakpoint)
{
	const Vm vm;
	const Vcpu vcpu(vm);
	start(vm, vcpu, int3_and_nops);
	set_rip(vcpu, code_address + 2);
	set_debug(vcpu, KVM_GUESTDBG_ENABLE | KVM_GUESTDBG_USE_HW_BP, dr7_fixed | dr7_g0,
		  {code_address + 3});
	expect_debug(vcpu, vector_db, 3);
	check_equal(vcpu.state().debug.arch.dr6 & 0xf, dr6_b0, "dr6's breakpoint bits");
	set_debug(vcpu, 0);
	vcpu.run_to(KVM_EXIT_HLT);
}

TEST(hardware_watchpoint)
{
	const Vm vm;
	const Vcpu vcpu(vm);
	start(vm, vcpu, write_data);
	set_debug(vcpu, KVM_GUESTDBG_ENABLE | KVM_GUESTDBG_USE_HW_BP,
		  dr7_fixed | dr7_l1 | dr7_write_4_bytes_1, {0, data_address});
	expect_debug(vcpu, vector_db, after_watched_write);
	check_equal(vcpu.state().debug.arch.dr6 & 0xf, dr6_b1, "dr6's breakpoint bits");
	check_equal(vm.at<std::uint32_t>(data_address), 2u, "the watched word, written");
	set_debug(vcpu, 0);
	vcpu.run_to(KVM_EXIT_HLT);
}

TEST(breakpoint_set_by_the_guest)
{
	const Vm vm;
	const Vcpu vcpu(vm);
	start(vm, vcpu, guest_breakpoint);
	const ExceptionRecord found = run_to_exception(vm, vcpu);
	check_equal(found.vector, vector_db, "vector");
	check_equal(vcpu.debugregs().dr6 & 0xf, dr6_b0, "dr6's breakpoint bits");
	check_equal(vcpu.debugregs().db[0], found.rip, "dr0");
}

TEST(single_step_by_the_guest)
{
	constexpr unsigned after_nop = 1 + 8 + 1 + 1;
	const Vm vm;
	const Vcpu vcpu(vm);
	start(vm, vcpu, guest_single_step);
	const ExceptionRecord found = run_to_exception(vm, vcpu);
	check_equal(found.vector, vector_db, "vector");
	check_equal(found.rip, code_address + after_nop, "rip, after the instruction after POPF");
	check_equal(vcpu.debugregs().dr6 & dr6_bs, dr6_bs, "dr6.bs");
}

TEST(general_detect_in_the_guest)
{
	const Vm vm;
	const Vcpu vcpu(vm);
	start(vm, vcpu, read_dr0);
	kvm_debugregs debugregs = vcpu.debugregs();
	debugregs.dr7 |= dr7_gd;
	vcpu.set(debugregs);
	const ExceptionRecord found = run_to_exception(vm, vcpu);
	check_equal(found.vector, vector_db, "vector");
	check_equal(found.rip, code_address, "rip");
	check_equal(vcpu.debugregs().dr6 & dr6_bd, dr6_bd, "dr6.bd");
	check_equal(vcpu.debugregs().dr7 & dr7_gd, 0u, "dr7.gd once the exception is delivered");
}

TEST(general_detect_for_the_host)
{
	const Vm vm;
	const Vcpu vcpu(vm);
	start(vm, vcpu, read_dr0);
	set_debug(vcpu, KVM_GUESTDBG_ENABLE | KVM_GUESTDBG_USE_HW_BP, dr7_fixed | dr7_gd);
	expect_debug(vcpu, vector_db, 0);
	check_equal(vcpu.state().debug.arch.dr6 & dr6_bd, dr6_bd, "dr6.bd");
}
