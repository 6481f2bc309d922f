// SPDX-License-Identifier: GPL-2.0-only
//
// Interrupts from outside the vCPU: the in-kernel PIT, PIC and IOAPIC, MSIs and eventfds.
#include "harness/guest.hpp"
#include "harness/thread.hpp"

#include <sys/eventfd.h>

using namespace kvm;
using tap::check;
using tap::check_equal;

namespace {

GUEST_CONSTANT(apic_base, 0xfee00000)
GUEST_CONSTANT(ioapic_base, 0xfec00000)
GUEST_CONSTANT(pic_vectors, 0x20)

// The first PIC at pic_vectors, edge triggered, all lines open.
#define PIC_ON                                                                                     \
	"mov $0x11, %al\n out %al, $0x20\n"                                                        \
	"mov $pic_vectors, %al\n out %al, $0x21\n"                                                 \
	"mov $4, %al\n out %al, $0x21\n"                                                           \
	"mov $1, %al\n out %al, $0x21\n"                                                           \
	"mov $0, %al\n out %al, $0x21\n"

GUEST_CODE(pit_ticks, 64, PIC_ON R"(
	mov $0x34, %al			# counter 0, rate generator
	out %al, $0x43
	xor %al, %al			# 65536 periods of 1.193 MHz: 55 ms
	out %al, $0x40
	out %al, $0x40
	sti
0:	hlt
	cmp $4, %ebx
	jb 0b
	mov %ebx, %eax
	out %eax, $report_port
pit_handler:
	inc %ebx
	mov $0x20, %al
	out %al, $0x20
	iretq
)");
GUEST_LABEL(pit_handler);

GUEST_CODE(pic_line, 64, PIC_ON R"(
	movl $1, data_address
	sti
0:	hlt
	jmp 0b
pic_handler:
	mov $0x25, %eax
	out %eax, $report_port
	mov $0x20, %al
	out %al, $0x20
	iretq
)");
GUEST_LABEL(pic_handler);

GUEST_CODE(pic_line_while_spinning, 64, PIC_ON R"(
	movl $1, data_address
	sti
0:	jmp 0b
pic_spin_handler:
	mov $0x26, %eax
	out %eax, $report_port
	iretq
)");
GUEST_LABEL(pic_spin_handler);

// Line 5 of the IOAPIC, level triggered, to vector 0x45. The line stays up: after the first EOI the
// interrupt comes again, and the entry's remote IRR is clear in between.
GUEST_CODE(ioapic_level, 64, TOUCH_DELIVERY R"(
	mov $apic_base, %r8d
	mov $ioapic_base, %r9d
	movl $0x1ff, 0xf0(%r8)
	mov $0xff, %al			# the line goes to the PIC as well
	out %al, $0x21
	movl $0x10 + 5 * 2 + 1, (%r9)
	movl $0, 0x10(%r9)
	movl $0x10 + 5 * 2, (%r9)
	movl $0x8045, 0x10(%r9)
	sti
0:	hlt
	jmp 0b
ioapic_handler:
	movl $0x10 + 5 * 2, (%r9)
	mov 0x10(%r9), %eax
	out %eax, $report_port
	movl $0, 0xb0(%r8)
	iretq
)");
GUEST_LABEL(ioapic_handler);

GUEST_CODE(wait_for_message, 64, TOUCH_DELIVERY R"(
	mov $apic_base, %r8d
	movl $0x1ff, 0xf0(%r8)
	sti
0:	hlt
	jmp 0b
message_handler:
	mov $0x55, %eax
	out %eax, $report_port
	movl $0, 0xb0(%r8)
	iretq
)");
GUEST_LABEL(message_handler);

GUEST_CODE(ring_doorbells, 64, R"(
	mov $mmio_address, %ebx
	movl $1, (%rbx)
	movl $7, 4(%rbx)
	movl $8, 4(%rbx)
	mov $0x2f0, %edx
	out %al, %dx
	out %al, $report_port
)");

// Interrupts are off until the guest's own STI.
void start_with(const Vm &vm, const Vcpu &vcpu, const Code &code, unsigned vector,
		const char *handler)
{
	start(vm, vcpu, code);
	set_gate(vm, 64, vector, code.at(handler));
	kvm_regs regs = vcpu.regs();
	regs.rflags = rflags_fixed;
	vcpu.set(regs);
}

// A thread of the host that raises a line once the guest says that it waits.
std::thread raise_when_waiting(const Vm &vm, std::uint32_t gsi)
{
	return std::thread([&vm, gsi] {
		while (!vm.at<std::uint32_t>(data_address) && !tap::out_of_time())
			std::this_thread::yield();
		vm.set_irq_line(gsi, true);
	});
}

std::uint64_t counted(const Fd &event)
{
	std::uint64_t count = 0;
	return read(event.get(), &count, sizeof(count)) == sizeof(count) ? count : 0;
}

void assign(const Vm &vm, const Fd &event, std::uint64_t address, std::uint32_t size,
	    std::uint32_t flags, std::uint64_t match = 0)
{
	kvm_ioeventfd request = {};
	request.addr = address;
	request.len = size;
	request.fd = event.get();
	request.flags = flags;
	request.datamatch = match;
	KVM_CALL(vm.fd(), KVM_IOEVENTFD, &request);
}

} // namespace

TEST(pit_interrupts)
{
	const Vm vm;
	vm.create_irqchip();
	vm.create_pit();
	const Vcpu vcpu(vm);
	start_with(vm, vcpu, pit_ticks, pic_vectors + 0, pit_handler);
	// One more may come between the comparison and the report.
	check(run_to_report(vcpu) >= 4, "the guest counted four ticks");
}

TEST(pic_line_raised_before)
{
	const Vm vm;
	vm.create_irqchip();
	const Vcpu vcpu(vm);
	start_with(vm, vcpu, pic_line, pic_vectors + 5, pic_handler);
	// ICW1 forgets edges, so the line goes up once the guest has set the PIC up and halts.
	std::thread host = raise_when_waiting(vm, 5);
	vcpu.run_to(KVM_EXIT_IO);
	host.join();
	check_equal(vcpu.state().io.port, report_port, "port");
}

TEST(interrupt_stops_a_spinning_guest)
{
	const Vm vm;
	vm.create_irqchip();
	const Vcpu vcpu(vm);
	start_with(vm, vcpu, pic_line_while_spinning, pic_vectors + 6, pic_spin_handler);
	std::thread host = raise_when_waiting(vm, 6);
	vcpu.run_to(KVM_EXIT_IO);
	host.join();
	check_equal(vcpu.state().io.port, report_port, "port");
}

TEST(ioapic_level_triggered)
{
	constexpr std::uint32_t remote_irr = 1 << 14;
	const Vm vm;
	vm.create_irqchip();
	const Vcpu vcpu(vm);
	start_with(vm, vcpu, ioapic_level, 0x45, ioapic_handler);
	vm.set_irq_line(5, true);
	check_equal(run_to_report(vcpu) & remote_irr, remote_irr, "remote IRR in the handler");
	check_equal(run_to_report(vcpu) & remote_irr, remote_irr, "remote IRR in the next");
	vm.set_irq_line(5, false);

	Running halted(vcpu);
	kvm_irqchip ioapic = {};
	ioapic.chip_id = KVM_IRQCHIP_IOAPIC;
	wait_until(
		[&] {
			KVM_CALL(vm.fd(), KVM_GET_IRQCHIP, &ioapic);
			return !ioapic.chip.ioapic.redirtbl[5].fields.remote_irr;
		},
		"remote IRR is clear after the last EOI");
	check_equal(halted.stop(), EINTR, "errno of KVM_RUN: no further interrupt came");
}

TEST(message_signaled_interrupt)
{
	const Vm vm;
	vm.create_irqchip();
	vm.need(KVM_CAP_SIGNAL_MSI, "KVM_CAP_SIGNAL_MSI");
	const Vcpu vcpu(vm);
	start_with(vm, vcpu, wait_for_message, 0x55, message_handler);
	// The APIC takes no message while the guest has not turned it on.
	vcpu.set_mp_state(KVM_MP_STATE_RUNNABLE);
	kvm_msi message = {};
	message.address_lo = apic_base;
	message.data = 0x55;
	std::thread host([&] {
		while (KVM_CALL(vm.fd(), KVM_SIGNAL_MSI, &message) == 0 && !tap::out_of_time())
			std::this_thread::yield();
	});
	const int error = vcpu.try_run();
	host.join();
	check_equal(error, 0, "errno of KVM_RUN");
	check_equal(vcpu.state().io.port, report_port, "port");
}

TEST(irqfd)
{
	const Vm vm;
	vm.create_irqchip();
	const Vcpu vcpu(vm);
	const Fd event(eventfd(0, EFD_NONBLOCK));
	kvm_irqfd request = {};
	request.fd = event.get();
	request.gsi = 5;
	KVM_CALL(vm.fd(), KVM_IRQFD, &request);
	start_with(vm, vcpu, pic_line, pic_vectors + 5, pic_handler);
	std::thread host([&] {
		while (!vm.at<std::uint32_t>(data_address) && !tap::out_of_time())
			std::this_thread::yield();
		eventfd_write(event.get(), 1);
	});
	vcpu.run_to(KVM_EXIT_IO);
	host.join();
	check_equal(vcpu.state().io.port, report_port, "port");
}

TEST(ioeventfd)
{
	const Vm vm;
	const Vcpu vcpu(vm);
	const Fd any(eventfd(0, EFD_NONBLOCK)), seven(eventfd(0, EFD_NONBLOCK)),
		port(eventfd(0, EFD_NONBLOCK));
	assign(vm, any, mmio_address, 0, 0);
	assign(vm, seven, mmio_address + 4, 4, KVM_IOEVENTFD_FLAG_DATAMATCH, 7);
	assign(vm, port, 0x2f0, 1, KVM_IOEVENTFD_FLAG_PIO);
	start(vm, vcpu, ring_doorbells);

	vcpu.run_to(KVM_EXIT_MMIO);
	check_equal(vcpu.state().mmio.phys_addr, mmio_address + 4, "address of the one exit");
	check_equal(static_cast<int>(vcpu.state().mmio.data[0]), 8, "what did not match");
	vcpu.run_to(KVM_EXIT_IO);
	check_equal(vcpu.state().io.port, report_port, "port");
	check_equal(counted(any), 1u, "rings at an address");
	check_equal(counted(seven), 1u, "rings with the value 7");
	check_equal(counted(port), 1u, "rings at a port");
}
