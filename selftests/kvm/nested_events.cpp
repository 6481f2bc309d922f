// SPDX-License-Identifier: GPL-2.0-only
//
// Events between L0, L1 and L2: injection, interrupts, NMIs, exceptions, windows, activity states.
#include "harness/nested_ept.hpp"
#include "harness/thread.hpp"

#include <atomic>

using namespace kvm;
using tap::check;
using tap::check_equal;
namespace field = vmx::field;
namespace vector = vmx::vector;
using vmx::Activity;
using vmx::EventType;
using vmx::Interruption;
using vmx::Reason;

namespace {

GUEST_CODE(vmcall, 64, "vmcall\n vmcall");
GUEST_CODE(say_and_call, 64, "mov $1, %eax\n" L2_REPORT "mov $2, %eax\n" L2_REPORT "vmcall");
GUEST_CODE(masked, 64,
	   "cli\n mov $1, %eax\n" L2_REPORT "nop\n nop\n sti\n nop\n nop\n nop\n vmcall");
GUEST_CODE(halt, 64, "mov $1, %eax\n" L2_REPORT "hlt\n vmcall");
GUEST_CODE(undefined, 64, "ud2\n vmcall");
GUEST_CODE(software_interrupt, 64, "int $0x80\n vmcall");
GUEST_CODE(breakpoint, 64, "int3\n vmcall");
GUEST_CODE(read_missing, 64, "mov (%rbx), %rax\n vmcall");
GUEST_CODE(bad_rdmsr, 64, "mov $0x1ffe, %ecx\n rdmsr\n vmcall");
GUEST_CODE(returns, 64, "mov $1, %eax\n" L2_REPORT "iretq\n vmcall");
GUEST_CODE(spin, 64, "0: pause\n jmp 0b");
GUEST_CODE(mov_ss_cpuid, 64, "mov l2_data_address, %ss\n cpuid\n vmcall");

constexpr std::uint32_t valid = 1u << 31;
constexpr std::uint64_t nowhere = 5ul << 30; // the page tables end before
constexpr std::uint64_t dr6_bs = 1 << 14, nmi_unblocked = 1 << 12;

void inject(L1 &l1, EventType type, unsigned number, std::optional<std::uint32_t> code = {},
	    std::uint32_t length = 0)
{
	l1.write(field::entry_interruption_info,
		 Interruption::make(type, static_cast<std::uint8_t>(number), code.has_value()).raw);
	l1.write(field::entry_exception_error_code, code.value_or(0));
	l1.write(field::entry_instruction_length, length);
}

void expect_event(L1 &l1, vmx::Field<field::exit_interruption_info.encoding> f, EventType type,
		  unsigned number, std::optional<std::uint32_t> code = {},
		  tap::Where where = tap::Where::current())
{
	l1.expect_field(
		f,
		Interruption::make(type, static_cast<std::uint8_t>(number), code.has_value()).raw,
		where);
	if (code)
		l1.expect_field(field::exit_interruption_error_code, *code, where);
}

void expect_vectoring(L1 &l1, EventType type, unsigned number,
		      std::optional<std::uint32_t> code = {},
		      tap::Where where = tap::Where::current())
{
	l1.expect_field(
		field::idt_vectoring_info,
		Interruption::make(type, static_cast<std::uint8_t>(number), code.has_value()).raw,
		where);
	if (code)
		l1.expect_field(field::idt_vectoring_error_code, *code, where);
}

// The gate of that vector in the IDT that L1 and L2 share.
void remove_gate(const L1 &l1, unsigned number)
{
	l1.at<std::uint64_t>(idt_address + number * 16) = 0;
}

constexpr std::uint32_t code_of_missing_gate(unsigned number, bool external)
{
	return number << 3 | 2 | (external ? 1 : 0);
}

void message(const L1 &l1, std::uint32_t data)
{
	kvm_msi msi = {};
	msi.address_lo = 0xfee00000;
	msi.data = data;
	KVM_CALL(l1.vm().fd(), KVM_SIGNAL_MSI, &msi);
}

constexpr std::uint32_t delivery_init = 5 << 8 | 1 << 14, delivery_sipi = 6 << 8;

void pending_interrupt(const L1 &l1, std::uint32_t number)
{
	kvm_interrupt interrupt = {number};
	KVM_CALL(l1.vcpu().fd(), KVM_INTERRUPT, &interrupt);
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
		expect_event(l1, field::exit_interruption_info, EventType::hardware_exception,
			     vector::gp, code_of_missing_gate(c.number, c.external));
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
		expect_event(l1, field::exit_interruption_info, EventType::hardware_exception,
			     vector::gp, code_of_missing_gate(c.number, c.external));
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
	expect_event(l1, field::exit_interruption_info, EventType::hardware_exception, vector::df,
		     0);
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
	expect_event(l1, field::exit_interruption_info, EventType::hardware_exception, vector::gp,
		     0);
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

TEST(interrupt_exits)
{
	for (const bool acknowledge : {false, true}) {
		L1 l1(default_memory, L1::Irqchip::in_kernel);
		l1.prepare(say_and_call);
		l1.set(vmx::pin::external_interrupt_exiting);
		if (acknowledge)
			l1.set(vmx::exit::ack_interrupt_on_exit);
		expect(l1.vmlaunch(), reports(1), "L2");
		message(l1, 0x41);
		l1.keep_interrupts_off(true);
		expect(l1.go_on(), exits(Reason::external_interrupt), "an interrupt");
		if (acknowledge)
			expect_event(l1, field::exit_interruption_info,
				     EventType::external_interrupt, 0x41);
		else
			check_equal(l1.read(field::exit_interruption_info) & valid, 0u,
				    "valid bit of the interruption information");
		l1.expect_field(field::idt_vectoring_info, 0);
		l1.expect_field(field::guest_rip, l2_code_address + 7);
		l1.keep_interrupts_off(false);
		std::uint64_t address = 0;
		expect(l1.vmptrst(address), acknowledge ? succeeds() : faults(0x41),
		       "L1 with IF set");
	}
}

// What userspace injects with KVM_INTERRUPT while L2 runs counts as injected into L2.
TEST(interrupt_of_userspace)
{
	L1 l1;
	l1.prepare(say_and_call);
	l1.set(vmx::pin::external_interrupt_exiting);
	expect(l1.vmlaunch(), reports(1), "L2");
	pending_interrupt(l1, 0x41);
	expect(l1.go_on(), faults(0x41), "an interrupt");
	expect(l1.go_on(), reports(2), "L2 behind its interrupt");
}

TEST(interrupt_of_l2)
{
	L1 l1(default_memory, L1::Irqchip::in_kernel);
	l1.prepare(say_and_call);
	expect(l1.vmlaunch(), reports(1), "L2");
	message(l1, 0x41);
	expect(l1.go_on(), faults(0x41), "an interrupt that L1 does not intercept");
	expect(l1.go_on(), reports(2), "L2 behind its interrupt");
}

// RFLAGS.IF of L2 does not keep interrupts from L1.
TEST(interrupt_exits_while_l2_masks)
{
	L1 l1(default_memory, L1::Irqchip::in_kernel);
	l1.prepare(masked);
	l1.set(vmx::pin::external_interrupt_exiting);
	l1.set(vmx::exit::ack_interrupt_on_exit);
	expect(l1.vmlaunch(), reports(1), "L2");
	message(l1, 0x41);
	l1.keep_interrupts_off(true);
	expect(l1.go_on(), exits(Reason::external_interrupt), "an interrupt");
	expect_event(l1, field::exit_interruption_info, EventType::external_interrupt, 0x41);
	l1.expect_field(field::guest_rip, l2_code_address + 8);
}

// One that is pending at the entry exits before L2's first instruction.
TEST(interrupt_pending_at_entry)
{
	L1 l1(default_memory, L1::Irqchip::in_kernel);
	l1.prepare(say_and_call);
	l1.set(vmx::pin::external_interrupt_exiting);
	l1.set(vmx::exit::ack_interrupt_on_exit);
	l1.keep_interrupts_off(true);
	message(l1, 0x41);
	expect(l1.vmlaunch(), exits(Reason::external_interrupt), "VMLAUNCH");
	expect_event(l1, field::exit_interruption_info, EventType::external_interrupt, 0x41);
	l1.expect_field(field::guest_rip, l2_code_address);
	// An event that L1 injects is delivered first.
	L1 other(default_memory, L1::Irqchip::in_kernel);
	other.prepare(say_and_call);
	other.set(vmx::pin::external_interrupt_exiting);
	other.set(vmx::exit::ack_interrupt_on_exit);
	inject(other, EventType::hardware_exception, vector::ud);
	other.keep_interrupts_off(true);
	message(other, 0x42);
	expect(other.vmlaunch(), exits(Reason::external_interrupt), "VMLAUNCH");
	expect_event(other, field::exit_interruption_info, EventType::external_interrupt, 0x42);
	// Either it was delivered, and L2 stands in its handler, or it comes back as vectoring.
	if (other.read(field::idt_vectoring_info) & valid) {
		expect_vectoring(other, EventType::hardware_exception, vector::ud);
		other.expect_field(field::guest_rip, l2_code_address);
	} else {
		other.expect_field(field::guest_rip, stubs_address + vector::ud * 16);
	}
}

TEST(interrupt_from_another_thread)
{
	L1 l1(default_memory, L1::Irqchip::in_kernel);
	l1.prepare(spin);
	l1.set(vmx::pin::external_interrupt_exiting);
	l1.set(vmx::exit::ack_interrupt_on_exit);
	std::thread sender([&l1] { message(l1, 0x43); });
	l1.keep_interrupts_off(true);
	const Result result = l1.vmlaunch();
	sender.join();
	expect(result, exits(Reason::external_interrupt), "L2");
	expect_event(l1, field::exit_interruption_info, EventType::external_interrupt, 0x43);
}

TEST(interrupt_window)
{
	L1 l1;
	l1.prepare(masked);
	l1.set(vmx::primary::interrupt_window_exiting);
	l1.expect_exit(l1.vmlaunch(), Reason::interrupt_window, 0,
		       l1.read(field::exit_instruction_length));
	l1.expect_field(field::guest_rip, l2_code_address);
	l1.write(field::guest_rflags, rflags_fixed);
	expect(l1.resume(L1::Skip::nothing), reports(1), "L2 with IF clear");
	// cli, mov, out, nop, nop, sti, and the instruction that STI shadows.
	expect(l1.go_on(), exits(Reason::interrupt_window), "L2 behind STI");
	l1.expect_field(field::guest_rip, l2_code_address + 1 + 5 + 2 + 2 + 1 + 1);
	l1.expect_field(field::guest_interruptibility, 0);
	l1.clear(vmx::primary::interrupt_window_exiting);
	expect(l1.resume(L1::Skip::nothing), exits(Reason::vmcall), "L2 to its end");
}

// With blocking by STI the window opens an instruction later.
TEST(interrupt_window_after_shadow)
{
	for (const std::uint32_t blocking : {1u, 2u}) {
		L1 l1;
		l1.prepare(say_and_call);
		l1.set(vmx::primary::interrupt_window_exiting);
		l1.write(field::guest_interruptibility, blocking);
		expect(l1.vmlaunch(), exits(Reason::interrupt_window), "L2");
		l1.expect_field(field::guest_rip, l2_code_address + 5);
		l1.expect_field(field::guest_interruptibility, 0);
	}
}

TEST(interrupt_window_in_hlt)
{
	L1 l1;
	l1.prepare(vmcall);
	l1.set(vmx::primary::interrupt_window_exiting);
	l1.write(field::guest_activity_state, static_cast<std::uint32_t>(Activity::hlt));
	expect(l1.vmlaunch(), exits(Reason::interrupt_window), "L2");
	l1.expect_field(field::guest_rip, l2_code_address);
}

TEST(nmi_exits)
{
	L1 l1;
	l1.prepare(say_and_call);
	l1.set(vmx::pin::nmi_exiting);
	expect(l1.vmlaunch(), reports(1), "L2");
	l1.vcpu().nmi();
	expect(l1.go_on(), exits(Reason::exception_nmi), "an NMI");
	expect_event(l1, field::exit_interruption_info, EventType::nmi, 2);
	l1.expect_field(field::guest_rip, l2_code_address + 7);
	l1.expect_field(field::idt_vectoring_info, 0);
	// SDM, "Updating Non-Register State": the exit blocks further NMIs until L1's IRET.
	check_equal(l1.vcpu().events().nmi.masked, 1, "NMIs blocked in L1");
}

TEST(nmi_of_l2)
{
	L1 l1;
	l1.prepare(say_and_call);
	expect(l1.vmlaunch(), reports(1), "L2");
	l1.vcpu().nmi();
	expect(l1.go_on(), faults(vector::nmi), "an NMI that L1 does not intercept");
	expect(l1.go_on(), reports(2), "L2 behind its NMI");
}

TEST(nmi_at_entry)
{
	L1 l1;
	l1.prepare(say_and_call);
	l1.set(vmx::pin::nmi_exiting);
	// L1 takes one and stays in its handler: the next is pending and blocked.
	l1.vcpu().nmi();
	std::uint64_t address = 0;
	expect(l1.vmptrst(address), faults(vector::nmi), "an NMI of L1");
	l1.vcpu().nmi();
	expect(l1.vmptrst(address), succeeds(), "L1 with an NMI that is blocked");
	// SDM, "Loading Guest Non-Register State": the entry loads blocking by NMI, which is off in
	// L2.
	expect(l1.vmlaunch(), exits(Reason::exception_nmi), "VMLAUNCH with an NMI pending");
	expect_event(l1, field::exit_interruption_info, EventType::nmi, 2);
	l1.expect_field(field::guest_rip, l2_code_address);
}

TEST(virtual_nmis)
{
	L1 l1;
	l1.prepare(say_and_call);
	l1.set(vmx::pin::nmi_exiting);
	l1.set(vmx::pin::virtual_nmis);
	inject(l1, EventType::nmi, 2);
	expect(l1.vmlaunch(), faults(vector::nmi), "an NMI that L1 injects");
	// An NMI of L1 exits although L2 is in its handler.
	l1.vcpu().nmi();
	expect(l1.go_on(), exits(Reason::exception_nmi), "an NMI for L1");
	expect_event(l1, field::exit_interruption_info, EventType::nmi, 2);
	check_equal(l1.read(field::guest_interruptibility), 8u, "virtual-NMI blocking of L2");
	const kvm_regs regs = l1.l2();
	l1.unblock_nmis();
	// It ends with L2's IRET.
	l1.set(vmx::primary::nmi_window_exiting);
	expect(l1.vmresume(regs), exits(Reason::nmi_window), "L2 behind its IRET");
	l1.expect_field(field::guest_rip, l2_code_address);
	l1.expect_field(field::guest_interruptibility, 0);
	// And again, since nothing blocks.
	expect(l1.resume(L1::Skip::nothing), exits(Reason::nmi_window), "L2");
	l1.clear(vmx::primary::nmi_window_exiting);
	expect(l1.resume(L1::Skip::nothing), reports(1), "L2");
}

TEST(fault_of_iret_with_virtual_nmis)
{
	L1 l1;
	l1.prepare(returns);
	const Ept ept(l1);
	use(l1, ept);
	l1.set(vmx::pin::nmi_exiting);
	l1.set(vmx::pin::virtual_nmis);
	l1.write(field::guest_interruptibility, 8);
	// L2 uses its stack for nothing else.
	ept.page(l2_stack_top) = 0;
	expect(l1.vmlaunch(), reports(1), "L2");
	expect(l1.go_on(), exits(Reason::ept_violation), "IRET whose stack L1 does not map");
	// SDM: the qualification says that IRET has unblocked NMIs, of which it was the first
	// effect. The distribution's module blocks them again instead, so that L2 can execute IRET
	// once more.
	const bool told = l1.read(field::exit_qualification) & nmi_unblocked;
	const bool blocked = l1.read(field::guest_interruptibility) & 8;
	check(told != blocked, std::string("NMI unblocking due to IRET is ") +
				       (told ? "told" : "not told") + " and L2 is " +
				       (blocked ? "blocked" : "not blocked"));
}

TEST(hlt_state)
{
	L1 l1;
	l1.prepare(vmcall);
	l1.write(field::guest_activity_state, static_cast<std::uint32_t>(Activity::hlt));
	expect(l1.vmlaunch(), leaves(KVM_EXIT_HLT), "L2 that begins in HLT");
	expect(l1.go_on(), exits(Reason::vmcall), "L2 that userspace has go on");
}

TEST(interrupt_ends_hlt_state)
{
	L1 l1(default_memory, L1::Irqchip::in_kernel);
	l1.prepare(vmcall);
	l1.set(vmx::pin::external_interrupt_exiting);
	l1.set(vmx::exit::ack_interrupt_on_exit);
	l1.write(field::guest_activity_state, static_cast<std::uint32_t>(Activity::hlt));
	l1.keep_interrupts_off(true);
	std::thread sender([&l1] { message(l1, 0x43); });
	const Result result = l1.vmlaunch();
	sender.join();
	expect(result, exits(Reason::external_interrupt), "L2 in HLT");
	expect_event(l1, field::exit_interruption_info, EventType::external_interrupt, 0x43);
	l1.expect_field(field::guest_activity_state, static_cast<std::uint32_t>(Activity::hlt));
	l1.expect_field(field::guest_rip, l2_code_address);
}

TEST(hlt_of_l2_is_saved)
{
	L1 l1(default_memory, L1::Irqchip::in_kernel);
	l1.prepare(halt);
	l1.set(vmx::pin::external_interrupt_exiting);
	l1.set(vmx::exit::ack_interrupt_on_exit);
	expect(l1.vmlaunch(), reports(1), "L2");
	l1.keep_interrupts_off(true);
	std::thread sender([&l1] { message(l1, 0x43); });
	const Result result = l1.go_on();
	sender.join();
	expect(result, exits(Reason::external_interrupt), "L2");
	const std::uint64_t rip = l1.read(field::guest_rip);
	const std::uint64_t state = l1.read(field::guest_activity_state);
	// Before its HLT or in it.
	check(state == 0 ? rip == l2_code_address + 7 : rip == l2_code_address + 8,
	      "activity state " + std::to_string(state) + " at rip " + tap::hex(rip));
}

TEST(init_exits)
{
	L1 l1(default_memory, L1::Irqchip::in_kernel);
	l1.prepare(say_and_call);
	expect(l1.vmlaunch(), reports(1), "L2");
	message(l1, delivery_init);
	expect(l1.go_on(), exits(Reason::init_signal), "INIT in L2");
	l1.expect_field(field::exit_qualification, 0);
	l1.expect_field(field::guest_rip, l2_code_address + 7);
}

// SDM: INIT is blocked in VMX root operation.
TEST(init_is_blocked_in_root_operation)
{
	L1 l1(default_memory, L1::Irqchip::in_kernel);
	l1.prepare(say_and_call);
	message(l1, delivery_init);
	std::uint64_t address = 0;
	expect(l1.vmptrst(address), succeeds(), "L1 with an INIT that is blocked");
	expect(l1.vmlaunch(), exits(Reason::init_signal), "VMLAUNCH with an INIT pending");
	l1.expect_field(field::guest_rip, l2_code_address);
}

TEST(wait_for_sipi)
{
	L1 l1(default_memory, L1::Irqchip::in_kernel);
	if (!vmx::Misc{l1.capability(vmx::Msr::misc)}.has(vmx::misc::activity_wait_sipi))
		tap::skip("the activity state is not offered");
	l1.prepare(vmcall);
	l1.write(field::guest_activity_state, static_cast<std::uint32_t>(Activity::wait_for_sipi));
	std::atomic<bool> done = false;
	// A SIPI that comes before L2 waits for it is lost.
	std::thread sender([&] {
		while (!done) {
			message(l1, delivery_sipi | 0x9a);
			std::this_thread::yield();
		}
	});
	const Result result = l1.vmlaunch();
	done = true;
	sender.join();
	expect(result, exits(Reason::sipi), "L2 in wait-for-SIPI");
	l1.expect_field(field::exit_qualification, 0x9a);
	l1.expect_field(field::guest_activity_state,
			static_cast<std::uint32_t>(Activity::wait_for_sipi));
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
	expect_event(l1, field::exit_interruption_info, EventType::hardware_exception, vector::db);
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
	expect_event(l1, field::exit_interruption_info, EventType::hardware_exception, vector::db);
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

TEST(interruptibility_is_kept)
{
	L1 l1;
	l1.prepare(vmcall);
	for (const std::uint32_t blocking : {1u, 2u, 8u, 9u}) {
		l1.write(field::guest_interruptibility, blocking);
		expect(blocking == 1 ? l1.vmlaunch() : l1.vmresume(), exits(Reason::vmcall), "L2");
		l1.expect_field(field::guest_interruptibility, blocking);
	}
}
