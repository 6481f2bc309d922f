// SPDX-License-Identifier: GPL-2.0-only
//
// A vCPU's state set to numbers at random, and the vCPU run with whatever was taken. Each ioctl may
// refuse with the errno that its documentation names; after all of it the vCPU still runs a guest.
#include "harness/budget.hpp"
#include "harness/guest.hpp"
#include "harness/random.hpp"

#include <algorithm>
#include <memory>

using namespace kvm;
using tap::check;
using tap::check_equal;

namespace {

constexpr unsigned microseconds = 2000;

GUEST_CODE(report64, 64, R"(
	mov $1234, %eax
	out %eax, $report_port
	hlt
)");
GUEST_CODE(report32, 32, R"(
	mov $1234, %eax
	out %eax, $report_port
	hlt
)");
GUEST_CODE(report16, 16, R"(
	mov $1234, %eax
	out %eax, $report_port
	hlt
)");

const Code &any_code(Random &random)
{
	const Code *codes[] = {&report16, &report32, &report64};
	return *codes[random.below(3)];
}

// A machine, a vCPU and the state it was made with.
struct Machine {
	Vm vm;
	std::unique_ptr<Vcpu> vcpu;
	std::unique_ptr<Budget> budget;
	kvm_sregs sregs;
	kvm_vcpu_events events;
	kvm_lapic_state apic;
	kvm_irqchip chips[3] = {};

	explicit Machine(Vcpu::WithCpuid cpuid = Vcpu::WithCpuid::supported)
	{
		vm.create_irqchip();
		vcpu = std::make_unique<Vcpu>(vm, 0, cpuid);
		budget = std::make_unique<Budget>(*vcpu);
		sregs = vcpu->sregs();
		events = vcpu->events();
		KVM_CALL(vcpu->fd(), KVM_GET_LAPIC, &apic);
		for (std::uint32_t i = 0; i < std::size(chips); i++) {
			chips[i].chip_id = i;
			KVM_CALL(vm.fd(), KVM_GET_IRQCHIP, &chips[i]);
		}
	}

	const Fd &fd() const { return vcpu->fd(); }

	// What random state does to the guest is its own affair; what KVM_RUN says is ours.
	void run(std::string_view after, Budget::Guard guard = Budget::Guard::apic_timer) const
	{
		const int error = budget->run(microseconds, guard);
		check(error == 0 || error == EINTR || error == EFAULT || error == EAGAIN,
		      std::string(after) + ": KVM_RUN: " + strerror(error));
		if (!error)
			check(vcpu->state().exit_reason != KVM_EXIT_UNKNOWN,
			      std::string(after) + ": " + vcpu->describe_exit());
	}

	// Completes what the last exit left to do; that may exit once more.
	void settle() const
	{
		vcpu->state().immediate_exit = 1;
		for (int i = 0; i < 4 && !vcpu->try_run(); i++)
			;
		vcpu->state().immediate_exit = 0;
	}

	// From the state that the vCPU was made with.
	void begin(const Code &code) const
	{
		vcpu->set_mp_state(KVM_MP_STATE_RUNNABLE);
		vcpu->set(sregs);
		// No interrupt that an earlier guest has arranged for.
		KVM_CALL(vcpu->fd(), KVM_SET_LAPIC, &apic);
		for (const kvm_irqchip &chip : chips)
			KVM_CALL(vm.fd(), KVM_SET_IRQCHIP, &chip);
		start(vm, *vcpu, code);
	}

	// The state of before is taken again, and the guest runs.
	void check_alive(std::string_view after, tap::Where where = tap::Where::current()) const
	{
		settle();
		kvm_vcpu_events none = events;
		none.flags = KVM_VCPUEVENT_VALID_NMI_PENDING | KVM_VCPUEVENT_VALID_SHADOW |
			     KVM_VCPUEVENT_VALID_SMM;
		vcpu->set(none);
		check_equal(vcpu->try_set(sregs), 0,
			    std::string(after) + ": errno of KVM_SET_SREGS", where);
		begin(report64);
		check_equal(run_to_report(*vcpu, where), 1234u, after, where);
	}
};

// Calls it; an error has to be one of these.
template <typename Argument> bool taken(const Fd &fd, const char *name, unsigned long request,
					Argument *argument,
					std::initializer_list<int> documented = {EINVAL})
{
	const int error = fd.try_call(request, argument);
	check(error == 0 ||
		      std::find(documented.begin(), documented.end(), error) != documented.end(),
	      std::string(name) + ": " + strerror(error) + " is not documented");
	return error == 0;
}
#define TAKEN(fd, request, ...) taken(fd, #request, request, __VA_ARGS__)

// Changes a few bytes, 64-bit words or bits of a structure.
template <typename T> void spoil(Random &random, T &state)
{
	auto *bytes = reinterpret_cast<unsigned char *>(&state);
	for (std::uint64_t i = 1 + random.below(3); i; i--) {
		if (random.one_in(2)) {
			bytes[random.below(sizeof(T))] = static_cast<unsigned char>(random.next());
		} else {
			const std::uint64_t value = random.value();
			memcpy(bytes + random.below(sizeof(T) / 8) * 8, &value, 8);
		}
	}
}

} // namespace

TEST(general_registers)
{
	Random random(seed());
	const Machine machine;
	for (int i = 0; i < 300; i++) {
		machine.begin(any_code(random));
		kvm_regs regs = machine.vcpu->regs();
		spoil(random, regs);
		check_equal(machine.fd().try_call(KVM_SET_REGS, &regs), 0, "errno of KVM_SET_REGS");
		machine.run("registers");
		machine.settle();
	}
	machine.check_alive("registers");
}

TEST(system_registers)
{
	Random random(seed());
	auto current = std::make_unique<Machine>();
	unsigned accepted = 0;
	for (int i = 0; i < 1000; i++) {
		const Machine &machine = *current;
		const Code &code = any_code(random);
		machine.begin(code);
		kvm_sregs sregs = machine.vcpu->sregs();
		spoil(random, sregs);
		if (!TAKEN(machine.fd(), KVM_SET_SREGS, &sregs))
			continue;
		accepted++;
		machine.run("system registers");
		// An event that a failed entry did not deliver stays in the VMCS, for the next.
		if (machine.vcpu->state().exit_reason == KVM_EXIT_FAIL_ENTRY)
			current = std::make_unique<Machine>();
		else
			machine.check_alive("system registers");
	}
	current->check_alive("system registers");
	check(accepted > 100, "a good part is taken");
}

TEST(system_registers_2)
{
	Random random(seed() + 1);
	const Machine machine;
	machine.vm.need(KVM_CAP_SREGS2, "KVM_CAP_SREGS2");
	for (int i = 0; i < 300; i++) {
		machine.begin(any_code(random));
		kvm_sregs2 sregs = machine.vcpu->sregs2();
		spoil(random, sregs);
		if (random.one_in(2))
			sregs.flags = KVM_SREGS2_FLAGS_PDPTRS_VALID;
		if (!TAKEN(machine.fd(), KVM_SET_SREGS2, &sregs))
			continue;
		machine.run("system registers");
		machine.check_alive("system registers");
	}
}

namespace {

void hammer_msrs(std::uint32_t first, std::uint32_t last)
{
	Random random(seed() + first);
	std::unique_ptr<Machine> machine;
	for (std::uint32_t index = first; index <= last; index++) {
		// A new machine now and then: what some MSRs leave behind is not undone by others.
		if (index % 32 == 0 || !machine)
			machine = std::make_unique<Machine>();
		std::uint64_t before;
		const bool readable = machine->vcpu->try_get_msr(index, before);
		bool changed = false;
		for (int i = 0; i < 3; i++)
			changed |= machine->vcpu->try_set_msr(index, random.value());
		if (changed) {
			machine->begin(report64);
			machine->run("MSR " + tap::hex(index));
			machine->settle();
		}
		if (readable)
			(void)machine->vcpu->try_set_msr(index, before);
	}
	Machine().check_alive("MSRs");
}

} // namespace

TEST(msrs_architectural)
{
	hammer_msrs(0, 0x2ff);
}

TEST(msrs_monitoring_vmx_and_apic)
{
	hammer_msrs(0x300, 0x3ff);
	hammer_msrs(0x480, 0x4ff);
	hammer_msrs(0x560, 0x5bf);
	hammer_msrs(0x680, 0x7ff);
	hammer_msrs(0x800, 0x8ff);
	hammer_msrs(0xd90, 0xdbf);
}

TEST(msrs_of_hypervisors)
{
	hammer_msrs(0x40000000, 0x40000120);
	hammer_msrs(0x4b564d00, 0x4b564d1f);
}

TEST(msrs_extended)
{
	hammer_msrs(0xc0000080, 0xc0000110);
	hammer_msrs(0xc0010000, 0xc001003f);
	hammer_msrs(0xc0010110, 0xc001011f);
}

// From the guest's side an MSR either takes the value or raises #GP.
GUEST_CODE(access_msr, 64, R"(
0:	in $report_port, %eax		# which
	mov %eax, %ecx
	rdmsr
	in $report_port, %eax
	mov %eax, %edx
	in $report_port, %eax
	wrmsr
	jmp 0b
)");

TEST(msrs_from_the_guest)
{
	Random random(seed());
	constexpr struct {
		std::uint32_t first, count;
	} ranges[] = {{0, 0x800},	   {0x800, 0x100},	{0xc80, 0x200},
		      {0x40000000, 0x100}, {0x4b564d00, 0x10},	{0xc0000080, 0x100},
		      {0xc0010000, 0x100}, {0xc0002000, 0x100}, {0x1ff0, 0x20},
		      {0xbffffff0, 0x20},  {0xffffff00, 0x100}};
	for (int machines = 0; machines < 24; machines++) {
		const Machine machine;
		machine.begin(access_msr);
		for (int i = 0; i < 120; i++) {
			const int error = machine.budget->run(microseconds);
			check(error == 0 || error == EINTR, "KVM_RUN");
			if (error)
				break;
			kvm_run &run = machine.vcpu->state();
			if (run.exit_reason != KVM_EXIT_IO)
				break;
			if (run.io.direction == KVM_EXIT_IO_OUT) {
				check_equal(machine.vm.at<std::uint64_t>(record_address), 13u,
					    "vector of the exception");
				kvm_regs regs = machine.vcpu->regs();
				// The gate's stub: back to the loop's start.
				machine.vm.at<std::uint64_t>(regs.rsp + 8) = code_address;
				continue;
			}
			const auto &range = ranges[random.below(std::size(ranges))];
			const auto number = static_cast<std::uint32_t>(
				random.one_in(2) ? range.first + random.below(range.count)
						 : random.value());
			memcpy(reinterpret_cast<char *>(&run) + run.io.data_offset, &number, 4);
		}
	}
	Machine().check_alive("MSRs from the guest");
}

TEST(debug_registers)
{
	Random random(seed());
	const Machine machine;
	for (int i = 0; i < 200; i++) {
		machine.begin(any_code(random));
		kvm_debugregs debugregs = machine.vcpu->debugregs();
		spoil(random, debugregs);
		debugregs.flags = random.one_in(8) ? 1 : 0;
		kvm_guest_debug debug = {};
		debug.control = random.next() & 0x3f003f;
		for (auto &value : debug.arch.debugreg)
			value = random.one_in(2) ? code_address + random.below(16) : random.value();
		TAKEN(machine.fd(), KVM_SET_GUEST_DEBUG, &debug, {EINVAL, EBUSY});
		TAKEN(machine.fd(), KVM_SET_DEBUGREGS, &debugregs);
		machine.run("debug registers");
		debug = {};
		KVM_CALL(machine.fd(), KVM_SET_GUEST_DEBUG, &debug);
		machine.settle();
		machine.vcpu->set(machine.events);
	}
	kvm_debugregs none = {};
	none.dr6 = 0xffff0ff0;
	none.dr7 = 0x400;
	machine.vcpu->set(none);
	machine.check_alive("debug registers");
}

TEST(events)
{
	Random random(seed());
	for (int machines = 0; machines < 20; machines++) {
		const Machine machine;
		if (random.one_in(2))
			machine.vm.enable(KVM_CAP_EXCEPTION_PAYLOAD, 1);
		for (int i = 0; i < 40; i++) {
			machine.begin(any_code(random));
			kvm_vcpu_events events = {};
			events.exception.injected = random.one_in(3);
			events.exception.pending = random.one_in(4);
			events.exception.nr = random.below(34);
			events.exception.has_error_code = random.one_in(2);
			events.exception.error_code = random.value();
			events.interrupt.injected = random.one_in(3);
			events.interrupt.nr = random.next();
			events.interrupt.soft = random.one_in(3);
			events.interrupt.shadow = random.next();
			events.nmi.injected = random.one_in(3);
			events.nmi.pending = random.next();
			events.nmi.masked = random.one_in(2);
			events.sipi_vector = random.next();
			events.smi.smm = random.one_in(4);
			events.smi.pending = random.one_in(4);
			events.smi.smm_inside_nmi = random.one_in(2);
			events.smi.latched_init = random.one_in(4);
			events.triple_fault.pending = random.one_in(8);
			events.flags = random.next() & (random.one_in(16) ? ~0u : 0x3f);
			if (TAKEN(machine.fd(), KVM_SET_VCPU_EVENTS, &events))
				machine.run("events");
			(void)machine.vcpu->events();
			machine.settle();
			machine.vcpu->set_mp_state(KVM_MP_STATE_RUNNABLE);
		}
	}
	Machine().check_alive("events");
}

TEST(mp_states_with_events)
{
	Random random(seed());
	const Machine machine;
	for (int i = 0; i < 300; i++) {
		machine.begin(any_code(random));
		kvm_mp_state state = {static_cast<std::uint32_t>(
			random.one_in(4) ? random.value() : random.below(12))};
		TAKEN(machine.fd(), KVM_SET_MP_STATE, &state);
		// kvm.ko warns of a timer that runs while the vCPU waits for its INIT.
		const bool waits = machine.vcpu->mp_state().mp_state == KVM_MP_STATE_UNINITIALIZED;
		if (random.one_in(3))
			machine.vcpu->nmi();
		if (random.one_in(3))
			(void)machine.fd().try_call(KVM_SMI);
		machine.run("mp_state",
			    waits ? Budget::Guard::signal_only : Budget::Guard::apic_timer);
		machine.settle();
	}
	Machine().check_alive("mp_state");
}

TEST(local_apic)
{
	Random random(seed());
	for (int machines = 0; machines < 10; machines++) {
		const Machine machine;
		for (int i = 0; i < 30; i++) {
			machine.begin(any_code(random));
			kvm_lapic_state apic;
			KVM_CALL(machine.fd(), KVM_GET_LAPIC, &apic);
			if (random.one_in(8))
				random.fill(&apic, sizeof(apic));
			else
				for (std::uint64_t n = random.below(8); n; n--)
					random.fill(apic.regs + random.below(64) * 16, 4);
			TAKEN(machine.fd(), KVM_SET_LAPIC, &apic);
			const int error = machine.vcpu->try_run();
			check(error == 0 || error == EINTR, "KVM_RUN after KVM_SET_LAPIC");
		}
	}
	Machine().check_alive("local APIC");
}

TEST(fpu_and_xsave)
{
	Random random(seed());
	const Machine machine;
	for (int i = 0; i < 200; i++) {
		machine.begin(any_code(random));
		kvm_fpu fpu;
		random.fill(&fpu, sizeof(fpu));
		TAKEN(machine.fd(), KVM_SET_FPU, &fpu);
		kvm_xsave xsave;
		KVM_CALL(machine.fd(), KVM_GET_XSAVE, &xsave);
		if (random.one_in(2))
			random.fill(&xsave, sizeof(xsave));
		else
			spoil(random, xsave);
		TAKEN(machine.fd(), KVM_SET_XSAVE, &xsave);
		kvm_xcrs xcrs = {};
		xcrs.nr_xcrs = random.below(3);
		xcrs.flags = random.one_in(8);
		for (auto &entry : xcrs.xcrs) {
			entry.xcr = random.one_in(4);
			entry.value = random.one_in(2) ? random.value() : random.below(8);
		}
		TAKEN(machine.fd(), KVM_SET_XCRS, &xcrs);
		machine.run("FPU state");
		machine.settle();
	}
	machine.check_alive("FPU state");
}

TEST(cpuid_nonsense)
{
	Random random(seed());
	for (int i = 0; i < 40; i++) {
		const Machine machine(Vcpu::WithCpuid::none);
		Cpuid table = Cpuid::supported();
		kvm_cpuid2 &content = *table.get();
		for (std::uint64_t n = 1 + random.below(20); n; n--)
			spoil(random, content.entries[random.below(content.nent)]);
		// EPERM: leaf 0DH has a state that the process must first ask leave to use.
		TAKEN(machine.fd(), KVM_SET_CPUID2, table.get(), {EINVAL, EPERM});
		// A width of physical addresses that the APIC's own does not fit refuses all of
		// them.
		if (machine.vcpu->try_set(machine.sregs))
			continue;
		machine.begin(report32);
		machine.run("CPUID");
		for (int msrs = 0; msrs < 20; msrs++)
			(void)machine.vcpu->try_set_msr(random.below(0x800), random.value());
		machine.run("CPUID and MSRs");
		kvm_sregs sregs = machine.vcpu->sregs();
		spoil(random, sregs);
		TAKEN(machine.fd(), KVM_SET_SREGS, &sregs);
		machine.run("CPUID and system registers");
	}
	Machine().check_alive("CPUID");
}

TEST(shared_registers)
{
	Random random(seed());
	const Machine machine;
	machine.vm.need(KVM_CAP_SYNC_REGS, "KVM_CAP_SYNC_REGS");
	for (int i = 0; i < 300; i++) {
		machine.begin(any_code(random));
		kvm_run &run = machine.vcpu->state();
		run.s.regs.regs = machine.vcpu->regs();
		run.s.regs.sregs = machine.vcpu->sregs();
		run.s.regs.events = machine.vcpu->events();
		spoil(random, run.s.regs);
		run.kvm_valid_regs = random.next() & (random.one_in(4) ? 0xf : 7);
		run.kvm_dirty_regs = random.next() & (random.one_in(4) ? 0xf : 7);
		const bool known = !((run.kvm_valid_regs | run.kvm_dirty_regs) & 8);
		const int error = machine.budget->run(microseconds);
		check(error == 0 || error == EINTR || error == EINVAL || error == EFAULT ||
			      error == EAGAIN,
		      std::string("KVM_RUN: ") + strerror(error));
		check(known || error == EINVAL, "unknown bits are refused");
		run.kvm_valid_regs = run.kvm_dirty_regs = 0;
		machine.settle();
		kvm_vcpu_events none = machine.events;
		none.flags = KVM_VCPUEVENT_VALID_NMI_PENDING | KVM_VCPUEVENT_VALID_SHADOW |
			     KVM_VCPUEVENT_VALID_SMM;
		machine.vcpu->set(none);
	}
	machine.check_alive("shared registers");
}

// Whole structures of rubbish to every ioctl that takes one, and pointers that lead nowhere.
TEST(rubbish)
{
	constexpr unsigned long requests[] = {KVM_SET_REGS,
					      KVM_SET_SREGS,
					      KVM_SET_MSRS,
					      KVM_SET_FPU,
					      KVM_SET_LAPIC,
					      KVM_SET_CPUID2,
					      KVM_SET_MP_STATE,
					      KVM_SET_VCPU_EVENTS,
					      KVM_SET_DEBUGREGS,
					      KVM_SET_XCRS,
					      KVM_SET_XSAVE,
					      KVM_SET_GUEST_DEBUG,
					      KVM_INTERRUPT,
					      KVM_TRANSLATE,
					      KVM_TPR_ACCESS_REPORTING,
					      KVM_SET_VAPIC_ADDR,
					      KVM_X86_SETUP_MCE,
					      KVM_X86_SET_MCE,
					      KVM_SET_TSC_KHZ,
					      KVM_ENABLE_CAP,
					      KVM_SET_SIGNAL_MASK,
					      KVM_KVMCLOCK_CTRL,
					      KVM_GET_NESTED_STATE,
					      KVM_SET_NESTED_STATE,
					      KVM_GET_MSRS,
					      KVM_GET_LAPIC,
					      KVM_GET_SREGS,
					      KVM_GET_XSAVE,
					      KVM_GET_SUPPORTED_HV_CPUID,
					      KVM_GET_CPUID2,
					      KVM_SET_DEVICE_ATTR,
					      KVM_GET_DEVICE_ATTR,
					      KVM_HAS_DEVICE_ATTR,
					      KVM_SET_SREGS2,
					      KVM_GET_TSC_KHZ,
					      KVM_NMI,
					      KVM_SMI,
					      KVM_SET_ONE_REG,
					      KVM_GET_ONE_REG};
	Random random(seed());
	Mapping buffer(64 << 10);
	for (int machines = 0; machines < 12; machines++) {
		const Machine machine;
		for (int i = 0; i < 60; i++) {
			machine.begin(report32);
			random.fill(buffer.data(), 512 + random.below(4096));
			const unsigned long request = requests[random.below(std::size(requests))];
			if (random.one_in(4))
				check(machine.fd().try_call(request, random.value()) != EIO,
				      "no EIO");
			else
				(void)machine.fd().try_call(request, buffer.data());
			const int error = machine.budget->run(microseconds);
			check(error == 0 || error == EINTR || error == EFAULT || error == EAGAIN ||
				      error == EINVAL,
			      std::string("KVM_RUN: ") + strerror(error));
		}
	}
	Machine().check_alive("rubbish");
}
