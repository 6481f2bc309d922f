// SPDX-License-Identifier: GPL-2.0-only
//
// PAUSE-loop exiting: how the window follows a guest that spins, by what the tracepoint says.
#include "harness/guest.hpp"

#include <fstream>

using namespace kvm;
using tap::check;
using tap::check_equal;

namespace {

GUEST_CONSTANT(apic_base, 0xfee00000)
GUEST_CONSTANT(timer_vector, 0x51)

// Spins, sleeps until its timer wakes it, spins again.
GUEST_CODE(spin_sleep_spin, 64, R"(
	mov $apic_base, %r8d
	movl $0x1ff, 0xf0(%r8)
	mov $200000, %ecx
0:	pause
	dec %ecx
	jnz 0b
	movl $0x0b, 0x3e0(%r8)
	movl $timer_vector, 0x320(%r8)
	movl $20000000, 0x380(%r8)	# ns
	sti
	hlt
	mov $200000, %ecx
1:	pause
	dec %ecx
	jnz 1b
	out %eax, $report_port
spin_sleep_spin_handler:
	movl $0, 0xb0(%r8)
	iretq
)");
GUEST_LABEL(spin_sleep_spin_handler);

class Trace {
public:
	Trace()
	{
		std::ofstream(root + "/trace") << '\n';
		set(1);
	}
	~Trace() { set(0); }

	struct Update {
		std::uint32_t before, after;
	};
	std::vector<Update> updates() const
	{
		std::vector<Update> found;
		std::ifstream trace(root + "/trace");
		for (std::string line; std::getline(trace, line);) {
			const auto at = line.find("kvm_ple_window_update: vcpu 0 ");
			Update update;
			if (at != line.npos && sscanf(line.c_str() + at, "%*s vcpu 0 old %u new %u",
						      &update.before, &update.after) == 2)
				found.push_back(update);
		}
		return found;
	}

private:
	static void set(int on)
	{
		std::ofstream file(root + "/events/kvm/kvm_ple_window_update/enable");
		file << on;
		if (!file.flush())
			tap::fail("expected tracefs and the tracepoint kvm_ple_window_update");
	}

	static inline const std::string root = "/sys/kernel/tracing";
};

std::uint32_t parameter(const char *name)
{
	std::ifstream file(std::string("/sys/module/kvm_intel/parameters/") + name);
	std::uint32_t value = 0;
	if (!(file >> value))
		tap::fail(std::string(name) + ": expected a number");
	return value;
}

std::vector<Trace::Update> run(const Vm &vm)
{
	vm.create_irqchip();
	const Vcpu vcpu(vm);
	start(vm, vcpu, spin_sleep_spin);
	set_gate(vm, 64, timer_vector, spin_sleep_spin.at(spin_sleep_spin_handler));
	const Trace trace;
	run_to_report(vcpu);
	return trace.updates();
}

// What the parameters make of a window: 0 is back to the base, below the base a factor, else a
// difference.
std::uint64_t grown(std::uint64_t window)
{
	const std::uint64_t base = parameter("ple_window"), by = parameter("ple_window_grow");
	const std::uint64_t next = by < base ? window * by : window + by;
	return by ? std::min<std::uint64_t>(next, parameter("ple_window_max")) : base;
}

std::uint64_t shrunk(std::uint64_t window)
{
	const std::uint64_t base = parameter("ple_window"), by = parameter("ple_window_shrink");
	const std::uint64_t next =
		by < base ? window / std::max<std::uint64_t>(by, 1) : window - std::min(by, window);
	return by ? std::max(base, next) : base;
}

} // namespace

TEST(window_grows_and_shrinks)
{
	if (!parameter("ple_gap"))
		tap::skip("PAUSE-loop exiting is off");
	const Vm vm;
	const auto updates = run(vm);
	std::uint64_t window = parameter("ple_window");
	bool has_grown = false, has_shrunk = false;

	for (const auto &update : updates) {
		const bool more = update.after > update.before;
		check_equal(update.before, window, "window before an update");
		check_equal(update.after, more ? grown(window) : shrunk(window),
			    "window after an update");
		window = update.after;
		has_grown |= more;
		has_shrunk |= !more;
	}
	check(has_grown == (parameter("ple_window_grow") != 0), "a guest that spins gets more");
	check(has_shrunk || !has_grown, "a guest that slept gets less");
}

TEST(off_for_one_machine)
{
	const Vm vm;
	vm.need(KVM_CAP_X86_DISABLE_EXITS, "KVM_CAP_X86_DISABLE_EXITS");
	vm.enable(KVM_CAP_X86_DISABLE_EXITS, KVM_X86_DISABLE_EXITS_PAUSE);
	check_equal(run(vm).size(), 0u, "updates of the window");
}
