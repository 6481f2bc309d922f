// SPDX-License-Identifier: GPL-2.0-only
//
// Events of L2: what L1 injects, what happens while it is delivered, exceptions that L1 takes or
// leaves. Interrupts and NMIs are in nested_interrupts.
#include "harness/module.hpp"
#include "harness/nested_ept.hpp"
#include "harness/nested_interruption.hpp"

using namespace kvm;
using tap::check;
using tap::check_equal;
namespace field = vmx::field;
namespace vector = vmx::vector;
using vmx::Activity;
using vmx::EventType;
using vmx::Reason;

namespace {

GUEST_CODE(vmcall, 64, "vmcall\n vmcall");
GUEST_CODE(say_and_call, 64, "mov $1, %eax\n" L2_REPORT "mov $2, %eax\n" L2_REPORT "vmcall");
GUEST_CODE(undefined, 64, "ud2\n vmcall");
GUEST_CODE(software_interrupt, 64, "int $0x80\n vmcall");
GUEST_CODE(breakpoint, 64, "int3\n vmcall");
GUEST_CODE(read_missing, 64, "mov (%rbx), %rax\n vmcall");
GUEST_CODE(bad_rdmsr, 64, "mov $0x1ffe, %ecx\n rdmsr\n vmcall");
GUEST_CODE(cpuid_vmcall, 64, "cpuid\n vmcall");
GUEST_CODE(reports_and_calls, 64, L2_REPORT "nop\n vmcall");
GUEST_CODE(mov_ss_cpuid, 64, "mov l2_data_address, %ss\n cpuid\n vmcall");

constexpr std::uint32_t valid = 1u << 31;
constexpr std::uint64_t nowhere = 5ul << 30; // the page tables end before
constexpr std::uint64_t dr6_bs = 1 << 14;
constexpr std::uint32_t blocked_by_sti = 1, blocked_by_mov_ss = 2;
constexpr std::uint64_t breakpoint_0 = 1 << 12 | 1; // a breakpoint that was met, and its number

// The gate of that vector in the IDT that L1 and L2 share.
void remove_gate(const L1 &l1, unsigned number)
{
	l1.at<std::uint64_t>(idt_address + number * 16) = 0;
}

constexpr std::uint32_t code_of_missing_gate(unsigned number, bool external)
{
	return number << 3 | 2 | (external ? 1 : 0);
}

// L2 once from its beginning to its end. What is fetched or read for the first time exits to L0,
// and in Bochs 2.7 an instruction traps although it exits.
void run_through(L1 &l1)
{
	expect(l1.vmlaunch(), reports(1), "L2");
	expect(l1.go_on(), reports(2), "L2");
	expect(l1.go_on(), exits(Reason::vmcall), "L2");
	l1.write(field::guest_rip, l2_code_address);
}

// L2 begins behind a MOV SS that has met a data breakpoint, and L1 intercepts #DB. Its code is
// mapped then: Bochs 2.7 loses blocking over an exit for a page fault.
void hold_back_debug_exception(L1 &l1)
{
	if (l1.vmlaunch().kind == Result::Kind::report)
		expect(l1.go_on(), exits(Reason::vmcall), "L2 without anything pending");
	l1.write(field::guest_rip, l2_code_address);
	l1.set(vmx::entry::load_debug_controls);
	l1.write(field::guest_dr7, 0x401);
	l1.write(field::exception_bitmap, 1u << vector::db);
	l1.write(field::guest_interruptibility, blocked_by_mov_ss);
	l1.write(field::guest_pending_debug_exceptions, breakpoint_0);
}

} // namespace

TEST(injection)
{
	struct {
		const char *name;
		EventType type;
		unsigned number;
		std::optional<std::uint32_t> code;
		std::uint32_t length;
	} const cases[] = {
		{"an external interrupt", EventType::external_interrupt, 0x21, {}, 0},
		{"external interrupt 255", EventType::external_interrupt, 0xff, {}, 0},
		{"an NMI", EventType::nmi, 2, {}, 0},
		{"#DE", EventType::hardware_exception, vector::de, {}, 0},
		{"#UD", EventType::hardware_exception, vector::ud, {}, 0},
		{"#GP", EventType::hardware_exception, vector::gp, 0x1234, 0},
		{"#PF", EventType::hardware_exception, vector::pf, 3, 0},
		{"#AC", EventType::hardware_exception, vector::ac, 0, 0},
		{"INT 0x80", EventType::software_interrupt, 0x80, {}, 2},
		{"INT 3 of a longer form", EventType::software_interrupt, 3, {}, 7},
		{"INT3", EventType::software_exception, vector::bp, {}, 1},
		{"INT1", EventType::privileged_software_exception, vector::db, {}, 1},
	};
	for (const auto &c : cases) {
		L1 l1;
		l1.prepare(vmcall);
		// What is injected is not looked up in the exception bitmap.
		l1.write(field::exception_bitmap, ~0u);
		l1.set(vmx::pin::nmi_exiting);
		inject(l1, c.type, c.number, c.code, c.length);
		const Result result = l1.vmlaunch();
		// The distribution's module drops privileged software exceptions.
		if (c.type == EventType::privileged_software_exception &&
		    result == exits(Reason::vmcall))
			continue;
		expect(result, faults(c.number, c.code.value_or(0)), c.name);
		check_equal(result.rip, l2_code_address + c.length,
			    std::string(c.name) + ": rip on L2's stack");
		if (c.length)
			continue;
		expect(l1.go_on(), exits(Reason::vmcall), c.name);
		check_equal(l1.read(field::entry_interruption_info) & valid, 0u,
			    std::string(c.name) + ": valid bit after the VM exit");
		l1.expect_field(field::idt_vectoring_info, 0);
		check_equal(l1.vcpu().sregs().cr2, 0u, "CR2");
	}
}

// Injected once only.
TEST(injection_is_not_repeated)
{
	L1 l1;
	l1.prepare(say_and_call);
	inject(l1, EventType::external_interrupt, 0x21);
	expect(l1.vmlaunch(), faults(0x21), "VMLAUNCH");
	expect(l1.go_on(), reports(1), "L2 behind its interrupt");
	expect(l1.go_on(), reports(2), "L2");
	expect(l1.go_on(), exits(Reason::vmcall), "L2");
	expect(l1.resume(L1::Skip::nothing), exits(Reason::vmcall), "VMRESUME");
}

TEST(injection_into_hlt)
{
	L1 l1;
	l1.prepare(vmcall);
	l1.write(field::guest_activity_state, static_cast<std::uint32_t>(Activity::hlt));
	inject(l1, EventType::external_interrupt, 0x21);
	expect(l1.vmlaunch(), faults(0x21), "VMLAUNCH");
	expect(l1.go_on(), exits(Reason::vmcall), "L2");
	l1.expect_field(field::guest_activity_state, 0);
}

// The trap of the HLT itself, which an exit of higher priority has left pending: L2 is awake.
TEST(pending_trap_in_hlt)
{
	if (!is_ours())
		tap::skip("the distribution's module lets L2 sleep");
	constexpr std::uint64_t single_step = 1 << 14;
	L1 l1;
	l1.prepare(vmcall);
	l1.write(field::guest_activity_state, static_cast<std::uint32_t>(Activity::hlt));
	l1.write(field::guest_rflags, l1.read(field::guest_rflags) | rflags_tf);
	l1.write(field::guest_pending_debug_exceptions, single_step);
	expect(l1.vmlaunch(), faults(vector::db), "VMLAUNCH");
}

TEST(fault_while_injecting)
{
	struct {
		const char *name;
		EventType type;
		unsigned number;
		std::uint32_t length;
		bool external;
	} const cases[] = {
		{"an external interrupt", EventType::external_interrupt, 0x21, 0, true},
		{"an NMI", EventType::nmi, 2, 0, true},
		{"#UD", EventType::hardware_exception, vector::ud, 0, true},
		{"INT 0x80", EventType::software_interrupt, 0x80, 2, false},
		{"INT3", EventType::software_exception, vector::bp, 1, false},
	};
	for (const auto &c : cases) {
		L1 l1;
		l1.prepare(vmcall);
		remove_gate(l1, c.number);
		l1.write(field::exception_bitmap, 1u << vector::np | 1u << vector::gp);
		inject(l1, c.type, c.number, {}, c.length);
		expect(l1.vmlaunch(), exits(Reason::exception_nmi), c.name);
		// A gate of type 0 is a general-protection fault.
		expect_event(l1, EventType::hardware_exception, vector::gp,
			     code_of_missing_gate(c.number, c.external));
		expect_vectoring(l1, c.type, c.number);
		if (c.length)
			l1.expect_field(field::exit_instruction_length, c.length);
		l1.expect_field(field::guest_rip, l2_code_address);
		check_equal(l1.read(field::entry_interruption_info) & valid, 0u, "valid bit");
	}
}

TEST(fault_while_l2_delivers)
{
	struct {
		const char *name;
		const Code &code;
		EventType type;
		unsigned number;
		std::uint32_t length;
		bool external;
	} const cases[] = {
		{"#UD", undefined, EventType::hardware_exception, vector::ud, 0, true},
		{"INT 0x80", software_interrupt, EventType::software_interrupt, 0x80, 2, false},
		{"INT3", breakpoint, EventType::software_exception, vector::bp, 1, false},
	};
	for (const auto &c : cases) {
		L1 l1;
		l1.prepare(c.code);
		remove_gate(l1, c.number);
		l1.write(field::exception_bitmap, 1u << vector::np | 1u << vector::gp);
		expect(l1.vmlaunch(), exits(Reason::exception_nmi), c.name);
		expect_event(l1, EventType::hardware_exception, vector::gp,
			     code_of_missing_gate(c.number, c.external));
		expect_vectoring(l1, c.type, c.number);
		if (c.length)
			l1.expect_field(field::exit_instruction_length, c.length);
		// L1 mends the gate and injects what was interrupted.
		set_gate(l1.vm(), 64, c.number, stubs_address + c.number * 16);
		inject(l1, c.type, c.number, {}, c.length);
		const Result result = l1.resume(L1::Skip::nothing);
		expect(result, faults(c.number), std::string(c.name) + " again");
		check_equal(result.rip, l2_code_address + c.length, "rip on L2's stack");
	}
}

TEST(ept_violation_while_injecting)
{
	L1 l1;
	l1.prepare(vmcall);
	const Ept ept(l1);
	use(l1, ept);
	ept.page(idt_address) = 0;
	inject(l1, EventType::external_interrupt, 0x21);
	expect(l1.vmlaunch(), exits(Reason::ept_violation), "VMLAUNCH");
	expect_vectoring(l1, EventType::external_interrupt, 0x21);
	check_equal(l1.read(field::guest_physical_address) & ~0xfffu, idt_address,
		    "guest-physical address");
	ept.page(idt_address) = idt_address | Ept::all | Ept::write_back;
	l1.write(field::entry_interruption_info, l1.read(field::idt_vectoring_info));
	expect(l1.resume(L1::Skip::nothing), faults(0x21), "VMRESUME with the same event");
	expect(l1.go_on(), exits(Reason::vmcall), "L2");
	l1.expect_field(field::idt_vectoring_info, 0);
}

TEST(double_fault)
{
	L1 l1;
	l1.prepare(read_missing);
	remove_gate(l1, vector::pf);
	l1.write(field::exception_bitmap, 1u << vector::df);
	kvm_regs regs = {};
	regs.rbx = nowhere;
	expect(l1.vmlaunch(regs), exits(Reason::exception_nmi), "L2");
	expect_event(l1, EventType::hardware_exception, vector::df, 0);
	// SDM, "Information for VM Exits That Occur During Event Delivery": not for a double fault.
	l1.expect_field(field::idt_vectoring_info, 0);
}

TEST(triple_fault)
{
	L1 l1;
	l1.prepare(undefined);
	l1.write(field::guest_idtr_limit, 0);
	l1.expect_exit(l1.vmlaunch(), Reason::triple_fault, 0,
		       l1.read(field::exit_instruction_length));
	l1.expect_field(field::exit_interruption_info, 0);
	// L1 is well.
	l1.write(field::guest_idtr_limit, 0xfff);
	expect(l1.resume(L1::Skip::nothing), faults(vector::ud), "VMRESUME with an IDT");
}

// Exceptions that L0 raises in L2 are L1's to intercept like those of the CPU.
TEST(exceptions_of_l0)
{
	L1 l1;
	l1.prepare(bad_rdmsr);
	l1.set(vmx::primary::use_msr_bitmaps);
	l1.write(field::msr_bitmap, msr_bitmap_address);
	l1.write(field::exception_bitmap, 1u << vector::gp);
	expect(l1.vmlaunch(), exits(Reason::exception_nmi), "RDMSR of no MSR");
	expect_event(l1, EventType::hardware_exception, vector::gp, 0);
	l1.expect_field(field::idt_vectoring_info, 0);
	l1.expect_field(field::guest_rip, l2_code_address + 5);
}

// Exceptions that userspace gives to a vCPU that is in L2.
TEST(exceptions_of_userspace)
{
	for (const bool intercepted : {false, true}) {
		L1 l1;
		l1.prepare(say_and_call);
		if (intercepted)
			l1.write(field::exception_bitmap, 1u << vector::gp);
		expect(l1.vmlaunch(), reports(1), "L2");
		l1.vcpu().complete_exit();
		kvm_vcpu_events events = l1.vcpu().events();
		events.exception.injected = 1;
		events.exception.nr = vector::gp;
		events.exception.has_error_code = 1;
		events.exception.error_code = 0x5678;
		l1.vcpu().set(events);
		// SDM: an exception that is being injected is not intercepted again.
		expect(l1.go_on(), faults(vector::gp, 0x5678), "an injected exception");
	}
}

TEST(debug_exception_payload)
{
	L1 l1;
	l1.prepare(say_and_call);
	run_through(l1);
	l1.write(field::exception_bitmap, 1u << vector::db);
	l1.write(field::guest_rflags, rflags_fixed | rflags_if | rflags_tf);
	kvm_debugregs debug = l1.vcpu().debugregs();
	debug.dr6 = 0xffff0ff0;
	l1.vcpu().set(debug);
	expect(l1.vmresume(), exits(Reason::exception_nmi), "a single step of L2");
	expect_event(l1, EventType::hardware_exception, vector::db);
	l1.expect_field(field::exit_qualification, dr6_bs);
	l1.expect_field(field::guest_rip, l2_code_address + 5);
	// SDM: an exception that exits does not touch DR6.
	check_equal(l1.vcpu().debugregs().dr6, 0xffff0ff0u, "DR6");
	l1.write(field::exception_bitmap, 0);
	const Result result = l1.resume(L1::Skip::nothing);
	expect(result, reports(1), "OUT, stepped over, traps after userspace has answered");
	expect(l1.go_on(), faults(vector::db), "a single step that is L2's own");
	check_equal(l1.vcpu().debugregs().dr6 & dr6_bs, dr6_bs, "DR6.BS");
}

TEST(pending_debug_exceptions)
{
	L1 l1;
	l1.prepare(say_and_call);
	l1.write(field::exception_bitmap, 1u << vector::db);
	// A breakpoint that was met but not taken yet: bits 0 and 12.
	l1.set(vmx::entry::load_debug_controls);
	l1.write(field::guest_dr7, 0x401);
	l1.write(field::guest_pending_debug_exceptions, 1 << 12 | 1);
	expect(l1.vmlaunch(), exits(Reason::exception_nmi), "VMLAUNCH");
	expect_event(l1, EventType::hardware_exception, vector::db);
	l1.expect_field(field::exit_qualification, 1);
	l1.expect_field(field::guest_rip, l2_code_address);
	// Delivered once.
	l1.write(field::guest_pending_debug_exceptions, 0);
	expect(l1.resume(L1::Skip::nothing), reports(1), "VMRESUME");
}

TEST(pending_debug_exceptions_are_saved)
{
	L1 l1;
	l1.prepare(mov_ss_cpuid);
	l1.set(vmx::entry::load_debug_controls);
	l1.at<std::uint16_t>(l2_data_address) = selector_data;
	expect(l1.vmlaunch(), exits(Reason::cpuid), "without a breakpoint");
	l1.write(field::guest_rip, l2_code_address);
	// A data breakpoint on what MOV SS reads: #DB waits for the next instruction, which exits.
	kvm_debugregs debug = l1.vcpu().debugregs();
	debug.db[0] = l2_data_address;
	l1.vcpu().set(debug);
	l1.write(field::guest_dr7, 0x400 | 1 | 3 << 16 | 1 << 18);
	const Result result = l1.vmresume();
	if (result == faults(vector::db))
		tap::skip("Bochs 2.7 takes the breakpoint before the instruction behind MOV SS");
	expect(result, exits(Reason::cpuid), "CPUID behind MOV SS");
	l1.expect_field(field::guest_interruptibility, 2);
	l1.expect_field(field::guest_pending_debug_exceptions, 1 << 12 | 1);
	// As KVM's own debugger would have it, L2's next entry brings it up.
	l1.write(field::exception_bitmap, 1u << vector::db);
	l1.write(field::guest_interruptibility, 0);
	expect(l1.resume(), exits(Reason::exception_nmi), "VMRESUME");
	l1.expect_field(field::exit_qualification, 1);
}

// MOV SS holds a debug exception back for one instruction: an exit of that one leaves it pending,
// for L1 to bring it in with the next entry.
TEST(pending_behind_mov_ss_over_an_exit)
{
	L1 l1;
	l1.prepare(cpuid_vmcall);
	hold_back_debug_exception(l1);
	expect(l1.vmresume(), exits(Reason::cpuid), "L2's instruction behind MOV SS");
	l1.expect_field(field::guest_interruptibility, blocked_by_mov_ss);
	l1.expect_field(field::guest_pending_debug_exceptions, breakpoint_0);
	l1.write(field::guest_interruptibility, 0);
	expect(l1.resume(), exits(Reason::exception_nmi), "L2 behind CPUID");
	expect_event(l1, EventType::hardware_exception, vector::db);
	l1.expect_field(field::exit_qualification, 1);
	l1.expect_field(field::guest_pending_debug_exceptions, 0);
	l1.expect_field(field::guest_rip, l2_code_address + 2);
}

// If the instruction is L0's to emulate, blocking ends with it and the exception comes.
TEST(pending_behind_mov_ss_over_emulation)
{
	for (const bool intercepted : {true, false}) {
		L1 l1;
		l1.prepare(reports_and_calls);
		hold_back_debug_exception(l1);
		if (!intercepted)
			l1.write(field::exception_bitmap, 0);
		expect(l1.vmresume(), reports(0), "L2's instruction behind MOV SS");
		const Result result = l1.go_on();
		if (!intercepted) {
			expect(result, faults(vector::db), "L2 behind OUT");
			check_equal(result.rip, l2_code_address + 2, "rip of #DB");
			check_equal(l1.vcpu().debugregs().dr6 & 0xf, 1u, "DR6");
			continue;
		}
		expect(result, exits(Reason::exception_nmi), "L2 behind OUT");
		expect_event(l1, EventType::hardware_exception, vector::db);
		l1.expect_field(field::exit_qualification, 1);
		l1.expect_field(field::guest_interruptibility, 0);
		l1.expect_field(field::guest_rip, l2_code_address + 2);
	}
}

// Blocking by STI holds no debug exception back.
TEST(pending_behind_sti)
{
	L1 l1;
	l1.prepare(cpuid_vmcall);
	hold_back_debug_exception(l1);
	l1.write(field::guest_interruptibility, blocked_by_sti);
	expect(l1.vmresume(), exits(Reason::exception_nmi), "L2");
	l1.expect_field(field::exit_qualification, 1);
	l1.expect_field(field::guest_rip, l2_code_address);
}

TEST(interruptibility_is_kept)
{
	L1 l1;
	l1.prepare(vmcall);
	// Its code is mapped then: Bochs 2.7 loses blocking by STI over an exit for a page fault.
	expect(l1.vmlaunch(), exits(Reason::vmcall), "L2 without blocking");
	for (const std::uint32_t blocking : {1u, 2u, 8u, 9u}) {
		l1.write(field::guest_interruptibility, blocking);
		expect(l1.vmresume(), exits(Reason::vmcall), "L2");
		l1.expect_field(field::guest_interruptibility, blocking);
	}
}
