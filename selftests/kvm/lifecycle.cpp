// SPDX-License-Identifier: GPL-2.0-only
//
// Machines whose process goes away in the middle: nothing of them may stay.
#include "harness/guest.hpp"
#include "harness/thread.hpp"

#include <sys/wait.h>

using namespace kvm;
using tap::check_equal;

namespace {

GUEST_CODE(spin, 64, R"(
	incl data_address
0:	jmp 0b
)");

GUEST_CODE(exit_without_end, 64, R"(
	incl data_address
0:	cpuid
	jmp 0b
)");

GUEST_CODE(halt_in_kernel, 64, R"(
	incl data_address
0:	hlt
	jmp 0b
)");

// A process that runs two vCPUs, tells when both are in the guest, and never ends by itself.
pid_t start_process(const Code &code, bool irqchip)
{
	int channel[2];
	check_equal(pipe(channel), 0, "pipe");
	const pid_t child = fork();
	if (child == 0) {
		const Vm vm;
		if (irqchip)
			vm.create_irqchip();
		const Vcpu first(vm, 0), second(vm, 1);
		start(vm, first, code);
		enter(second, code);
		if (irqchip)
			second.set_mp_state(KVM_MP_STATE_RUNNABLE);
		Running one(first), two(second);
		while (vm.at<std::uint32_t>(data_address) < 2)
			std::this_thread::yield();
		if (write(channel[1], "r", 1) == 1)
			one.join();
		_exit(1);
	}
	close(channel[1]);
	char ready = 0;
	const ssize_t got = read(channel[0], &ready, 1);
	close(channel[0]);
	if (got != 1) {
		kill(child, SIGKILL);
		tap::fail("the child's vCPUs did not start");
	}
	return child;
}

void kill_processes(const Code &code, bool irqchip)
{
	const int before = users_of_module();
	for (int i = 0; i < 20; i++) {
		const pid_t child = start_process(code, irqchip);
		kill(child, SIGKILL);
		int status = 0;
		waitpid(child, &status, 0);
		check_equal(WIFSIGNALED(status), true, "the child was killed");
	}
	// The last reference goes with the file, which a dying process closes before it is reaped.
	check_equal(users_of_module(), before, "users of the module");
}

} // namespace

TEST(killed_while_the_guest_spins)
{
	kill_processes(spin, false);
}

TEST(killed_while_the_guest_exits)
{
	kill_processes(exit_without_end, false);
}

TEST(killed_while_the_guest_halts)
{
	kill_processes(halt_in_kernel, true);
}

TEST(many_killed_at_once)
{
	const int before = users_of_module();
	std::vector<pid_t> children;
	for (int i = 0; i < 8; i++)
		children.push_back(start_process(i % 2 ? spin : halt_in_kernel, true));
	for (pid_t child : children)
		kill(child, SIGKILL);
	for (pid_t child : children)
		waitpid(child, nullptr, 0);
	check_equal(users_of_module(), before, "users of the module");
}

// The vCPU's descriptor outlives its machine's, in another order each time.
TEST(descriptors_closed_in_any_order)
{
	const int before = users_of_module();
	for (int order = 0; order < 6; order++) {
		Vm vm;
		std::vector<Vcpu> vcpus;
		vcpus.emplace_back(vm, 0);
		vcpus.emplace_back(vm, 1);
		if (order % 2)
			vcpus.pop_back();
		vm.close();
		if (order % 3)
			vcpus.clear();
	}
	check_equal(users_of_module(), before, "users of the module");
}

// Nothing to see here: the machine suite runs it and looks for memory that does not come back.
TEST(many_machines)
{
	const int before = users_of_module();
	for (int i = 0; i < 150; i++) {
		const Vm vm;
		const Vcpu first(vm, 0), second(vm, 1);
		start(vm, first, halt_in_kernel);
		first.run_to(KVM_EXIT_HLT);
		enter(second, halt_in_kernel);
		second.run_to(KVM_EXIT_HLT);
	}
	check_equal(users_of_module(), before, "users of the module");
}
