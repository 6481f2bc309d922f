// SPDX-License-Identifier: GPL-2.0-only
//
// The registers of the local APIC that a CPU can virtualize: task priority, EOI, ICR, what is
// pending and in service; in xAPIC mode, in x2APIC mode, and on the way from one to the other.
#include "harness/apic.hpp"
#include "harness/thread.hpp"

using namespace kvm;
using tap::check;
using tap::check_equal;

namespace {

// KVM may drop what it has mapped when the mode changes, so the touch comes last.
#define X2APIC_ON                                                                                  \
	"mov $0x1b, %ecx\n"                                                                        \
	"rdmsr\n"                                                                                  \
	"or $0x400, %eax\n"                                                                        \
	"wrmsr\n"                                                                                  \
	"mov $0x80f, %ecx\n"                                                                       \
	"mov $0x1ff, %eax\n"                                                                       \
	"xor %edx, %edx\n"                                                                         \
	"wrmsr\n" TOUCH_DELIVERY
#define WRITE_MSR(msr, value)                                                                      \
	"mov $" #msr ", %ecx\n"                                                                    \
	"mov $" #value ", %eax\n"                                                                  \
	"xor %edx, %edx\n"                                                                         \
	"wrmsr\n"
#define READ_MSR(msr)                                                                              \
	"mov $" #msr ", %ecx\n"                                                                    \
	"rdmsr\n"
#define REPORT "out %eax, $report_port\n"
#define REPORT_CR8 "mov %cr8, %rax\n" REPORT

GUEST_CODE(task_priority_xapic, 64, XAPIC_ON R"(
	movl $0x35, 0x80(%r8)
)" REPORT_CR8 R"(
	mov 0x80(%r8), %eax
)" REPORT R"(
	mov 0xa0(%r8), %eax
)" REPORT R"(
	mov $9, %eax
	mov %rax, %cr8
	mov 0x80(%r8), %eax
)" REPORT);

GUEST_CODE(task_priority_x2apic, 64,
	   X2APIC_ON WRITE_MSR(0x808, 0x35) REPORT_CR8 READ_MSR(0x808) REPORT READ_MSR(0x80a) REPORT
	   R"(
	mov $9, %eax
	mov %rax, %cr8
)" READ_MSR(0x808) REPORT WRITE_MSR(0x808, 0x100));

// An MSI that the test sends level triggered; the handler's EOI is what userspace waits for.
GUEST_CODE(level_xapic, 64, XAPIC_ON REPORT R"(
	sti
0:	hlt
	jmp 0b
level_xapic_handler:
	movl $0, 0xb0(%r8)
	mov $0x77, %eax
)" REPORT "iretq");
GUEST_LABEL(level_xapic_handler);

GUEST_CODE(level_x2apic, 64, X2APIC_ON REPORT R"(
	sti
0:	hlt
	jmp 0b
level_x2apic_handler:
)" WRITE_MSR(0x80b, 0) R"(
	mov $0x77, %eax
)" REPORT "iretq");
GUEST_LABEL(level_x2apic_handler);

// 0x41's handler lets higher ones in and sends itself 0x31, which must wait, and 0x71, which comes
// at once. ebx collects the order.
#define NESTING_HANDLERS(name)                                                                     \
#name "_low:	shl $8, %rbx\n"                                                               \
	      "	mov $0x31, %bl\n"                                                                  \
	      "	jmp 2f\n" #name "_high:	shl $8, %rbx\n"                                            \
	      "	mov $0x71, %bl\n"                                                                  \
	      "	jmp 2f\n" #name "_middle:	shl $8, %rbx\n"                                          \
	      "	mov $0x41, %bl\n"
#define NESTING_END "	sti\n	nop\n	nop\n	mov %ebx, %eax\n" REPORT

GUEST_CODE(nesting_xapic, 64, XAPIC_ON R"(
	xor %ebx, %ebx
	movl $0x00040041, 0x300(%r8)
)" NESTING_END NESTING_HANDLERS(nesting_xapic) R"(
	movl $0x00040031, 0x300(%r8)
	movl $0x00040071, 0x300(%r8)
	sti
	nop
	nop
	cli
	shl $8, %rbx
	mov $0x99, %bl
2:	movl $0, 0xb0(%r8)
	iretq
)");
GUEST_LABEL(nesting_xapic_low);
GUEST_LABEL(nesting_xapic_middle);
GUEST_LABEL(nesting_xapic_high);

GUEST_CODE(nesting_x2apic, 64,
	   X2APIC_ON R"(
	xor %ebx, %ebx
)" WRITE_MSR(0x83f, 0x41) NESTING_END NESTING_HANDLERS(nesting_x2apic) WRITE_MSR(0x83f, 0x31)
		   WRITE_MSR(0x83f, 0x71) R"(
	sti
	nop
	nop
	cli
	shl $8, %rbx
	mov $0x99, %bl
2:
)" WRITE_MSR(0x80b, 0) "iretq");
GUEST_LABEL(nesting_x2apic_low);
GUEST_LABEL(nesting_x2apic_middle);
GUEST_LABEL(nesting_x2apic_high);

// Reports with 0x51 pending; then takes it, and reports from its handler with 0x41 pending as well.
GUEST_CODE(stops_on_the_way, 64, XAPIC_ON R"(
	cli
	movl $0x00040051, 0x300(%r8)
	mov $1, %eax
)" REPORT TOUCH_DELIVERY R"(
	sti
	nop
	nop
	mov $3, %eax
)" REPORT R"(
stops_high:
	movl $0x00040041, 0x300(%r8)
	mov $2, %eax
)" REPORT TOUCH_DELIVERY R"(
	movl $0, 0xb0(%r8)
	iretq
stops_low:
	mov $0x41, %eax
)" REPORT R"(
	movl $0, 0xb0(%r8)
	iretq
)");
GUEST_LABEL(stops_high);
GUEST_LABEL(stops_low);

// The ID in every mode; and what one mode's registers are in another.
GUEST_CODE(changes_mode, 64, XAPIC_ON R"(
	mov 0x20(%r8), %eax
)" REPORT X2APIC_ON READ_MSR(0x802) REPORT R"(
	mov 0x20(%r8), %eax
)" REPORT READ_MSR(0x1b) R"(
	and $~0xc00, %eax
	wrmsr
	mov 0x20(%r8), %eax
)" REPORT R"(
	mov $1, %eax
	cpuid
	mov %edx, %eax
)" REPORT READ_MSR(0x1b) R"(
	or $0x800, %eax
	wrmsr
	movl $0x1ff, 0xf0(%r8)
	mov 0x20(%r8), %eax
)" REPORT R"(
	movl $0x20, 0x80(%r8)
)" REPORT_CR8 READ_MSR(0x802));

// Touches the page for ever.
GUEST_CODE(uses_the_page, 64, XAPIC_ON R"(
	sti
	xor %ebx, %ebx
0:	inc %ebx
	mov %ebx, %eax
	and $0xf0, %eax
	mov %eax, 0x80(%r8)
	mov 0x80(%r8), %ecx
	cmp %eax, %ecx
	jne 1f
	mov 0x20(%r8), %ecx
	shr $24, %ecx
	jnz 1f
	incl data_address
	jmp 0b
1:	mov %ecx, %eax
)" REPORT);

constexpr std::uint32_t leaf1_edx_apic = 1 << 9;

kvm_lapic_state lapic(const Vcpu &vcpu)
{
	kvm_lapic_state state;
	KVM_CALL(vcpu.fd(), KVM_GET_LAPIC, &state);
	return state;
}

bool has_vector(const kvm_lapic_state &state, std::size_t base, unsigned vector)
{
	std::uint32_t word;
	memcpy(&word, state.regs + base + vector / 32 * 0x10, sizeof(word));
	return word >> vector % 32 & 1;
}
constexpr std::size_t in_service = 0x100, requested = 0x200;

void check_nesting(const Code &code, const char *low, const char *middle, const char *high)
{
	const Vm vm = machine_with_apic();
	const Vcpu vcpu(vm, 0, Vcpu::WithCpuid::none);
	start_with_apic(vm, vcpu, code);
	set_gate(vm, 64, 0x31, code.at(low));
	set_gate(vm, 64, 0x41, code.at(middle));
	set_gate(vm, 64, 0x71, code.at(high));
	check_equal(run_to_report(vcpu), 0x41719931u, "order of the handlers");
}

void signal_level(const Vm &vm, std::uint32_t vector)
{
	constexpr std::uint32_t level_asserted = 1 << 15 | 1 << 14;
	kvm_msi message = {};
	message.address_lo = apic_base;
	message.data = vector | level_asserted;
	KVM_CALL(vm.fd(), KVM_SIGNAL_MSI, &message);
}

// The IOAPIC is userspace's, and wants to know of the EOI of 0x61.
void check_eoi_exit(const Code &code, const char *handler)
{
	const Vm vm;
	vm.need(KVM_CAP_SPLIT_IRQCHIP, "KVM_CAP_SPLIT_IRQCHIP");
	vm.enable(KVM_CAP_SPLIT_IRQCHIP, 24);
	struct {
		kvm_irq_routing head = {};
		kvm_irq_routing_entry entry = {};
	} routing;
	routing.head.nr = 1;
	routing.entry.gsi = 5;
	routing.entry.type = KVM_IRQ_ROUTING_MSI;
	routing.entry.u.msi.address_lo = apic_base;
	routing.entry.u.msi.data = 0x61 | 1 << 15;
	KVM_CALL(vm.fd(), KVM_SET_GSI_ROUTING, &routing);

	const Vcpu vcpu(vm, 0, Vcpu::WithCpuid::none);
	start_with_apic(vm, vcpu, code);
	set_gate(vm, 64, 0x61, code.at(handler));
	set_gate(vm, 64, 0x62, code.at(handler));
	run_to_report(vcpu); // the APIC is on
	signal_level(vm, 0x61);
	vcpu.run_to(KVM_EXIT_IOAPIC_EOI);
	check_equal(static_cast<unsigned>(vcpu.state().eoi.vector), 0x61u, "vector of the EOI");
	check_equal(run_to_report(vcpu), 0x77u, "what the handler does after it");

	// Of an edge nobody wants to know.
	kvm_msi message = {};
	message.address_lo = apic_base;
	message.data = 0x62;
	KVM_CALL(vm.fd(), KVM_SIGNAL_MSI, &message);
	check_equal(run_to_report(vcpu), 0x77u, "after the EOI of an edge");
}

} // namespace

TEST(task_priority_in_xapic_mode)
{
	const Vm vm = machine_with_apic();
	const Vcpu vcpu(vm, 0, Vcpu::WithCpuid::none);
	start_with_apic(vm, vcpu, task_priority_xapic);
	check_equal(run_to_report(vcpu), 3u, "CR8 after 0x35 to TPR");
	check_equal(vcpu.state().cr8, 3u, "CR8 that userspace sees");
	check_equal(run_to_report(vcpu), 0x35u, "TPR");
	check_equal(run_to_report(vcpu), 0x35u, "PPR");
	check_equal(run_to_report(vcpu), 0x90u, "TPR after 9 to CR8");
	check_equal(static_cast<unsigned>(lapic(vcpu).regs[0x80]) & 0xff, 0x90u,
		    "TPR that userspace sees");
}

TEST(task_priority_in_x2apic_mode)
{
	const Vm vm = machine_with_apic();
	const Vcpu vcpu(vm, 0, Vcpu::WithCpuid::none);
	start_with_apic(vm, vcpu, task_priority_x2apic);
	check_equal(run_to_report(vcpu), 3u, "CR8 after 0x35 to TPR");
	check_equal(run_to_report(vcpu), 0x35u, "TPR");
	check_equal(run_to_report(vcpu), 0x35u, "PPR");
	check_equal(run_to_report(vcpu), 0x90u, "TPR after 9 to CR8");
	check_equal(static_cast<unsigned>(lapic(vcpu).regs[0x80]) & 0xff, 0x90u,
		    "TPR that userspace sees");
}

TEST(eoi_of_a_level_in_xapic_mode)
{
	check_eoi_exit(level_xapic, level_xapic_handler);
}

TEST(eoi_of_a_level_in_x2apic_mode)
{
	check_eoi_exit(level_x2apic, level_x2apic_handler);
}

TEST(priorities_nest_in_xapic_mode)
{
	check_nesting(nesting_xapic, nesting_xapic_low, nesting_xapic_middle, nesting_xapic_high);
}

TEST(priorities_nest_in_x2apic_mode)
{
	check_nesting(nesting_x2apic, nesting_x2apic_low, nesting_x2apic_middle,
		      nesting_x2apic_high);
}

TEST(state_moves_to_another_vcpu)
{
	const Vm from = machine_with_apic(), to = machine_with_apic();
	const Vcpu old(from, 0, Vcpu::WithCpuid::none);

	start_with_apic(from, old, stops_on_the_way);
	set_gate(from, 64, 0x51, stops_on_the_way.at(stops_high));
	set_gate(from, 64, 0x41, stops_on_the_way.at(stops_low));

	// Each vCPU goes one step: pending at the first report, in service at the second.
	check_equal(run_to_report(old), 1u, "before the interrupt");
	old.complete_exit();
	check(has_vector(lapic(old), requested, 0x51), "0x51 is pending");
	const auto move = [](const Vm &a, const Vcpu &x, const Vm &b, const Vcpu &y) {
		memcpy(b.memory(), a.memory(), default_memory);
		y.set_cpuid(Cpuid::supported());
		y.set(x.sregs());
		y.set(x.regs());
		kvm_lapic_state state = lapic(x);
		KVM_CALL(y.fd(), KVM_SET_LAPIC, &state);
		y.set(x.events());
	};
	const Vcpu next(to, 0, Vcpu::WithCpuid::none);
	move(from, old, to, next);
	check(has_vector(lapic(next), requested, 0x51), "0x51 is pending on the other vCPU");
	check_equal(run_to_report(next), 2u, "in the handler of 0x51");
	next.complete_exit();
	check(has_vector(lapic(next), in_service, 0x51), "0x51 is in service");
	check(!has_vector(lapic(next), requested, 0x51), "0x51 is not pending");
	check(has_vector(lapic(next), requested, 0x41), "0x41 is pending");

	const Vm third = machine_with_apic();
	const Vcpu last(third, 0, Vcpu::WithCpuid::none);
	move(to, next, third, last);
	check_equal(run_to_report(last), 0x41u, "0x41, once 0x51 has ended");
	check(has_vector(lapic(last), in_service, 0x41), "0x41 is in service");
	check(!has_vector(lapic(last), in_service, 0x51), "0x51 is not in service");
	check_equal(run_to_report(last), 3u, "after both");
	check(!has_vector(lapic(last), in_service, 0x41), "nothing is in service");
}

TEST(modes_change)
{
	const Vm vm = machine_with_apic();
	const Vcpu first(vm, 0), vcpu(vm, 1, Vcpu::WithCpuid::none);
	start_with_apic(vm, vcpu, changes_mode);
	vcpu.set_mp_state(KVM_MP_STATE_RUNNABLE);
	check_equal(run_to_report(vcpu), 1u << 24, "ID in xAPIC mode");
	check_equal(run_to_report(vcpu), 1u, "ID in x2APIC mode");
	check_equal(run_to_report(vcpu), ~0u, "the page in x2APIC mode");
	check_equal(run_to_report(vcpu), ~0u, "the page of an APIC that is off");
	check_equal(run_to_report(vcpu) & leaf1_edx_apic, 0u, "CPUID's bit of an APIC that is off");
	check_equal(run_to_report(vcpu), 1u << 24, "ID in xAPIC mode again");
	check_equal(run_to_report(vcpu), 2u, "CR8 after 0x20 to TPR");
	check_equal(run_to_exception(vm, vcpu).vector, 13u, "an x2APIC register in xAPIC mode");
}

// Another slot comes and goes, and so does what KVM has cached of all of them.
TEST(memory_slots_change_under_the_page)
{
	const Vm vm = machine_with_apic();
	const Vcpu vcpu(vm, 0, Vcpu::WithCpuid::none);
	const Mapping other(page_size);
	start_with_apic(vm, vcpu, uses_the_page);
	Running running(vcpu);
	for (unsigned round = 0; round < 20; round++) {
		const std::uint32_t before = vm.at<std::uint32_t>(data_address);
		vm.set_slot(1, apic_base + 0x100000, page_size, other.data());
		vm.set_slot(1, apic_base + 0x100000, 0, other.data());
		wait_until([&] { return vm.at<std::uint32_t>(data_address) != before; },
			   "the guest goes on");
	}
	check_equal(running.stop(), EINTR, "errno of KVM_RUN: TPR and ID read back as they should");
}
