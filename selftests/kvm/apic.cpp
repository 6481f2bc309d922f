// SPDX-License-Identifier: GPL-2.0-only
//
// The in-kernel local APIC: its timer, interrupts between vCPUs, start-up of a second vCPU, x2APIC.
#include "harness/apic.hpp"
#include "harness/thread.hpp"

using namespace kvm;
using tap::check;
using tap::check_equal;

namespace {

GUEST_CONSTANT(second_code_address, 0xb000)

GUEST_CODE(timer_once, 64, XAPIC_ON R"(
	movl $0x0b, 0x3e0(%r8)
	movl $0x40, 0x320(%r8)
	movl $100000, 0x380(%r8)
	sti
0:	hlt
	jmp 0b
timer_once_handler:
	movl $0, 0xb0(%r8)
	mov 0x390(%r8), %eax
	out %eax, $report_port
	iretq
)");
GUEST_LABEL(timer_once_handler);

GUEST_CODE(timer_periodic, 64, XAPIC_ON R"(
	movl $0x0b, 0x3e0(%r8)
	movl $0x20040, 0x320(%r8)
	movl $20000000, 0x380(%r8)	# ns: 20 ms
	sti
0:	hlt
	cmp $5, %ebx
	jb 0b
	mov %ebx, %eax
	out %eax, $report_port
timer_periodic_handler:
	inc %ebx
	movl $0, 0xb0(%r8)
	iretq
)");
GUEST_LABEL(timer_periodic_handler);

// Spins instead of halting: the deadline has to interrupt a running guest.
GUEST_CODE(timer_deadline, 64, XAPIC_ON R"(
	movl $0x40040, 0x320(%r8)
	rdtsc
	shl $32, %rdx
	or %rdx, %rax
	add $100000, %rax
	mov %rax, %rsi
	mov %rax, %rdx
	shr $32, %rdx
	mov $0x6e0, %ecx
	wrmsr
	sti
0:	test %ebx, %ebx
	jz 0b
	mov %ebx, %eax
	out %eax, $report_port
timer_deadline_handler:
	movl $0, 0xb0(%r8)
	rdtsc
	shl $32, %rdx
	or %rdx, %rax
	mov $1, %ebx
	cmp %rsi, %rax
	jae 1f
	mov $2, %ebx
1:	iretq
)");
GUEST_LABEL(timer_deadline_handler);

GUEST_CODE(self_ipi, 64, XAPIC_ON R"(
	movl $0x00040051, 0x300(%r8)
	nop
	mov $0xbad, %ebx
	sti
	nop
	mov %ebx, %eax
	out %eax, $report_port
self_ipi_handler:
	mov $0x51, %ebx
	movl $0, 0xb0(%r8)
	iretq
)");
GUEST_LABEL(self_ipi_handler);

// vCPU 0 sends, waits for the answer, 200 times; vCPU 1 halts and counts in its handler. Who waits
// has interrupts on: Bochs 2.7 holds back the host's while its guest has them off.
GUEST_CODE(ipi_sender, 64, XAPIC_ON R"(
	sti
0:	pause
	cmpl $0, data_address + 4
	je 0b
	mov $200, %ecx
1:	mov data_address, %edx
	movl $0x01000000, 0x310(%r8)
	movl $0x00000052, 0x300(%r8)
2:	pause
	cmp %edx, data_address
	je 2b
	dec %ecx
	jnz 1b
	mov data_address, %eax
	out %eax, $report_port
ipi_receiver:
	int $touch_vector
	mov $apic_base, %r8d
	movl $0x1ff, 0xf0(%r8)
	movl $1, data_address + 4
	sti
3:	hlt
	jmp 3b
ipi_handler:
	incl data_address
	movl $0, 0xb0(%r8)
	iretq
)");
GUEST_LABEL(ipi_receiver);
GUEST_LABEL(ipi_handler);

// INIT, SIPI, SIPI; the second vCPU answers from real mode.
GUEST_CODE(start_second, 64, XAPIC_ON R"(
	sti
	movl $0x01000000, 0x310(%r8)
	movl $0x00004500, 0x300(%r8)
	movl $0x0000060b, 0x300(%r8)
0:	pause
	cmpl $0, data_address
	je 0b
	mov data_address, %eax
	out %eax, $report_port
)");

GUEST_CODE(second_in_real_mode, 16, R"(
	mov $data_segment, %ax
	mov %ax, %ds
	mov %cs, %ax
	shl $16, %eax
	mov $0x5a5a, %ax
	mov %eax, 0
0:	hlt
	jmp 0b
)");

GUEST_CODE(x2apic_self_ipi, 64, R"(
	mov $0x1b, %ecx
	rdmsr
	or $0x400, %eax
	wrmsr
	mov $0x80f, %ecx
	mov $0x1ff, %eax
	xor %edx, %edx
	wrmsr
	int $touch_vector
	mov $0x802, %ecx
	rdmsr
	mov %eax, %esi
	mov $0x830, %ecx
	mov $0x00040053, %eax
	xor %edx, %edx
	wrmsr
	sti
	nop
	nop
	mov %ebx, %eax
	out %eax, $report_port
x2apic_handler:
	mov %esi, %ebx
	shl $16, %ebx
	mov $0x53, %bl
	mov $0x80b, %ecx
	xor %eax, %eax
	xor %edx, %edx
	wrmsr
	iretq
)");
GUEST_LABEL(x2apic_handler);

// A high task priority holds a lower interrupt back until it is lowered through cr8.
GUEST_CODE(held_back_by_cr8, 64, XAPIC_ON R"(
	mov $6, %eax
	mov %rax, %cr8
	movl $0x00040054, 0x300(%r8)
	sti
	nop
	nop
	mov %ebx, %eax
	out %eax, $report_port
	mov $4, %eax
	mov %rax, %cr8
	nop
	mov %ebx, %eax
	out %eax, $report_port
held_back_handler:
	inc %ebx
	movl $0, 0xb0(%r8)
	iretq
)");
GUEST_LABEL(held_back_handler);

GUEST_CODE(nmi_to_second, 64, XAPIC_ON R"(
	sti
0:	pause
	cmpl $0, data_address + 4
	je 0b
	movl $0x01000000, 0x310(%r8)
	movl $0x00000400, 0x300(%r8)
1:	pause
	cmpl $0, data_address
	je 1b
	mov data_address, %eax
	out %eax, $report_port
nmi_receiver:
	cli
	movl $1, data_address + 4
2:	hlt
	jmp 2b
nmi_ipi_handler:
	incl data_address
	iretq
)");
GUEST_LABEL(nmi_receiver);
GUEST_LABEL(nmi_ipi_handler);

} // namespace

TEST(timer_one_shot)
{
	const Vm vm = machine_with_apic();
	const Vcpu vcpu(vm, 0, Vcpu::WithCpuid::none);
	start_with_apic(vm, vcpu, timer_once, 0x40, timer_once_handler);
	check_equal(run_to_report(vcpu), 0u, "current count once it has run out");
}

TEST(timer_that_repeats)
{
	const Vm vm = machine_with_apic();
	const Vcpu vcpu(vm, 0, Vcpu::WithCpuid::none);
	start_with_apic(vm, vcpu, timer_periodic, 0x40, timer_periodic_handler);
	// One more may come between the comparison and the report.
	check(run_to_report(vcpu) >= 5, "the guest counted five interrupts");
}

TEST(timer_tsc_deadline)
{
	const Vm vm = machine_with_apic();
	vm.need(KVM_CAP_TSC_DEADLINE_TIMER, "KVM_CAP_TSC_DEADLINE_TIMER");
	const Vcpu vcpu(vm, 0, Vcpu::WithCpuid::none);
	start_with_apic(vm, vcpu, timer_deadline, 0x40, timer_deadline_handler);
	check_equal(run_to_report(vcpu), 1u, "1: at or after the deadline, 2: before");
}

// The preemption timer counts the host's TSC, a deadline is one of the guest's.
TEST(timer_tsc_deadline_of_another_rate)
{
	for (const unsigned percent : {30, 300}) {
		const Vm vm = machine_with_apic();
		vm.need(KVM_CAP_TSC_DEADLINE_TIMER, "KVM_CAP_TSC_DEADLINE_TIMER");
		vm.need(KVM_CAP_TSC_CONTROL, "KVM_CAP_TSC_CONTROL");
		const Vcpu vcpu(vm, 0, Vcpu::WithCpuid::none);
		const int khz = KVM_CALL(vcpu.fd(), KVM_GET_TSC_KHZ);
		KVM_CALL(vcpu.fd(), KVM_SET_TSC_KHZ, khz / 100 * percent);
		start_with_apic(vm, vcpu, timer_deadline, 0x40, timer_deadline_handler);
		check_equal(run_to_report(vcpu), 1u, "1: at or after the deadline, 2: before");
	}
}

TEST(ipi_to_self)
{
	const Vm vm = machine_with_apic();
	const Vcpu vcpu(vm, 0, Vcpu::WithCpuid::none);
	start_with_apic(vm, vcpu, self_ipi, 0x51, self_ipi_handler);
	check_equal(run_to_report(vcpu), 0x51u, "ebx, set by the handler");
}

TEST(ipi_between_vcpus)
{
	const Vm vm = machine_with_apic();
	const Vcpu sender(vm, 0, Vcpu::WithCpuid::none), receiver(vm, 1, Vcpu::WithCpuid::none);
	start_with_apic(vm, sender, ipi_sender, 0x52, ipi_handler);
	start_with_apic(vm, receiver, ipi_sender, 0x52, ipi_handler);
	set_rip(receiver, ipi_sender.at(ipi_receiver));
	receiver.set_mp_state(KVM_MP_STATE_RUNNABLE);

	Running other(receiver);
	check_equal(run_to_report(sender), 200u, "interrupts counted by the receiver");
	check_equal(other.stop(), EINTR, "errno of the receiver's KVM_RUN");
}

TEST(nmi_between_vcpus)
{
	const Vm vm = machine_with_apic();
	const Vcpu sender(vm, 0, Vcpu::WithCpuid::none), receiver(vm, 1, Vcpu::WithCpuid::none);
	start_with_apic(vm, sender, nmi_to_second, 2, nmi_ipi_handler);
	start_with_apic(vm, receiver, nmi_to_second, 2, nmi_ipi_handler);
	set_rip(receiver, nmi_to_second.at(nmi_receiver));
	receiver.set_mp_state(KVM_MP_STATE_RUNNABLE);

	Running other(receiver);
	check_equal(run_to_report(sender), 1u, "NMIs counted by the receiver");
}

TEST(init_and_sipi)
{
	const Vm vm = machine_with_apic();
	const Vcpu first(vm, 0, Vcpu::WithCpuid::none), second(vm, 1);
	start_with_apic(vm, first, start_second, 0x52, start_second_begin);
	memcpy(vm.memory(second_code_address), second_in_real_mode.begin,
	       second_in_real_mode.end - second_in_real_mode.begin);

	Running other(second);
	check_equal(run_to_report(first), (second_code_address >> 4) << 16 | 0x5a5a,
		    "cs of the second vCPU, and its mark");
	other.stop();
	check_equal(second.sregs().cs.base, second_code_address, "cs base of the second vCPU");
}

TEST(x2apic)
{
	const Vm vm = machine_with_apic();
	const Vcpu vcpu(vm, 0, Vcpu::WithCpuid::none);
	start_with_apic(vm, vcpu, x2apic_self_ipi, 0x53, x2apic_handler);
	check_equal(run_to_report(vcpu), 0x53u, "the APIC's id and the handler's mark");
}

TEST(task_priority_holds_interrupts_back)
{
	const Vm vm = machine_with_apic();
	const Vcpu vcpu(vm, 0, Vcpu::WithCpuid::none);
	start_with_apic(vm, vcpu, held_back_by_cr8, 0x54, held_back_handler);
	check_equal(run_to_report(vcpu), 0u, "interrupts while cr8 is 6");
	check_equal(run_to_report(vcpu), 1u, "interrupts once cr8 is 4");
}
