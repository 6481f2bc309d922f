// SPDX-License-Identifier: GPL-2.0-only
//
// What is counted of guests: KVM's statistics of the vCPU, as numbers and as files of debugfs, and
// the exits by reason of this module. The guest's exits are known; only the host's interrupts add
// to them.
#include "harness/statistics.hpp"
#include "harness/guest.hpp"
#include "harness/module.hpp"
#include "harness/thread.hpp"

#include <cstdio>
#include <fstream>
#include <sched.h>
#include <unistd.h>

using namespace kvm;

namespace {

constexpr unsigned nmi_vector = 2;

// 3 ports in the kernel, 2 in userspace, 2 hypercalls, 2 accesses to a device of userspace, 1 NMI
// and its IRET.
GUEST_CODE(counted_guest, 64,
	   "	in $0x21, %al\n"
	   "	in $0x21, %al\n"
	   "	out %al, $0x21\n"
	   "	mov $1, %eax\n"
	   "	vmcall\n"
	   "	mov $1, %eax\n"
	   "	vmcall\n"
	   "	mov $mmio_address, %ebx\n"
	   "	mov (%rbx), %eax\n"
	   "	mov %eax, (%rbx)\n"
	   "	mov $1, %eax\n"
	   "	out %eax, $report_port\n"
	   "	mov $2, %eax\n"
	   "	out %eax, $report_port\n"
	   "counted_nmi:\n"
	   "	iretq\n");
GUEST_LABEL(counted_nmi);

// Tells when an interrupt can be taken: the window opens with STI and NOP.
GUEST_CODE(window_guest, 64,
	   "	cli\n"
	   "	mov $1, %eax\n"
	   "	out %eax, $report_port\n"
	   "	sti\n"
	   "	nop\n"
	   "	mov $2, %eax\n"
	   "	out %eax, $report_port\n"
	   "window_handler:\n"
	   "	iretq\n");
GUEST_LABEL(window_handler);

GUEST_CODE(counts, 64, "1: incq data_address\n jmp 1b");

void run_counted(const Vm &vm, const Vcpu &vcpu)
{
	start(vm, vcpu, counted_guest);
	set_gate(vm, 64, nmi_vector, counted_guest.at(counted_nmi));
	vcpu.run_to(KVM_EXIT_MMIO);
	vcpu.run_to(KVM_EXIT_MMIO);
	tap::check_equal(run_to_report(vcpu), 1u, "first report");
	vcpu.nmi();
	tap::check_equal(run_to_report(vcpu), 2u, "second report");
}

void check_count(const Vcpu &vcpu, const char *name, std::uint64_t expected)
{
	tap::check_equal(statistic(vcpu, name), expected, name);
}

std::string debugfs_directory(const Vm &vm)
{
	return "/sys/kernel/debug/kvm/" + std::to_string(getpid()) + "-" +
	       std::to_string(vm.fd().get());
}

std::uint64_t read_number(const std::string &path)
{
	std::uint64_t value;
	if (!(std::ifstream(path) >> value))
		tap::fail(path + ": expected a number");
	return value;
}

std::uint64_t exits_by_reason(const std::string &reason)
{
	if (!is_ours())
		tap::skip("the module does not count exits by reason");
	std::ifstream file("/sys/kernel/debug/kvm_intel/exits");
	std::string name;
	std::uint64_t count;

	while (file >> name >> count)
		if (name == reason)
			return count;
	tap::fail("no line for " + reason + " in kvm_intel/exits");
}

} // namespace

TEST(counts_of_a_known_guest)
{
	const Vm vm;
	vm.create_irqchip();
	const Vcpu vcpu(vm);

	run_counted(vm, vcpu);
	check_count(vcpu, "io_exits", 5);
	check_count(vcpu, "mmio_exits", 2);
	check_count(vcpu, "hypercalls", 2);
	check_count(vcpu, "nmi_window_exits", 0);
	check_count(vcpu, "irq_injections", 0);
	check_count(vcpu, "irq_window_exits", 0);
	check_count(vcpu, "halt_exits", 0);
	check_count(vcpu, "insn_emulation", 2);
	check_count(vcpu, "nested_run", 0);
	check_count(vcpu, "guest_mode", 0);
	// Once more for each of its first touches: tables, handler, stack.
	tap::check(statistic(vcpu, "nmi_injections") >= 1, "the NMI was injected");
	tap::check(statistic(vcpu, "exits") >= 5 + 2 + 2 + statistic(vcpu, "irq_exits"),
		   "exits holds what has a counter of its own");
}

TEST(interrupt_window)
{
	const Vm vm;
	const Vcpu vcpu(vm);
	start(vm, vcpu, window_guest);
	set_gate(vm, 64, 0x41, window_guest.at(window_handler));

	tap::check_equal(run_to_report(vcpu), 1u, "first report");
	vcpu.state().request_interrupt_window = 1;
	vcpu.run_to(KVM_EXIT_IRQ_WINDOW_OPEN);
	vcpu.state().request_interrupt_window = 0;
	kvm_interrupt interrupt = {0x41};
	KVM_CALL(vcpu.fd(), KVM_INTERRUPT, &interrupt);
	tap::check_equal(run_to_report(vcpu), 2u, "second report");

	check_count(vcpu, "irq_window_exits", 1);
	check_count(vcpu, "request_irq_exits", 1);
	tap::check(statistic(vcpu, "irq_injections") >= 1, "the interrupt was injected");
}

TEST(debugfs_has_the_same_numbers)
{
	const Vm vm;
	vm.create_irqchip();
	const Vcpu vcpu(vm);

	run_counted(vm, vcpu);
	const std::string directory = debugfs_directory(vm);
	for (const Statistic &of_vcpu : statistics(vcpu.fd())) {
		// Histograms, and what is counted for the vCPU in generic code, have no file.
		const std::string path = directory + "/" + of_vcpu.name;
		if (of_vcpu.histogram || access(path.c_str(), F_OK) != 0)
			continue;
		tap::check_equal(read_number(path), of_vcpu.value, path);
	}
	tap::check_equal(read_number(directory + "/io_exits"), 5u, "io_exits");
	for (const char *name : {"tsc-offset", "lapic_timer_advance_ns", "guest_mode", "pid"})
		tap::check(access((directory + "/vcpu0/" + name).c_str(), F_OK) == 0, name);
}

// A vCPU whose time is up in the middle of its guest is preempted, as steal time tells the guest's
// others.
TEST(preemption)
{
	cpu_set_t all, one;
	CPU_ZERO(&one);
	CPU_SET(0, &one);
	sched_getaffinity(0, sizeof(all), &all);
	sched_setaffinity(0, sizeof(one), &one);
	const Vm vm;
	const Vcpu vcpu(vm);
	start(vm, vcpu, counts);
	{
		const Running running(vcpu);
		// This thread gets the CPU when the scheduler takes it from the other, mostly when
		// that is in its guest.
		std::uint64_t seen = 0;
		int turns = 0;
		const auto took_another_turn = [&] {
			const std::uint64_t now = vm.at<std::uint64_t>(data_address);
			turns += now != seen;
			seen = now;
			return turns == 10;
		};
		wait_until(took_another_turn, "the two take turns");
	}
	sched_setaffinity(0, sizeof(all), &all);
	tap::check(statistic(vcpu, "preemption_reported") > 0, "preemption_reported");
}

// For a program to compare: everything that is counted, a line each.
TEST(everything)
{
	const Vm vm;
	vm.create_irqchip();
	const Vcpu vcpu(vm);

	run_counted(vm, vcpu);
	for (const Statistic &one : statistics(vm.fd()))
		printf("# vm %s %lu\n", one.name.c_str(), one.value);
	for (const Statistic &one : statistics(vcpu.fd()))
		printf("# vcpu %s %lu\n", one.name.c_str(), one.value);
	tap::check(statistics(vcpu.fd()).size() > 30, "the vCPU's statistics");
}

TEST(exits_by_reason_of_this_module)
{
	const std::uint64_t ports = exits_by_reason("IO_INSTRUCTION"),
			    calls = exits_by_reason("VMCALL"), halts = exits_by_reason("HLT");
	const Vm vm;
	vm.create_irqchip();
	const Vcpu vcpu(vm);

	run_counted(vm, vcpu);
	tap::check_equal(exits_by_reason("IO_INSTRUCTION") - ports, 5u, "IO_INSTRUCTION");
	tap::check_equal(exits_by_reason("VMCALL") - calls, 2u, "VMCALL");
	tap::check_equal(exits_by_reason("HLT") - halts, 0u, "HLT");
}
