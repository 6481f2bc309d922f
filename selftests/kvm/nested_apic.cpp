// SPDX-License-Identifier: GPL-2.0-only
//
// L1 virtualizes L2's local APIC: TPR shadow, APIC-access page, x2APIC mode, APIC registers,
// virtual- interrupt delivery, posted interrupts (SDM, chapter "APIC Virtualization and Virtual
// Interrupts").
#include "harness/nested_ept.hpp"
#include "harness/nested_image.hpp"

#include <thread>

using namespace kvm;
using tap::check;
using tap::check_equal;
namespace field = vmx::field;
namespace vector = vmx::vector;
using vmx::Reason;

namespace {

GUEST_CODE(load_code, 64, "mov (%rbx), %eax\n vmcall");
GUEST_CODE(store_code, 64, "mov %ecx, (%rbx)\n vmcall");
GUEST_CODE(read_msr, 64, "rdmsr\n vmcall");
GUEST_CODE(write_msr, 64, "wrmsr\n vmcall");
GUEST_CODE(touch, 64, TOUCH_DELIVERY "mov $1, %eax\n" L2_REPORT "nop\n nop\n vmcall\n vmcall");
GUEST_CODE(self_ipi, 64, TOUCH_DELIVERY R"(
	mov $0x83f, %ecx
	mov $0x61, %eax
	xor %edx, %edx
	wrmsr
	nop
	vmcall
)");
GUEST_CODE(halt_with_interrupt, 64, "sti\n hlt\n vmcall");
GUEST_CODE(eoi, 64, R"(
	mov $0x80b, %ecx
	xor %eax, %eax
	xor %edx, %edx
	wrmsr
	vmcall
)");

GUEST_CODE(write_tpr, 64, R"(
	mov $1, %eax
)" L2_REPORT R"(
	mov %rax, %cr8
	inc %eax
)" L2_REPORT R"(
	mov %rax, %cr8
	inc %eax
)" L2_REPORT "vmcall");

constexpr std::uint32_t id = 0x20, tpr = 0x80, ppr = 0xa0, icr = 0x300, isr = 0x100, irr = 0x200,
			lvt_timer = 0x320;
constexpr std::uint32_t type_write = 1 << 12;
constexpr std::uint64_t apic_base = 0xfee00000;

volatile std::uint32_t &virtual_register(const L1 &l1, std::uint32_t offset)
{
	return l1.at<std::uint32_t>(virtual_apic_address + offset);
}

volatile std::uint32_t &bit_register(const L1 &l1, std::uint32_t area, unsigned number)
{
	return virtual_register(l1, area + number / 32 * 0x10);
}

L1 machine(const Code &code)
{
	L1 l1(default_memory, L1::Irqchip::in_kernel);
	l1.prepare(code);
	return l1;
}

void use_tpr_shadow(L1 &l1)
{
	l1.set(vmx::primary::use_tpr_shadow);
	l1.write(field::virtual_apic_page_address, virtual_apic_address);
}

void use_access_page(L1 &l1)
{
	l1.set(vmx::secondary::virtualize_apic_accesses);
	l1.write(field::apic_access_address, apic_access_address);
}

// MSRs of the x2APIC do not exit by the bitmap.
void use_x2apic(L1 &l1)
{
	use_tpr_shadow(l1);
	l1.set(vmx::secondary::virtualize_x2apic);
	l1.set(vmx::primary::use_msr_bitmaps);
	l1.write(field::msr_bitmap, msr_bitmap_address);
}

void use_virtual_interrupts(L1 &l1)
{
	use_x2apic(l1);
	l1.set(vmx::secondary::virtual_interrupt_delivery |
	       vmx::secondary::apic_register_virtualization);
	l1.set(vmx::pin::external_interrupt_exiting);
	l1.set(vmx::exit::ack_interrupt_on_exit);
}

Result go(L1 &l1, std::uint64_t rbx, std::uint64_t rcx = 0, std::uint64_t rax = 0)
{
	kvm_regs regs = {};
	regs.rbx = rbx;
	regs.rcx = rcx;
	regs.rax = rax;
	l1.write(field::guest_rip, l2_code_address);
	const Result first = l1.vmresume(regs);
	return first == fails(5) ? l1.vmlaunch(regs) : first;
}

// What L2's deliveries need is mapped by this. Bochs 2.7 names the event before a virtual interrupt
// if its delivery ends in an EPT violation.
void touch_delivery(L1 &l1)
{
	expect(go(l1, 0), reports(1), "L2");
	expect(l1.go_on(), exits(Reason::vmcall), "L2");
	l1.write(field::guest_rip, l2_code_address);
}

// Vector 0x51 is requested of an L2 that has run once.
L1 machine_with_interrupt()
{
	L1 l1 = machine(touch);
	use_virtual_interrupts(l1);
	touch_delivery(l1);
	bit_register(l1, irr, 0x51) = 1u << 0x51 % 32;
	l1.write(field::guest_interrupt_status, 0x51);
	return l1;
}

constexpr std::uint32_t notification = 0xf2;

// A vCPU in L2, at its report, for which 0x71 is posted.
L1 machine_with_posted_interrupt()
{
	L1 l1 = machine(touch);
	use_virtual_interrupts(l1);
	l1.set(vmx::pin::posted_interrupts);
	l1.write(field::posted_interrupt_descriptor_address, posted_interrupt_address);
	l1.write(field::posted_interrupt_notification_vector, notification);
	touch_delivery(l1);
	expect(l1.vmresume(), reports(1), "L2");
	l1.at<std::uint64_t>(posted_interrupt_address + 8) = 1ul << (0x71 - 64);
	l1.at<std::uint64_t>(posted_interrupt_address + 32) = 1; // outstanding
	return l1;
}

} // namespace

// Bochs 2.7 dies of a fetch from the page, so none is tried.
TEST(access_page)
{
	L1 l1 = machine(load_code);
	use_access_page(l1);
	for (const std::uint32_t offset : {id, tpr, icr, 0xff0u}) {
		l1.load_l2(load_code);
		expect(go(l1, apic_access_address + offset), exits(Reason::apic_access), "a read");
		l1.expect_field(field::exit_qualification, offset);
		l1.expect_field(field::guest_rip, l2_code_address);
		l1.load_l2(store_code);
		expect(go(l1, apic_access_address + offset), exits(Reason::apic_access), "a write");
		l1.expect_field(field::exit_qualification, offset | type_write);
	}
	// Its neighbours are memory.
	l1.load_l2(load_code);
	l1.at<std::uint32_t>(posted_interrupt_address) = 0x77;
	expect(go(l1, posted_interrupt_address), exits(Reason::vmcall), "the page behind");
	check_equal(l1.l2().rax, 0x77u, "what is there");
}

TEST(access_page_without_control)
{
	L1 l1 = machine(load_code);
	l1.at<std::uint32_t>(apic_access_address + icr) = 0x1234;
	expect(go(l1, apic_access_address + icr), exits(Reason::vmcall), "a read");
	check_equal(l1.l2().rax, 0x1234u, "memory");
}

TEST(access_page_with_tpr_shadow)
{
	L1 l1 = machine(load_code);
	use_access_page(l1);
	use_tpr_shadow(l1);
	virtual_register(l1, tpr) = 0x50;
	expect(go(l1, apic_access_address + tpr), exits(Reason::vmcall), "a read of the TPR");
	check_equal(l1.l2().rax, 0x50u, "the virtual TPR");
	l1.load_l2(store_code);
	l1.write(field::tpr_threshold, 2);
	expect(go(l1, apic_access_address + tpr, 0x30), exits(Reason::vmcall),
	       "a write of the TPR");
	check_equal(virtual_register(l1, tpr), 0x30u, "the virtual TPR");
	expect(go(l1, apic_access_address + tpr, 0x10), exits(Reason::tpr_below_threshold),
	       "a write of a TPR below the threshold");
	l1.expect_field(field::guest_rip, l2_code_address + 2);
	check_equal(virtual_register(l1, tpr), 0x10u, "the virtual TPR");
	l1.write(field::tpr_threshold, 0);
	expect(go(l1, apic_access_address + icr, 0), exits(Reason::apic_access),
	       "a write of the ICR");
	l1.expect_field(field::exit_qualification, icr | type_write);
}

// With APIC accesses virtualized the threshold is not checked by the entry, but exits behind it.
TEST(tpr_below_threshold_at_entry)
{
	L1 l1 = machine(load_code);
	use_access_page(l1);
	use_tpr_shadow(l1);
	virtual_register(l1, tpr) = 0x20;
	l1.write(field::tpr_threshold, 5);
	expect(go(l1, 0), exits(Reason::tpr_below_threshold), "VMLAUNCH");
	l1.expect_field(field::guest_rip, l2_code_address);
}

TEST(access_page_through_ept)
{
	L1 l1 = machine(load_code);
	const Ept ept(l1);
	use(l1, ept);
	use_access_page(l1);
	// The APIC's page of L2 leads to the APIC-access page.
	constexpr std::uint32_t table = ept_address + 7 * page_size;
	l1.at<std::uint64_t>(table) = apic_access_address | Ept::all | Ept::write_back;
	ept.directory(apic_base) = table | Ept::all;
	expect(go(l1, apic_base + icr), exits(Reason::apic_access), "a read");
	l1.expect_field(field::exit_qualification, icr);
	use_tpr_shadow(l1);
	virtual_register(l1, tpr) = 0x40;
	expect(go(l1, apic_base + tpr), exits(Reason::vmcall), "a read of the TPR");
	check_equal(l1.l2().rax, 0x40u, "the virtual TPR");
}

TEST(register_virtualization)
{
	L1 l1 = machine(load_code);
	use_access_page(l1);
	use_tpr_shadow(l1);
	l1.set(vmx::secondary::apic_register_virtualization);
	for (const std::uint32_t offset :
	     {id, 0x30u, 0xd0u, 0xe0u, 0xf0u, isr, irr, icr, lvt_timer}) {
		virtual_register(l1, offset) = offset * 3 + 1;
		expect(go(l1, apic_access_address + offset), exits(Reason::vmcall), "a read");
		check_equal(l1.l2().rax, offset * 3 + 1, "register " + tap::hex(offset));
	}
	// The timer's current count changes by itself, the PPR is only virtual with interrupt
	// delivery.
	expect(go(l1, apic_access_address + 0x390), exits(Reason::apic_access), "current count");
	l1.load_l2(store_code);
	expect(go(l1, apic_access_address + lvt_timer, 0x10055), exits(Reason::apic_write),
	       "a write");
	l1.expect_field(field::exit_qualification, lvt_timer);
	l1.expect_field(field::guest_rip, l2_code_address + 2);
	check_equal(virtual_register(l1, lvt_timer), 0x10055u, "the register");
}

// The CPU writes to the page without a word: a machine that stops while L2 runs has it in the log.
TEST(virtual_apic_page_is_logged)
{
	constexpr std::uint32_t page = virtual_apic_address / page_size;
	L1 l1 = machine(write_tpr);
	use_tpr_shadow(l1);
	expect(l1.vmlaunch(), reports(1), "L2");
	l1.vm().set_slot(0, 0, l1.memory_size(), l1.vm().memory(), KVM_MEM_LOG_DIRTY_PAGES);
	for (const std::uint32_t report : {2, 3}) {
		std::vector<std::uint64_t> bitmap(l1.memory_size() / page_size / 64);
		kvm_dirty_log log = {};
		log.dirty_bitmap = bitmap.data();
		expect(l1.go_on(), reports(report), "L2");
		check_equal(virtual_register(l1, tpr), (report - 1) << 4, "the virtual TPR");
		KVM_CALL(l1.vm().fd(), KVM_GET_DIRTY_LOG, &log);
		check_equal(bitmap[page / 64] >> page % 64 & 1, 1u, "its page is dirty");
	}
}

TEST(x2apic_tpr)
{
	L1 l1 = machine(read_msr);
	use_x2apic(l1);
	virtual_register(l1, tpr) = 0x60;
	expect(go(l1, 0, 0x808), exits(Reason::vmcall), "RDMSR of the TPR");
	check_equal(l1.l2().rax, 0x60u, "the virtual TPR");
	l1.load_l2(write_msr);
	l1.write(field::tpr_threshold, 3);
	expect(go(l1, 0, 0x808, 0x70), exits(Reason::vmcall), "WRMSR of the TPR");
	check_equal(virtual_register(l1, tpr), 0x70u, "the virtual TPR");
	expect(go(l1, 0, 0x808, 0x2f), exits(Reason::tpr_below_threshold), "below the threshold");
	l1.expect_field(field::guest_rip, l2_code_address + 2);
	// By the bitmap they exit as any MSR.
	l1.write(field::tpr_threshold, 0);
	l1.at<std::uint8_t>(msr_bitmap_address + 0x808 / 8) = 1;
	l1.load_l2(read_msr);
	expect(go(l1, 0, 0x808), exits(Reason::rdmsr), "RDMSR of the TPR by the bitmap");
}

TEST(x2apic_reserved_bits)
{
	L1 l1 = machine(write_msr);
	use_x2apic(l1);
	expect(go(l1, 0, 0x808, 0x100), faults(vector::gp), "WRMSR of the TPR");
}

// Without the control the bitmap alone would give L2 the APIC of L1.
TEST(x2apic_without_control)
{
	L1 l1 = machine(read_msr);
	l1.set(vmx::primary::use_msr_bitmaps);
	l1.write(field::msr_bitmap, msr_bitmap_address);
	// L1's APIC is in xAPIC mode: its x2APIC registers are not there.
	expect(go(l1, 0, 0x808), faults(vector::gp), "RDMSR of the TPR");
}

TEST(x2apic_registers)
{
	L1 l1 = machine(read_msr);
	use_x2apic(l1);
	l1.set(vmx::secondary::apic_register_virtualization);
	for (const std::uint32_t offset : {id, 0x30u, 0xd0u, 0xf0u, isr, irr, lvt_timer}) {
		virtual_register(l1, offset) = offset * 5 + 1;
		expect(go(l1, 0, 0x800 + offset / 16), exits(Reason::vmcall), "RDMSR");
		check_equal(l1.l2().rax & 0xffffffff, offset * 5 + 1,
			    "register " + tap::hex(offset));
	}
}

TEST(virtual_interrupt_at_entry)
{
	L1 l1 = machine_with_interrupt();
	expect(l1.vmresume(), faults(0x51), "VMRESUME");
	check_equal(bit_register(l1, isr, 0x51), 1u << 0x51 % 32, "the virtual ISR");
	check_equal(bit_register(l1, irr, 0x51), 0u, "the virtual IRR");
	check_equal(virtual_register(l1, ppr), 0x50u, "the virtual PPR");
	expect(l1.go_on(), reports(1), "L2 behind its interrupt");
	expect(l1.go_on(), exits(Reason::vmcall), "L2");
	l1.expect_field(field::guest_interrupt_status, 0x5100);
	// Another of the same priority class waits for its EOI.
	bit_register(l1, irr, 0x52) = 1u << 0x52 % 32;
	l1.write(field::guest_interrupt_status, 0x5152);
	l1.write(field::guest_rip, l2_code_address);
	expect(l1.vmresume(), reports(1), "L2 with an interrupt that waits");
	expect(l1.go_on(), exits(Reason::vmcall), "L2");
	l1.load_l2(eoi);
	l1.write(field::guest_rip, l2_code_address);
	expect(l1.vmresume(), faults(0x52), "EOI lets the next in");
}

TEST(virtual_interrupt_while_l2_masks)
{
	L1 l1 = machine_with_interrupt();
	l1.write(field::guest_rflags, rflags_fixed);
	expect(l1.vmresume(), reports(1), "L2 with IF clear");
	expect(l1.go_on(), exits(Reason::vmcall), "L2");
	l1.expect_field(field::guest_interrupt_status, 0x51);
}

// SDM, "Evaluation of Pending Virtual Interrupts": what is pending at the entry ends HLT.
TEST(virtual_interrupt_ends_hlt_state)
{
	L1 l1 = machine_with_interrupt();
	l1.write(field::guest_activity_state, static_cast<std::uint32_t>(vmx::Activity::hlt));
	expect(l1.vmresume(), faults(0x51), "VMRESUME into HLT");
}

// So does what is pending when L2 executes it.
TEST(virtual_interrupt_ends_hlt)
{
	L1 l1 = machine_with_interrupt();
	l1.load_l2(halt_with_interrupt);
	l1.write(field::guest_rflags, rflags_fixed);
	expect(l1.vmresume(), faults(0x51), "L2 in HLT");
}

// One whose class is not above that of the task's priority lets L2 sleep on.
TEST(virtual_interrupt_that_waits_in_hlt)
{
	L1 l1 = machine_with_interrupt();
	virtual_register(l1, tpr) = 0x50;
	virtual_register(l1, ppr) = 0x50;
	l1.write(field::guest_activity_state, static_cast<std::uint32_t>(vmx::Activity::hlt));
	l1.keep_interrupts_off(true);
	std::thread sender([&l1] {
		kvm_msi msi = {};
		msi.address_lo = apic_base;
		msi.data = 0x41;
		KVM_CALL(l1.vm().fd(), KVM_SIGNAL_MSI, &msi);
	});
	const Result result = l1.vmresume();
	sender.join();
	expect(result, exits(Reason::external_interrupt), "L2 in HLT");
	l1.expect_field(field::guest_activity_state,
			static_cast<std::uint32_t>(vmx::Activity::hlt));
	l1.expect_field(field::guest_interrupt_status, 0x51);
}

TEST(eoi_exit)
{
	L1 l1 = machine(touch);
	use_virtual_interrupts(l1);
	l1.write(field::eoi_exit_bitmap_1, 1ul << (0x51 - 64));
	touch_delivery(l1);
	bit_register(l1, isr, 0x51) = 1u << 0x51 % 32;
	l1.write(field::guest_interrupt_status, 0x5100);
	l1.load_l2(eoi);
	const Result result = l1.vmresume();
	check_equal(bit_register(l1, isr, 0x51), 0u, "the virtual ISR");
	l1.expect_field(field::guest_interrupt_status, 0);
	expect(result, exits(Reason::virtualized_eoi), "EOI");
	l1.expect_field(field::exit_qualification, 0x51);
	l1.expect_field(field::guest_rip, l2_code_address + 11);
}

TEST(virtual_self_ipi)
{
	L1 l1 = machine(touch);
	use_virtual_interrupts(l1);
	touch_delivery(l1);
	l1.load_l2(self_ipi);
	expect(l1.vmresume(), faults(0x61), "WRMSR of SELF IPI");
	expect(l1.go_on(), exits(Reason::vmcall), "L2");
	l1.expect_field(field::guest_interrupt_status, 0x6100);
}

TEST(posted_interrupt)
{
	L1 l1 = machine_with_posted_interrupt();
	kvm_msi msi = {};
	msi.address_lo = apic_base;
	msi.data = notification;
	KVM_CALL(l1.vm().fd(), KVM_SIGNAL_MSI, &msi);
	expect(l1.go_on(), faults(0x71), "the notification's interrupt");
	check_equal(l1.at<std::uint64_t>(posted_interrupt_address + 8), 0u, "what was posted");
	check_equal(l1.at<std::uint64_t>(posted_interrupt_address + 32) & 1, 0u, "outstanding");
	expect(l1.go_on(), exits(Reason::vmcall), "L2");
	// Another vector exits.
	l1.keep_interrupts_off(true);
	msi.data = 0x41;
	KVM_CALL(l1.vm().fd(), KVM_SIGNAL_MSI, &msi);
	expect(l1.vmresume(), exits(Reason::external_interrupt), "another interrupt");
}

// That the notification has come is not part of the state: a restored L2 that sleeps looks at the
// descriptor itself.
TEST(posted_interrupt_wakes_a_restored_l2)
{
	need_nested_state();
	L1 l1 = machine_with_posted_interrupt();
	l1.vcpu().complete_exit();
	Nested nested;
	nested.take(l1.vcpu());
	nested.give(l1.vcpu());
	l1.vcpu().set_mp_state(KVM_MP_STATE_HALTED);
	expect(l1.go_on(), faults(0x71), "the interrupt that was posted");
}
