// SPDX-License-Identifier: GPL-2.0-only
//
// One row: a machine of its own, the guest from its first instruction to its report, and what it
// noted on the way.
#include "harness/module.hpp"
#include "harness/statistics.hpp"
#include "report.hpp"

#include <algorithm>
#include <atomic>
#include <cstdio>
#include <cstdlib>
#include <optional>
#include <sched.h>
#include <string_view>
#include <sys/eventfd.h>
#include <thread>

using namespace kvm;

namespace bench {

namespace {

constexpr std::uint32_t leaf1_ecx_xsave = 1 << 26;

const char *name_of(Pass pass)
{
	switch (pass) {
	case Pass::ept:
		return "ept";
	case Pass::shadow_paging:
		return "shadow";
	case Pass::no_shadow_vmcs:
		return "no_shadow_vmcs";
	case Pass::no_pml:
		return "no_pml";
	case Pass::apicv:
		return "apicv";
	}
	tap::fail("there is no such pass");
}

std::string_view pass_now()
{
	if (const char *pass = getenv("BENCH_PASS"))
		return pass;
	return name_of(parameter("ept") ? Pass::ept : Pass::shadow_paging);
}

class Eventfds {
public:
	explicit Eventfds(const Vm &vm) : fd_(eventfd(0, EFD_CLOEXEC))
	{
		add(vm, any_eventfd_address, 0, 0);
		add(vm, long_eventfd_address, 4, 0);
		add(vm, eventfd_port, 1, KVM_IOEVENTFD_FLAG_PIO);
	}

private:
	void add(const Vm &vm, std::uint64_t address, std::uint32_t length, std::uint32_t flags)
	{
		kvm_ioeventfd event = {};
		event.addr = address;
		event.len = length;
		event.fd = fd_.get();
		event.flags = flags;
		KVM_CALL(vm.fd(), KVM_IOEVENTFD, &event);
	}

	Fd fd_;
};

// One eventfd that the guest's write signals and that signals the guest.
class Message {
public:
	explicit Message(const Vm &vm) : fd_(eventfd(0, EFD_CLOEXEC))
	{
		constexpr std::uint32_t gsi = 24;
		struct {
			kvm_irq_routing head = {};
			kvm_irq_routing_entry entry = {};
		} routing;
		routing.head.nr = 1;
		routing.entry.gsi = gsi;
		routing.entry.type = KVM_IRQ_ROUTING_MSI;
		routing.entry.u.msi.address_lo = 0xfee00000;
		routing.entry.u.msi.data = irq_vector;
		KVM_CALL(vm.fd(), KVM_SET_GSI_ROUTING, &routing);

		kvm_irqfd to_guest = {};
		to_guest.fd = static_cast<std::uint32_t>(fd_.get());
		to_guest.gsi = gsi;
		KVM_CALL(vm.fd(), KVM_IRQFD, &to_guest);

		kvm_ioeventfd from_guest = {};
		from_guest.addr = message_port;
		from_guest.len = 1;
		from_guest.fd = fd_.get();
		from_guest.flags = KVM_IOEVENTFD_FLAG_PIO;
		KVM_CALL(vm.fd(), KVM_IOEVENTFD, &from_guest);
	}

private:
	Fd fd_;
};

// Its APIC is on, and it never runs.
class Bystander {
public:
	explicit Bystander(const Vm &vm) : vcpu_(vm, 1)
	{
		kvm_lapic_state state;
		KVM_CALL(vcpu_.fd(), KVM_GET_LAPIC, &state);
		constexpr std::uint32_t spurious = 0x1ff;
		memcpy(state.regs + 0xf0, &spurious, sizeof(spurious));
		KVM_CALL(vcpu_.fd(), KVM_SET_LAPIC, &state);
	}

private:
	Vcpu vcpu_;
};

// Present for the host, in pages of 4 KiB, so that the guest's first touch costs what KVM does.
class UntouchedMemory {
public:
	UntouchedMemory(const Vm &vm, bool logged)
	    : memory_(iterations * page_size), flags_(logged ? KVM_MEM_LOG_DIRTY_PAGES : 0)
	{
		madvise(memory_.data(), memory_.size(), MADV_NOHUGEPAGE);
		memset(memory_.data(), 1, memory_.size());
		set(vm);
	}

	// Takes the slot away and gives it back, which KVM forgets all mappings for.
	void set_again(const Vm &vm) const
	{
		vm.set_slot(1, untouched_address, 0, nullptr);
		set(vm);
	}

	// KVM logs the next write to each page anew.
	void take_log(const Vm &vm) const
	{
		std::uint64_t bitmap[(iterations + 63) / 64];
		kvm_dirty_log log = {};
		log.slot = 1;
		log.dirty_bitmap = bitmap;
		KVM_CALL(vm.fd(), KVM_GET_DIRTY_LOG, &log);
	}

private:
	void set(const Vm &vm) const
	{
		vm.set_slot(1, untouched_address, memory_.size(), memory_.data(), flags_);
	}

	Mapping memory_;
	std::uint32_t flags_;
};

void start(const Vm &vm, const Vcpu &vcpu, const Row &row)
{
	constexpr std::uint32_t leaf1_ecx_x2apic = 1 << 21, leaf1_ecx_tsc_deadline = 1 << 24;

	Cpuid table = Cpuid::supported();
	table.find(1)->ecx |= leaf1_ecx_x2apic | leaf1_ecx_tsc_deadline;
	vcpu.set_cpuid(table);
	kvm::start(vm, vcpu, row.code);
	if (row.vector)
		set_gate(vm, 64, row.vector, row.code.at(row.handler));
}

void send_msi(const Vm &vm)
{
	kvm_msi msi = {};
	msi.address_lo = 0xfee00000;
	msi.data = irq_vector;
	KVM_CALL(vm.fd(), KVM_SIGNAL_MSI, &msi);
}

// Sends irq_vector each time that the guest writes to wake_port, but only once the vCPU sleeps: on
// one CPU, a thread of a lesser scheduling class runs then and no sooner.
class Waker {
public:
	explicit Waker(const Vm &vm) : fd_(eventfd(0, EFD_CLOEXEC))
	{
		kvm_ioeventfd event = {};
		event.addr = wake_port;
		event.len = 1;
		event.fd = fd_.get();
		event.flags = KVM_IOEVENTFD_FLAG_PIO;
		KVM_CALL(vm.fd(), KVM_IOEVENTFD, &event);
		schedule(SCHED_FIFO, 1);
		thread_ = std::thread([this, &vm] { work(vm); });
	}

	~Waker()
	{
		ending_ = true;
		eventfd_write(fd_.get(), 1);
		thread_.join();
		schedule(SCHED_OTHER, 0);
	}

private:
	static void schedule(int policy, int priority)
	{
		sched_param parameters = {};
		parameters.sched_priority = priority;
		if (sched_setscheduler(0, policy, &parameters) != 0)
			tap::fail(std::string("sched_setscheduler: ") + strerror(errno));
	}

	void work(const Vm &vm)
	{
		eventfd_t count;

		schedule(SCHED_OTHER, 0);
		while (eventfd_read(fd_.get(), &count) == 0 && !ending_)
			send_msi(vm);
	}

	Fd fd_;
	std::atomic<bool> ending_ = false;
	std::thread thread_;
};

// What the guest asks of its userspace. False if nothing of that port is known.
bool answer(const Vm &vm, const Vcpu &vcpu, const UntouchedMemory &untouched)
{
	switch (vcpu.state().io.port) {
	case userspace_port:
		return true;
	case immediate_exit_port:
		run_and_exit_at_once(vcpu);
		return true;
	case msi_port:
		send_msi(vm);
		return true;
	case irq_line_port:
		vm.set_irq_line(irq_gsi, true);
		vm.set_irq_line(irq_gsi, false);
		return true;
	case new_slot_port:
		untouched.set_again(vm);
		return true;
	case harvest_port:
		untouched.take_log(vm);
		return true;
	default:
		return false;
	}
}

// Until the guest's report; what it reads from userspace on the way is 0.
void run_to_end(const Vm &vm, const Vcpu &vcpu, const UntouchedMemory &untouched)
{
	kvm_run &state = vcpu.state();

	for (;;) {
		if (const int error = vcpu.try_run())
			tap::fail(std::string("KVM_RUN: ") + strerror(error));
		if (state.exit_reason == KVM_EXIT_MMIO || state.exit_reason == KVM_EXIT_DEBUG ||
		    state.exit_reason == KVM_EXIT_SET_TPR)
			continue;
		if (state.exit_reason == KVM_EXIT_IO && answer(vm, vcpu, untouched))
			continue;
		if (state.exit_reason == KVM_EXIT_IO && state.io.port == report_port)
			return;
		if (state.exit_reason == KVM_EXIT_IO && state.io.port == exception_port)
			fail_for_exception(vm);
		tap::fail("expected the guest's report, found " + vcpu.describe_exit());
	}
}

void step_all_the_way(const Vcpu &vcpu)
{
	kvm_guest_debug debug = {};
	debug.control = KVM_GUESTDBG_ENABLE | KVM_GUESTDBG_SINGLESTEP;
	KVM_CALL(vcpu.fd(), KVM_SET_GUEST_DEBUG, &debug);
}

} // namespace

[[noreturn]] void fail_for_exception(const Vm &vm)
{
	const auto *record = reinterpret_cast<const ExceptionRecord *>(vm.memory(record_address));
	tap::fail("the guest took exception " + std::to_string(record->vector) + " at rip " +
		  tap::hex(record->rip));
}

void set_marks(const Vm &vm)
{
	constexpr std::uint32_t marked[] = {iterations / 3, iterations / 2, iterations * 2 / 3};

	if (getenv("BENCH_MARK"))
		memcpy(vm.memory(mark_address), marked, sizeof(marked));
}

void run_and_exit_at_once(const Vcpu &vcpu)
{
	vcpu.state().immediate_exit = 1;
	const int error = vcpu.try_run();
	vcpu.state().immediate_exit = 0;
	tap::check_equal(error, EINTR, "KVM_RUN with immediate_exit");
}

void expect_pass(Pass pass)
{
	if (pass_now() != name_of(pass))
		tap::skip(std::string("timed in the pass ") + name_of(pass));
	tap::check_equal(parameter("ept"), pass != Pass::shadow_paging, "kvm-intel's ept");
	if (pass == Pass::no_shadow_vmcs)
		tap::check(!parameter("enable_shadow_vmcs"),
			   "kvm-intel's enable_shadow_vmcs is on");
	if (pass == Pass::no_pml)
		tap::check(!parameter("pml"), "kvm-intel's pml is on");
	if (pass == Pass::apicv && !parameter("enable_apicv"))
		tap::skip("the CPU does not deliver virtual interrupts");
}

void report(const char *name, const char *title, Pass pass, const Vm &vm, std::uint64_t exits)
{
	std::vector<std::uint32_t> ticks(iterations);
	memcpy(ticks.data(), vm.memory(results_address), ticks.size() * sizeof(ticks[0]));
	std::sort(ticks.begin(), ticks.end());
	printf("# row: %s\t%s\t%s\t%u\t%u\t%.2f\n", name, name_of(pass), title, ticks.front(),
	       ticks[iterations / 2], static_cast<double>(exits) / iterations);
}

void measure(const char *name, const Row &row)
{
	expect_pass(row.pass);
	if (row.xsave && !(Cpuid::supported().find(1)->ecx & leaf1_ecx_xsave))
		tap::skip("guests have no XSAVE here");
	const Vm vm;
	if (row.machine != Machine::bare) {
		vm.create_irqchip();
		vm.create_pit();
	}
	const UntouchedMemory untouched(vm, row.logged);
	const Eventfds eventfds(vm);
	std::optional<Message> message;
	if (row.machine == Machine::message)
		message.emplace(vm);
	const Vcpu vcpu(vm, 0, Vcpu::WithCpuid::none);
	std::optional<Bystander> bystander;
	if (row.machine == Machine::two_apics)
		bystander.emplace(vm);
	start(vm, vcpu, row);
	set_marks(vm);

	std::optional<Waker> waker;
	if (row.machine == Machine::waker)
		waker.emplace(vm);
	if (row.single_step)
		step_all_the_way(vcpu);
	const std::uint64_t before = statistic(vcpu, "exits");
	run_to_end(vm, vcpu, untouched);
	const std::uint64_t exits = statistic(vcpu, "exits") - before;

	report(name, row.title, row.pass, vm, exits);
	tap::check(row.exits == Exits::maybe || exits >= iterations, "every iteration exits");
}

} // namespace bench
