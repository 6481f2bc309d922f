// SPDX-License-Identifier: GPL-2.0-only
//
// A machine pulled about while its guest runs: memory that moves and goes, vCPUs that come and go
// in a race, signals, threads that fight for a vCPU, a process that has no business with it.
#include "harness/guest.hpp"
#include "harness/random.hpp"
#include "harness/thread.hpp"

#include <atomic>
#include <sys/wait.h>

using namespace kvm;
using tap::check;
using tap::check_equal;

namespace {

constexpr std::uint64_t slot_address = 0x400000;
constexpr std::size_t slot_pages = 16;

// Reads and writes a word of each page of the slot, and counts its rounds.
GUEST_CODE(sweep, 64, R"(
0:	mov $0x400000, %ebx
1:	mov (%rbx), %eax
	mov %eax, 8(%rbx)
	add $0x1000, %ebx
	cmp $0x410000, %ebx
	jb 1b
	incl data_address
	out %eax, $report_port
	jmp 0b
)");

GUEST_CODE(spin, 64, R"(
0:	incl data_address
	jmp 0b
)");

// Sums 1 to 100000 with an exit to the kernel now and then.
GUEST_CODE(sum, 64, R"(
	xor %esi, %esi
	mov $100000, %edi
0:	add %rdi, %rsi
	test $0xff, %edi
	jnz 1f
	xor %eax, %eax
	cpuid
1:	dec %edi
	jnz 0b
	mov %esi, %eax
	out %eax, $report_port
)");

GUEST_CODE(count_out, 64, R"(
0:	incl data_address
	mov data_address, %eax
	out %eax, $report_port
	jmp 0b
)");

// Runs the vCPU until it is told to stop; exits that memory or its lack explain are answered.
class Sweeper {
public:
	Sweeper(const Vm &vm, const Vcpu &vcpu) : vm_(vm), vcpu_(vcpu), thread_([this] { loop(); })
	{
	}
	Sweeper(const Sweeper &) = delete;
	~Sweeper() { stop(); }

	void stop()
	{
		stop_ = true;
		if (thread_.joinable())
			thread_.join();
	}

	const std::string &complaint() const { return complaint_; }
	unsigned faults() const { return faults_; }

private:
	void loop()
	{
		while (!stop_) {
			const int error = vcpu_.try_run();
			const std::uint32_t reason = vcpu_.state().exit_reason;
			if (error == EFAULT) // the host's memory is not there
				faults_++;
			else if (error && error != EINTR)
				complaint_ = std::string("KVM_RUN: ") + strerror(error);
			else if (!error && reason != KVM_EXIT_IO && reason != KVM_EXIT_MMIO)
				complaint_ = vcpu_.describe_exit();
			if (!complaint_.empty())
				return;
			std::this_thread::yield();
		}
	}

	const Vm &vm_;
	const Vcpu &vcpu_;
	std::atomic<bool> stop_ = false;
	std::atomic<unsigned> faults_ = 0;
	std::string complaint_;
	std::thread thread_;
};

void wait_for_rounds(const Vm &vm, const Sweeper &sweeper)
{
	const std::uint32_t before = vm.at<std::uint32_t>(data_address);
	wait_until(
		[&] {
			return vm.at<std::uint32_t>(data_address) - before >= 2 ||
			       !sweeper.complaint().empty();
		},
		"the guest goes on");
	check(sweeper.complaint().empty(), sweeper.complaint());
}

} // namespace

TEST(slots_moved_removed_and_protected)
{
	Random random(seed());
	const Vm vm;
	const Vcpu vcpu(vm);
	const Mapping memory(2 * slot_pages * page_size);
	constexpr std::size_t size = slot_pages * page_size;
	start(vm, vcpu, sweep);
	vm.set_slot(1, slot_address, size, memory.data());
	Sweeper sweeper(vm, vcpu);
	for (int i = 0; i < 150; i++) {
		switch (random.below(4)) {
		case 0: // away, and the other half of the memory in its place
			vm.set_slot(1, slot_address, 0, memory.data());
			std::this_thread::yield();
			vm.set_slot(1, slot_address, size, memory.data() + random.below(2) * size);
			break;
		case 1: // read-only: writes go to userspace
			vm.set_slot(1, slot_address, 0, memory.data());
			vm.set_slot(1, slot_address, size, memory.data(), KVM_MEM_READONLY);
			std::this_thread::yield();
			vm.set_slot(1, slot_address, 0, memory.data());
			vm.set_slot(1, slot_address, size, memory.data());
			break;
		case 2: // its writes are logged, or not
			vm.set_slot(1, slot_address, 0, memory.data());
			vm.set_slot(1, slot_address, size, memory.data());
			vm.set_slot(1, slot_address, size, memory.data(), KVM_MEM_LOG_DIRTY_PAGES);
			std::this_thread::yield();
			vm.set_slot(1, slot_address, size, memory.data());
			break;
		case 3: // elsewhere and back
			vm.set_slot(1, slot_address, 0, memory.data());
			vm.set_slot(1, slot_address + (random.below(8) << 21), size, memory.data());
			std::this_thread::yield();
			vm.set_slot(1, slot_address, 0, memory.data());
			vm.set_slot(1, slot_address, size, memory.data());
			break;
		}
		std::this_thread::yield();
	}
	wait_for_rounds(vm, sweeper);
}

TEST(slots_while_the_guest_does_not_leave)
{
	const Vm vm;
	const Vcpu vcpu(vm);
	const Mapping memory(slot_pages * page_size);
	start(vm, vcpu, spin);
	Running running(vcpu);
	for (int i = 0; i < 50; i++) {
		const std::uint32_t before = vm.at<std::uint32_t>(data_address);
		vm.set_slot(1, slot_address, memory.size(), memory.data());
		vm.set_slot(1, slot_address, 0, memory.data());
		wait_until([&] { return vm.at<std::uint32_t>(data_address) != before; },
			   "the guest goes on");
	}
	check_equal(running.stop(), EINTR, "errno of KVM_RUN");
}

TEST(host_memory_taken_away_and_given_back)
{
	Random random(seed());
	const Vm vm;
	const Vcpu vcpu(vm);
	const Mapping memory(slot_pages * page_size);
	start(vm, vcpu, sweep);
	vm.set_slot(1, slot_address, memory.size(), memory.data());
	Sweeper sweeper(vm, vcpu);
	for (int i = 0; i < 100; i++) {
		std::byte *page = memory.data() + random.below(slot_pages) * page_size;
		switch (random.below(3)) {
		case 0:
			munmap(page, page_size);
			std::this_thread::yield();
			check(mmap(page, page_size, PROT_READ | PROT_WRITE,
				   MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0) == page,
			      "mmap");
			break;
		case 1:
			mprotect(page, page_size, random.one_in(2) ? PROT_NONE : PROT_READ);
			std::this_thread::yield();
			mprotect(page, page_size, PROT_READ | PROT_WRITE);
			break;
		case 2:
			madvise(page, page_size, MADV_DONTNEED);
			break;
		}
	}
	// For as long as it takes to see the guest miss a page.
	munmap(memory.data(), page_size);
	const unsigned before = sweeper.faults();
	wait_until([&] { return sweeper.faults() != before || !sweeper.complaint().empty(); },
		   "KVM_RUN fails with EFAULT");
	check(mmap(memory.data(), page_size, PROT_READ | PROT_WRITE,
		   MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0) == memory.data(),
	      "mmap");
	wait_for_rounds(vm, sweeper);
}

TEST(vcpus_created_in_a_race)
{
	const int before = users_of_module();
	for (int round = 0; round < 20; round++) {
		constexpr int threads = 3, ids = 4;
		const Vm vm;
		std::atomic<int> created = 0, existing = 0, other = 0;
		{
			std::vector<std::jthread> racers;
			for (int i = 0; i < threads; i++)
				racers.emplace_back([&] {
					for (unsigned long id = 0; id < ids; id++) {
						const int fd =
							ioctl(vm.fd().get(), KVM_CREATE_VCPU, id);
						const int error = errno;
						if (fd >= 0)
							close(fd);
						(fd >= 0	   ? created
						 : error == EEXIST ? existing
								   : other)++;
					}
				});
		}
		check_equal(created.load(), ids, "vCPUs created");
		check_equal(existing.load(), (threads - 1) * ids, "those that were there already");
		check_equal(other.load(), 0, "other errors");
	}
	check_equal(users_of_module(), before, "users of the module");
}

TEST(machines_made_and_closed_in_a_race)
{
	const int before = users_of_module();
	{
		std::vector<std::jthread> makers;
		for (int i = 0; i < 3; i++)
			makers.emplace_back([i] {
				for (int round = 0; round < 15; round++) {
					Vm vm;
					if (i == 1)
						vm.create_irqchip();
					const Vcpu vcpu(vm);
					start(vm, vcpu, count_out);
					if (i == 2)
						vm.close();
					for (int exits = 0; exits < 5; exits++)
						(void)vcpu.try_run();
				}
			});
	}
	check_equal(users_of_module(), before, "users of the module");
}

TEST(descriptor_closed_while_the_vcpu_runs)
{
	const int before = users_of_module();
	for (int round = 0; round < 10; round++) {
		Vm vm;
		const Vcpu vcpu(vm);
		start(vm, vcpu, spin);
		Running running(vcpu);
		const std::uint32_t count = vm.at<std::uint32_t>(data_address);
		wait_until([&] { return vm.at<std::uint32_t>(data_address) != count; },
			   "the guest runs");
		vm.close();
		check_equal(running.stop(), EINTR, "errno of KVM_RUN");
	}
	check_equal(users_of_module(), before, "users of the module");
}

TEST(signals_leave_no_trace_in_the_guest)
{
	const Vm vm;
	const Vcpu vcpu(vm);
	struct sigaction action = {};
	action.sa_handler = [](int) {};
	sigaction(SIGUSR1, &action, nullptr);
	unsigned interrupted = 0;
	for (int round = 0; round < 3; round++) {
		start(vm, vcpu, sum);
		std::atomic<bool> done = false;
		const pthread_t runner = pthread_self();
		std::jthread sender([&] {
			const timespec pause = {0, 20000};
			while (!done) {
				pthread_kill(runner, SIGUSR1);
				nanosleep(&pause, nullptr);
			}
		});
		int error;
		while ((error = vcpu.try_run()) == EINTR)
			interrupted++;
		done = true;
		check_equal(error, 0, "errno of KVM_RUN");
		check_equal(vcpu.state().exit_reason, KVM_EXIT_IO, "exit");
		check_equal(vcpu.regs().rsi, 100000ul * 100001 / 2, "the sum");
	}
	check(interrupted > 0, "KVM_RUN was interrupted");
}

TEST(two_threads_run_one_vcpu)
{
	const Vm vm;
	const Vcpu vcpu(vm);
	start(vm, vcpu, count_out);
	std::atomic<int> exits = 0;
	std::atomic<bool> wrong = false;
	{
		std::vector<std::jthread> runners;
		for (int i = 0; i < 2; i++)
			runners.emplace_back([&] {
				for (int n = 0; n < 200; n++) {
					if (vcpu.try_run() ||
					    vcpu.state().exit_reason != KVM_EXIT_IO)
						wrong = true;
					exits++;
				}
			});
	}
	check(!wrong, "each KVM_RUN ends with the guest's OUT");
	check_equal(vm.at<std::uint32_t>(data_address), static_cast<std::uint32_t>(exits),
		    "what the guest counted");
}

TEST(ioctls_on_a_vcpu_that_runs)
{
	const Vm vm;
	const Vcpu vcpu(vm);
	start(vm, vcpu, spin);
	Running running(vcpu);
	wait_until([&] { return vm.at<std::uint32_t>(data_address) != 0; }, "the guest runs");
	// Those that need the vCPU wait for it; these must not. The others of the machine neither.
	kvm_irq_level line = {};
	check(vm.fd().try_call(KVM_IRQ_LINE, &line) != 0, "no irqchip");
	check_equal(extension(vm.fd(), KVM_CAP_USER_MEMORY), 1, "KVM_CHECK_EXTENSION");
	const Vcpu second(vm, 1);
	check_equal(running.stop(), EINTR, "errno of KVM_RUN");
	(void)vcpu.regs();
}

TEST(child_process_has_no_say)
{
	const Vm vm;
	const Vcpu vcpu(vm);
	start(vm, vcpu, count_out);
	vcpu.run_to(KVM_EXIT_IO);
	const pid_t child = fork();
	if (child == 0) {
		kvm_regs regs;
		const bool refused = vm.fd().try_call(KVM_CREATE_VCPU, 1ul) == EIO &&
				     vcpu.fd().try_call(KVM_RUN) == EIO &&
				     vcpu.fd().try_call(KVM_GET_REGS, &regs) == EIO;
		_exit(refused ? 0 : 1);
	}
	int status = -1;
	waitpid(child, &status, 0);
	check_equal(status, 0, "the child got EIO from all it tried");
	vcpu.run_to(KVM_EXIT_IO);
	check_equal(vm.at<std::uint32_t>(data_address), 2u, "what the guest counted");
}

TEST(immediate_exit_runs_nothing)
{
	const Vm vm;
	const Vcpu vcpu(vm);
	start(vm, vcpu, count_out);
	for (int i = 0; i < 50; i++)
		vcpu.complete_exit();
	check_equal(vm.at<std::uint32_t>(data_address), 0u, "what the guest counted");
	vcpu.run_to(KVM_EXIT_IO);
}
