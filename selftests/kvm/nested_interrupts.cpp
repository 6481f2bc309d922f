// SPDX-License-Identifier: GPL-2.0-only
//
// Interrupts, NMIs, INIT and SIPI that come while L2 runs or sleeps; interrupt and NMI windows.
#include "harness/module.hpp"
#include "harness/nested_ept.hpp"
#include "harness/nested_evmcs.hpp"
#include "harness/nested_interruption.hpp"

#include <atomic>
#include <thread>

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
GUEST_CODE(masked, 64,
	   "cli\n mov $1, %eax\n" L2_REPORT "nop\n nop\n sti\n nop\n nop\n nop\n vmcall");
GUEST_CODE(halt, 64, "mov $1, %eax\n" L2_REPORT "hlt\n vmcall");
GUEST_CODE(returns, 64, "mov $1, %eax\n" L2_REPORT "iretq\n vmcall");
GUEST_CODE(spin, 64, "0: pause\n jmp 0b");

L1_CODE(touch_delivery, TOUCH_DELIVERY);

constexpr std::uint32_t valid = 1u << 31;
constexpr std::uint64_t nmi_unblocked = 1 << 12;

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

} // namespace

TEST(interrupt_exits)
{
	for (const bool acknowledge : {false, true}) {
		L1 l1(default_memory, L1::Irqchip::in_kernel);
		l1.prepare(say_and_call);
		(void)l1.run(touch_delivery);
		l1.set(vmx::pin::external_interrupt_exiting);
		if (acknowledge)
			l1.set(vmx::exit::ack_interrupt_on_exit);
		expect(l1.vmlaunch(), reports(1), "L2");
		message(l1, 0x41);
		l1.keep_interrupts_off(true);
		expect(l1.go_on(), exits(Reason::external_interrupt), "an interrupt");
		if (acknowledge)
			expect_event(l1, EventType::external_interrupt, 0x41);
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
	expect_event(l1, EventType::external_interrupt, 0x41);
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
	expect_event(l1, EventType::external_interrupt, 0x41);
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
	expect_event(other, EventType::external_interrupt, 0x42);
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
	expect_event(l1, EventType::external_interrupt, 0x43);
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
		// Its code is mapped then: Bochs 2.7 loses blocking by STI over an exit for a page
		// fault.
		expect(l1.vmlaunch(), reports(1), "L2 without blocking");
		expect(l1.go_on(), reports(2), "L2 without blocking");
		expect(l1.go_on(), exits(Reason::vmcall), "L2 without blocking");
		l1.write(field::guest_rip, l2_code_address);
		l1.set(vmx::primary::interrupt_window_exiting);
		l1.write(field::guest_interruptibility, blocking);
		expect(l1.vmresume(), exits(Reason::interrupt_window), "L2");
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
	expect_event(l1, EventType::nmi, 2);
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
	expect_event(l1, EventType::nmi, 2);
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
	expect_event(l1, EventType::nmi, 2);
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

// SDM: only with virtual NMIs an NMI that is injected must not be blocked.
TEST(nmi_into_blocking_by_nmi)
{
	L1 l1;
	l1.prepare(vmcall);
	expect(l1.vmlaunch(), exits(Reason::vmcall), "L2");
	l1.write(field::guest_interruptibility, 8);
	inject(l1, EventType::nmi, 2);
	expect(l1.vmresume(), faults(vector::nmi), "an NMI that L1 injects");
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
	expect_event(l1, EventType::external_interrupt, 0x43);
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

namespace {

// L2 in wait-for-SIPI; SIPIs until L1 hears of something. Those that come before L2 waits are lost.
Result launch_and_send_sipi(L1 &l1)
{
	std::atomic<bool> done = false;

	l1.write(field::guest_activity_state, static_cast<std::uint32_t>(Activity::wait_for_sipi));
	std::thread sender([&] {
		while (!done) {
			message(l1, delivery_sipi | 0x9a);
			std::this_thread::yield();
		}
	});
	const Result result = l1.vmlaunch();
	done = true;
	sender.join();
	return result;
}

void need_blocking()
{
	if (!is_ours())
		tap::skip("the distribution's module exits from wait-for-SIPI");
}

void expect_sipi(L1 &l1, const Result &result)
{
	expect(result, exits(Reason::sipi), "L2 in wait-for-SIPI");
	l1.expect_field(field::exit_qualification, 0x9a);
	l1.expect_field(field::guest_activity_state,
			static_cast<std::uint32_t>(Activity::wait_for_sipi));
}

L1 machine_for_sipi()
{
	L1 l1(default_memory, L1::Irqchip::in_kernel);
	if (!vmx::Misc{l1.capability(vmx::Msr::misc)}.has(vmx::misc::activity_wait_sipi))
		tap::skip("the activity state is not offered");
	l1.prepare(vmcall);
	return l1;
}

} // namespace

TEST(wait_for_sipi)
{
	L1 l1 = machine_for_sipi();
	expect_sipi(l1, launch_and_send_sipi(l1));
}

// Both are pending when L2 goes on.
TEST(init_is_ignored_in_wait_for_sipi)
{
	if (!is_ours())
		tap::skip("the distribution's module starts L2 by the SIPI");
	L1 l1(default_memory, L1::Irqchip::in_kernel);
	l1.prepare(say_and_call);
	expect(l1.vmlaunch(), reports(1), "L2");
	l1.vcpu().set_mp_state(KVM_MP_STATE_INIT_RECEIVED);
	message(l1, delivery_init);
	message(l1, delivery_sipi | 0x9a);
	// The one ioctl that looks at both without KVM_RUN.
	(void)l1.vcpu().mp_state();
	expect_sipi(l1, l1.go_on());
}

TEST(wait_for_sipi_blocks_interrupts)
{
	need_blocking();
	L1 l1 = machine_for_sipi();
	(void)l1.run(touch_delivery);
	l1.set(vmx::pin::external_interrupt_exiting);
	l1.keep_interrupts_off(true);
	message(l1, 0x41);
	expect_sipi(l1, launch_and_send_sipi(l1));
	l1.keep_interrupts_off(false);
	std::uint64_t address = 0;
	expect(l1.vmptrst(address), faults(0x41), "L1 with IF set");
}

TEST(wait_for_sipi_blocks_nmis)
{
	need_blocking();
	L1 l1 = machine_for_sipi();
	l1.set(vmx::pin::nmi_exiting);
	// L1 takes one and stays in its handler: the next is pending and blocked.
	l1.vcpu().nmi();
	std::uint64_t address = 0;
	expect(l1.vmptrst(address), faults(vector::nmi), "an NMI of L1");
	l1.vcpu().nmi();
	expect_sipi(l1, launch_and_send_sipi(l1));
}

// SDM, "VMX-Preemption Timer": it counts there, but does not exit.
TEST(wait_for_sipi_outlasts_timer)
{
	need_blocking();
	L1 l1 = machine_for_sipi();
	l1.set(vmx::pin::preemption_timer);
	l1.write(field::preemption_timer_value, 0);
	expect_sipi(l1, launch_and_send_sipi(l1));
}
