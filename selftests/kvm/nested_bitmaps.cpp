// SPDX-License-Identifier: GPL-2.0-only
//
// What of L2 exits to L1 by mask and by bitmap: control registers, I/O, MSRs, exceptions (SDM,
// chapter "VMX Non-Root Operation").
#include "harness/nested_ept.hpp"
#include "harness/nested_interruption.hpp"

using namespace kvm;
using tap::check;
using tap::check_equal;
namespace field = vmx::field;
namespace msr = vmx::msr;
namespace vector = vmx::vector;
using vmx::EventType;
using vmx::Msr;
using vmx::Reason;

namespace {

// An instruction, then a VM exit that is always taken.
#define L2_CODE(name, text) GUEST_CODE(name, 64, text "\n\tvmcall\n")

L2_CODE(code_to_cr3, "mov %rbx, %cr3");
L2_CODE(code_to_cr8, "mov %rbx, %cr8");
L2_CODE(code_from_cr8, "mov %cr8, %r9");

GUEST_CODE(write_cr0, 64, "mov %rbx, %cr0\n mov %cr0, %rdx\n vmcall");
GUEST_CODE(write_cr0_use_cr3, 64, "mov %rbx, %cr0\n mov %cr3, %rax\n mov %rax, %cr3\n vmcall");
GUEST_CODE(write_cr4, 64, "mov %rbx, %cr4\n mov %cr4, %rdx\n vmcall");
GUEST_CODE(clts_code, 64, "clts\n mov %cr0, %rdx\n vmcall");
GUEST_CODE(lmsw_code, 64, "lmsw %bx\n mov %cr0, %rdx\n vmcall");
GUEST_CODE(lmsw_memory, 64, "mov %bx, l2_data_address\n lmsw l2_data_address\n vmcall");
GUEST_CODE(ports, 64, R"(
	mov %ebx, %edx
	out %al, %dx
	in %dx, %ax
	out %eax, %dx
	vmcall
)");
GUEST_CODE(string_ports, 64, R"(
	mov $l2_data_address, %esi
	mov $l2_data_address, %edi
	mov $0x2f0, %edx
	mov $2, %ecx
	cld
	outsb
	rep insw
	rep outsl %fs:(%esi), %dx
	vmcall
)");
GUEST_CODE(read_msr, 64, "rdmsr\n vmcall");
GUEST_CODE(write_msr, 64, "wrmsr\n vmcall");
GUEST_CODE(touch, 64, "mov (%rbx), %rax\n mov %rax, (%rbx)\n vmcall");
GUEST_CODE(touch_only_write, 64, "mov %rax, (%rbx)\n vmcall");
GUEST_CODE(undefined, 64, "ud2\n vmcall");
GUEST_CODE(breakpoint, 64, "int3\n vmcall");
GUEST_CODE(int1, 64, ".byte 0xf1\n vmcall");
GUEST_CODE(interrupt_3, 64, ".byte 0xcd, 3\n vmcall");
GUEST_CODE(load_bad_segment, 64, "mov $0x1230, %eax\n mov %eax, %ds\n vmcall");
GUEST_CODE(divide, 64, "xor %ecx, %ecx\n div %ecx\n vmcall");
GUEST_CODE(single_step, 64, "pushf\n orl $0x100, (%rsp)\n popf\n nop\n nop\n vmcall");
GUEST_CODE(general_detect, 64, "mov %db0, %rax\n vmcall");

constexpr std::uint32_t data_ds = 3 << 15, segment_fs = 4 << 15, address_64 = 2 << 7;
constexpr unsigned rbx = 3;

void use_io_bitmaps(L1 &l1)
{
	l1.set(vmx::primary::use_io_bitmaps);
	l1.write(field::io_bitmap_a, io_bitmap_a_address);
	l1.write(field::io_bitmap_b, io_bitmap_b_address);
}

void intercept_port(const L1 &l1, unsigned port, bool yes)
{
	const std::uint32_t bitmap = port & 0x8000 ? io_bitmap_b_address : io_bitmap_a_address;
	auto &byte = l1.at<std::uint8_t>(bitmap + (port & 0x7fff) / 8);
	byte = yes ? byte | 1 << port % 8 : byte & ~(1 << port % 8);
}

constexpr std::uint32_t bitmap_read = 0, bitmap_write = 0x800;

void intercept_msr(const L1 &l1, std::uint32_t number, std::uint32_t access, bool yes)
{
	const std::uint32_t at =
		msr_bitmap_address + access + (number >> 31 ? 0x400 : 0) + (number & 0x1fff) / 8;
	auto &byte = l1.at<std::uint8_t>(at);
	byte = yes ? byte | 1 << number % 8 : byte & ~(1 << number % 8);
}

void use_msr_bitmap(L1 &l1)
{
	l1.set(vmx::primary::use_msr_bitmaps);
	l1.write(field::msr_bitmap, msr_bitmap_address);
}

kvm_regs for_msr(std::uint32_t number, std::uint64_t value = 0)
{
	kvm_regs regs = {};
	regs.rcx = number;
	regs.rax = value & 0xffffffff;
	regs.rdx = value >> 32;
	return regs;
}

Result run_l2(L1 &l1, const Code &code, const kvm_regs &regs)
{
	l1.load_l2(code);
	l1.write_default_vmcs(vmcs_address);
	use_msr_bitmap(l1);
	return l1.vmlaunch(regs);
}

} // namespace

TEST(cr0_mask_and_shadow)
{
	L1 l1;
	l1.prepare(write_cr0);
	constexpr std::uint64_t ts = 1 << 3, am = 1 << 18, mp = 1 << 1;
	const std::uint64_t cr0 = l1.read(field::guest_cr0);
	// TS belongs to L1; L2 sees it set. AM is L2's own.
	l1.write(field::cr0_guest_host_mask, ts);
	l1.write(field::cr0_read_shadow, ts);
	expect(launch(l1, cr0 | ts | am), exits(Reason::vmcall), "a write that equals the shadow");
	check_equal(l1.l2().rdx, cr0 | ts | am, "CR0 as L2 reads it");
	l1.expect_field(field::guest_cr0, cr0 | am);
	l1.expect_field(field::cr0_read_shadow, ts);
	l1.expect_exit(again(l1, cr0), Reason::cr_access, rbx << 8, 3);
	l1.expect_field(field::guest_cr0, cr0 | am);
	// Bits of the shadow outside the mask do not show.
	l1.write(field::cr0_read_shadow, ts | mp);
	l1.write(field::guest_cr0, cr0 & ~mp);
	expect(again(l1, (cr0 & ~mp) | ts), exits(Reason::vmcall),
	       "a write that equals the shadow");
	check_equal(l1.l2().rdx, (cr0 & ~mp) | ts, "CR0 as L2 reads it");
}

// What L0 needs to see of CR0 is no concern of L1.
TEST(cr0_without_mask)
{
	L1 l1;
	l1.prepare(write_cr0);
	constexpr std::uint64_t ts = 1 << 3;
	const std::uint64_t cr0 = l1.read(field::guest_cr0);
	expect(launch(l1, cr0 | ts), exits(Reason::vmcall), "MOV to CR0");
	l1.expect_field(field::guest_cr0, cr0 | ts);
	expect(again(l1, cr0 | cr0_cd), exits(Reason::vmcall), "CR0.CD");
	l1.expect_field(field::guest_cr0, cr0 | cr0_cd);
	// SDM, "Changes to Instruction Behavior": bits that are fixed in VMX operation fault.
	expect(again(l1, cr0 & ~cr0_ne), faults(vector::gp), "CR0.NE cleared by L2");
}

TEST(clts_exits)
{
	L1 l1;
	l1.prepare(clts_code);
	constexpr std::uint64_t ts = 1 << 3;
	const std::uint64_t cr0 = l1.read(field::guest_cr0);
	l1.write(field::guest_cr0, cr0 | ts);
	expect(launch(l1, 0), exits(Reason::vmcall), "CLTS with TS not masked");
	l1.expect_field(field::guest_cr0, cr0);
	l1.write(field::cr0_guest_host_mask, ts);
	l1.write(field::cr0_read_shadow, ts);
	l1.expect_exit(again(l1, 0), Reason::cr_access, 2 << 4, 2);
	// With the shadow clear CLTS has nothing to do.
	l1.write(field::cr0_read_shadow, 0);
	l1.write(field::guest_cr0, cr0 | ts);
	expect(again(l1, 0), exits(Reason::vmcall), "CLTS with TS masked and its shadow clear");
	check_equal(l1.read(field::guest_cr0) & ts, ts, "CR0.TS");
}

TEST(lmsw_exits)
{
	L1 l1;
	l1.prepare(lmsw_code);
	constexpr std::uint64_t ts = 1 << 3;
	l1.write(field::cr0_guest_host_mask, ts);
	l1.write(field::cr0_read_shadow, 0);
	l1.expect_exit(launch(l1, 0x39), Reason::cr_access, 0x39ul << 16 | 3 << 4, 3);
	expect(again(l1, 0x31), exits(Reason::vmcall), "LMSW that does not change what is masked");
	l1.load_l2(lmsw_memory);
	const Result result = again(l1, 0x38);
	expect(result, exits(Reason::cr_access), "LMSW from memory");
	l1.expect_field(field::exit_qualification, 0x38ul << 16 | 1 << 6 | 3 << 4);
	l1.expect_field(field::guest_linear_address, l2_data_address);
}

TEST(cr4_mask_and_shadow)
{
	L1 l1;
	l1.prepare(write_cr4);
	constexpr std::uint64_t de = 1 << 3, tsd = 1 << 2, pge = 1 << 7;
	const std::uint64_t cr4 = l1.read(field::guest_cr4);
	// VMXE belongs to L1 and is hidden, as hypervisors do.
	l1.write(field::cr4_guest_host_mask, cr4_vmxe | pge);
	l1.write(field::cr4_read_shadow, 0);
	const std::uint64_t seen = cr4 & ~cr4_vmxe;
	expect(launch(l1, seen | de), exits(Reason::vmcall), "a write that equals the shadow");
	check_equal(l1.l2().rdx, seen | de, "CR4 as L2 reads it");
	l1.expect_field(field::guest_cr4, cr4 | de);
	l1.expect_exit(again(l1, seen | pge), Reason::cr_access, rbx << 8 | 4, 3);
	l1.expect_exit(again(l1, seen | cr4_vmxe), Reason::cr_access, rbx << 8 | 4, 3);
	expect(again(l1, seen | tsd), exits(Reason::vmcall), "CR4.TSD is L2's own");
	l1.expect_field(field::guest_cr4, cr4 | tsd);
	l1.write(field::cr4_guest_host_mask, 0);
	l1.write(field::guest_cr4, cr4);
	expect(again(l1, cr4 & ~cr4_vmxe), faults(vector::gp), "CR4.VMXE cleared by L2");
}

// L0 sees to a write of CR0 that L1 leaves to L2. Without unrestricted guest it has exits for CR3
// by the mode that comes of it.
TEST(cr3_behind_a_write_of_cr0)
{
	constexpr std::uint64_t alignment_mask = 1 << 18;
	L1 l1;
	l1.prepare(write_cr0_use_cr3);
	l1.set(vmx::primary::cr3_load_exiting | vmx::primary::cr3_store_exiting);
	l1.expect_exit(launch(l1, l1.read(field::guest_cr0) ^ alignment_mask), Reason::cr_access,
		       1 << 4 | 3, 3);
	l1.expect_exit(l1.resume(), Reason::cr_access, 3, 3);
	expect(l1.resume(), exits(Reason::vmcall), "L2");
}

TEST(cr3_targets)
{
	L1 l1;
	l1.prepare(code_to_cr3);
	if (vmx::cr3_target_count({l1.capability(Msr::misc)}) < 2)
		tap::skip("there are no CR3-target values");
	constexpr std::uint32_t copy = 0x5c000;
	memcpy(l1.vm().memory(copy), l1.vm().memory(page_tables_address), page_size);
	l1.set(vmx::primary::cr3_load_exiting);
	l1.write(field::cr3_target_count, 2);
	l1.write(field::cr3_target_value0, page_tables_address);
	l1.write(field::cr3_target_value1, copy);
	expect(launch(l1, copy), exits(Reason::vmcall), "the second target");
	l1.expect_field(field::guest_cr3, copy);
	expect(again(l1, page_tables_address), exits(Reason::vmcall), "the first target");
	l1.expect_exit(again(l1, copy | 8), Reason::cr_access, rbx << 8 | 3, 3);
	l1.write(field::cr3_target_count, 1);
	l1.expect_exit(again(l1, copy), Reason::cr_access, rbx << 8 | 3, 3);
}

// The distribution's module answers with L1's CR8 if the APIC is not in the kernel.
TEST(cr8_and_tpr_shadow)
{
	L1 l1(default_memory, L1::Irqchip::in_kernel);
	l1.prepare(code_from_cr8);
	l1.set(vmx::primary::use_tpr_shadow);
	l1.write(field::virtual_apic_page_address, virtual_apic_address);
	auto &tpr = l1.at<std::uint32_t>(virtual_apic_address + 0x80);
	tpr = 0x5a;
	expect(launch(l1, 0), exits(Reason::vmcall), "MOV from CR8");
	check_equal(l1.l2().r9, 5u, "CR8 as L2 reads it");
	l1.load_l2(code_to_cr8);
	l1.write(field::tpr_threshold, 3);
	expect(again(l1, 7), exits(Reason::vmcall), "MOV to CR8");
	check_equal(std::uint32_t{tpr}, 0x70u, "the virtual TPR");
	expect(again(l1, 3), exits(Reason::vmcall), "MOV to CR8 of the threshold");
	expect(again(l1, 2), exits(Reason::tpr_below_threshold), "MOV to CR8 below the threshold");
	check_equal(std::uint32_t{tpr}, 0x20u, "the virtual TPR");
	// The exit comes behind the instruction, like a trap.
	l1.expect_field(field::guest_rip, l2_code_address + 4);
	// The controls on CR8 go before the shadow.
	l1.write(field::tpr_threshold, 0);
	l1.set(vmx::primary::cr8_load_exiting);
	l1.expect_exit(again(l1, 9), Reason::cr_access, rbx << 8 | 8, 4);
	check_equal(std::uint32_t{tpr}, 0x20u, "the virtual TPR");
}

TEST(io_unconditional)
{
	L1 l1;
	l1.prepare(ports);
	l1.set(vmx::primary::unconditional_io_exiting);
	l1.expect_exit(launch(l1, 0x2f0), Reason::io_instruction, 0x2f0u << 16, 1);
	l1.expect_exit(l1.resume(), Reason::io_instruction, 0x2f0u << 16 | 8 | 1, 2);
	l1.expect_exit(l1.resume(), Reason::io_instruction, 0x2f0u << 16 | 3, 1);
	expect(l1.resume(), exits(Reason::vmcall), "L2");
}

TEST(io_bitmaps)
{
	L1 l1;
	l1.prepare(ports);
	use_io_bitmaps(l1);
	// The bitmaps go before unconditional exiting.
	l1.set(vmx::primary::unconditional_io_exiting);
	expect(launch(l1, 0x2f0), leaves(KVM_EXIT_IO), "a port that L1 leaves to L0");
	for (const unsigned port : {0x2f0u, 0u, 0x7fffu, 0x8000u, 0xfff0u}) {
		L1 fresh;
		fresh.prepare(ports);
		use_io_bitmaps(fresh);
		intercept_port(fresh, port, true);
		fresh.expect_exit(launch(fresh, port), Reason::io_instruction,
				  std::uint64_t{port} << 16, 1);
		intercept_port(fresh, port, false);
		// Any of the ports that an access touches counts.
		intercept_port(fresh, port + 3, true);
		expect(fresh.resume(L1::Skip::nothing), leaves(KVM_EXIT_IO), "one byte");
		expect(fresh.go_on(), leaves(KVM_EXIT_IO), "two bytes");
		fresh.expect_exit(fresh.go_on(), Reason::io_instruction,
				  std::uint64_t{port} << 16 | 3, 1);
		intercept_port(fresh, port + 3, false);
	}
}

// SDM, "I/O-Bitmap Addresses": an access that wraps around 0FFFFH exits, whatever the bits.
TEST(io_bitmaps_wrap)
{
	L1 l1;
	l1.prepare(ports);
	use_io_bitmaps(l1);
	expect(launch(l1, 0xffff), leaves(KVM_EXIT_IO), "one byte");
	l1.expect_exit(l1.go_on(), Reason::io_instruction, 0xffffu << 16 | 8 | 1, 2);
}

TEST(io_strings)
{
	L1 l1;
	l1.prepare(string_ports);
	use_io_bitmaps(l1);
	intercept_port(l1, 0x2f0, true);
	constexpr std::uint64_t port = 0x2f0u << 16, string = 1 << 4, rep = 1 << 5, in = 1 << 3;
	const bool info = vmx::Basic{l1.capability(Msr::basic)}.ins_outs_info();
	l1.expect_exit(l1.vmlaunch(), Reason::io_instruction, port | string, 1);
	l1.expect_field(field::guest_linear_address, l2_data_address);
	if (info)
		check_equal(l1.read(field::exit_instruction_info) & (7 << 7 | 7 << 15),
			    address_64 | data_ds, "instruction information of OUTSB");
	l1.expect_exit(l1.resume(), Reason::io_instruction, port | string | rep | in | 1, 3);
	l1.expect_field(field::guest_linear_address, l2_data_address);
	if (info)
		check_equal(l1.read(field::exit_instruction_info) & (7 << 7), address_64,
			    "instruction information of REP INSW");
	l1.expect_exit(l1.resume(), Reason::io_instruction, port | string | rep | 3, 4);
	l1.expect_field(field::guest_linear_address, l2_data_address);
	if (info)
		check_equal(l1.read(field::exit_instruction_info) & (7 << 7 | 7 << 15),
			    1 << 7 | segment_fs, "instruction information of REP OUTSL");
	check_equal(l1.l2().rcx, 2u, "rcx: nothing was moved");
	expect(l1.resume(), exits(Reason::vmcall), "L2");
}

TEST(msr_bitmaps)
{
	L1 l1;
	l1.prepare(read_msr);
	for (const std::uint32_t number :
	     {msr::sysenter_eip, std::uint32_t{0x1fff}, msr::kernel_gs_base, 0xc0001fffu}) {
		const std::string name = "MSR " + tap::hex(number);
		intercept_msr(l1, number, bitmap_read, true);
		expect(run_l2(l1, read_msr, for_msr(number)), exits(Reason::rdmsr), name);
		intercept_msr(l1, number, bitmap_read, false);
		intercept_msr(l1, number, bitmap_write, true);
		expect(run_l2(l1, write_msr, for_msr(number)), exits(Reason::wrmsr), name);
		intercept_msr(l1, number, bitmap_write, false);
	}
	for (const std::uint32_t number : {msr::sysenter_eip, msr::kernel_gs_base}) {
		intercept_msr(l1, number, bitmap_write, true);
		expect(run_l2(l1, read_msr, for_msr(number)), exits(Reason::vmcall),
		       "a read of an MSR whose writes exit");
		intercept_msr(l1, number, bitmap_write, false);
		expect(run_l2(l1, write_msr, for_msr(number, 0x123)), exits(Reason::vmcall),
		       "a write of an MSR that L1 leaves to L2");
	}
	check_equal(l1.vcpu().msr(msr::kernel_gs_base), 0x123u, "IA32_KERNEL_GS_BASE");
}

// SDM, "RDMSR": what is outside of the bitmaps' two ranges exits.
TEST(msrs_outside_the_bitmaps)
{
	L1 l1;
	l1.prepare(read_msr);
	for (const std::uint32_t number :
	     {0x2000u, 0x4b564d00u, 0x40000000u, 0xbfffffffu, 0xc0002000u, 0xffffffffu}) {
		expect(run_l2(l1, read_msr, for_msr(number)), exits(Reason::rdmsr),
		       "RDMSR of " + tap::hex(number));
		expect(run_l2(l1, write_msr, for_msr(number)), exits(Reason::wrmsr),
		       "WRMSR of " + tap::hex(number));
	}
}

// L1 lets L2 at every MSR; L0 stays in between.
TEST(msrs_that_l0_keeps)
{
	L1 l1;
	l1.prepare(read_msr);
	expect(run_l2(l1, read_msr, for_msr(msr::vmx_basic)), exits(Reason::vmcall),
	       "RDMSR of IA32_VMX_BASIC");
	check_equal(l1.l2().rdx << 32 | (l1.l2().rax & 0xffffffff), l1.capability(Msr::basic),
		    "IA32_VMX_BASIC as L2 reads it");
	expect(run_l2(l1, write_msr, for_msr(msr::apic_base, 0xfee00900)), exits(Reason::vmcall),
	       "WRMSR of IA32_APIC_BASE");
	expect(run_l2(l1, read_msr, for_msr(msr::feature_control)), exits(Reason::vmcall),
	       "RDMSR of IA32_FEATURE_CONTROL");
	check_equal(l1.l2().rax, 5u, "IA32_FEATURE_CONTROL as L2 reads it");
}

TEST(msr_accesses_that_fault_in_l2)
{
	struct {
		const char *what;
		const Code &code;
		kvm_regs regs;
	} const cases[] = {
		{"WRMSR of IA32_VMX_BASIC", write_msr, for_msr(msr::vmx_basic)},
		{"RDMSR of none", read_msr, for_msr(0x1ffe)},
		{"WRMSR of IA32_LSTAR, not canonical", write_msr, for_msr(msr::lstar, 1ul << 62)},
		{"WRMSR of IA32_EFER, reserved bits", write_msr, for_msr(msr::efer, 1ul << 40)},
	};
	for (const auto &c : cases) {
		L1 l1;
		l1.prepare(c.code);
		expect(run_l2(l1, c.code, c.regs), faults(vector::gp), c.what);
	}
}

TEST(msrs_without_bitmap)
{
	L1 l1;
	l1.prepare(read_msr);
	l1.expect_exit(l1.vmlaunch(for_msr(msr::kernel_gs_base)), Reason::rdmsr, 0, 2);
	l1.load_l2(write_msr);
	l1.expect_exit(l1.vmresume(for_msr(msr::kernel_gs_base)), Reason::wrmsr, 0, 2);
}

// The bitmap is read from memory, at the latest by the next entry.
TEST(msr_bitmap_changes)
{
	L1 l1;
	l1.prepare(read_msr);
	use_msr_bitmap(l1);
	expect(l1.vmlaunch(for_msr(msr::kernel_gs_base)), exits(Reason::vmcall), "RDMSR");
	intercept_msr(l1, msr::kernel_gs_base, bitmap_read, true);
	l1.write(field::guest_rip, l2_code_address);
	expect(l1.vmresume(for_msr(msr::kernel_gs_base)), exits(Reason::rdmsr), "RDMSR");
	intercept_msr(l1, msr::kernel_gs_base, bitmap_read, false);
	expect(l1.vmresume(for_msr(msr::kernel_gs_base)), exits(Reason::vmcall), "RDMSR");
}

// Without memory all exit: also where none has been there before, where another bitmap has let L2
// through, and where memory comes and goes elsewhere.
TEST(msr_bitmap_without_memory)
{
	L1 l1;
	const Mapping memory(page_size);
	const kvm_regs regs = for_msr(msr::kernel_gs_base);
	auto again = [&](std::uint64_t bitmap) {
		l1.write(field::msr_bitmap, bitmap);
		l1.write(field::guest_rip, l2_code_address);
		return l1.vmresume(regs);
	};

	l1.prepare(read_msr);
	use_msr_bitmap(l1);
	l1.write(field::msr_bitmap, mmio_address);
	expect(l1.vmlaunch(regs), exits(Reason::rdmsr), "the first bitmap, without memory");
	expect(again(msr_bitmap_address), exits(Reason::vmcall), "a bitmap of zeros");
	expect(again(mmio_address), exits(Reason::rdmsr), "no memory again");
	l1.vm().set_slot(1, mmio_address + page_size, page_size, memory.data());
	l1.write(field::guest_rip, l2_code_address);
	expect(l1.vmresume(regs), exits(Reason::rdmsr), "memory elsewhere");
	l1.vm().set_slot(2, mmio_address, page_size, memory.data());
	l1.write(field::guest_rip, l2_code_address);
	expect(l1.vmresume(regs), exits(Reason::vmcall), "memory that has come");
}

TEST(exception_bitmap)
{
	struct {
		const char *name;
		const Code &code;
		unsigned number;
		EventType type;
		std::optional<std::uint32_t> error_code;
		unsigned length; // 0: not defined
	} const cases[] = {
		{"#DE", divide, vector::de, EventType::hardware_exception, {}, 0},
		{"#UD", undefined, vector::ud, EventType::hardware_exception, {}, 0},
		{"#GP", load_bad_segment, vector::gp, EventType::hardware_exception, 0x1230, 0},
		{"#BP", breakpoint, vector::bp, EventType::software_exception, {}, 1},
		{"#DB of INT1", int1, vector::db, EventType::privileged_software_exception, {}, 1},
	};
	for (const auto &c : cases) {
		L1 fresh;
		fresh.prepare(c.code);
		expect(fresh.vmlaunch(), faults(c.number, c.error_code.value_or(0)),
		       std::string(c.name) + " without its bit is L2's");
	}
	for (const auto &c : cases) {
		L1 fresh;
		fresh.prepare(c.code);
		fresh.write(field::exception_bitmap, 1u << c.number);
		expect(fresh.vmlaunch(), exits(Reason::exception_nmi), c.name);
		expect_event(fresh, c.type, c.number, c.error_code);
		if (c.length)
			fresh.expect_field(field::exit_instruction_length, c.length);
		fresh.expect_field(field::exit_qualification, 0);
	}
}

// INT 3 in its long form is no exception.
TEST(int_n_is_no_exception)
{
	L1 l1;
	l1.prepare(interrupt_3);
	l1.write(field::exception_bitmap, ~0u & ~(1u << vector::pf));
	const Result result = l1.vmlaunch();
	check_equal(result.kind, Result::Kind::exception, "INT 3: " + describe(result));
	check_equal(result.number, vector::bp, "INT 3's vector");
}

TEST(page_fault_mask_and_match)
{
	constexpr std::uint64_t nowhere = 5ul << 30; // behind what the page tables map
	constexpr std::uint32_t write = 2;
	struct {
		const char *what;
		bool bit;
		std::uint32_t mask, match;
		bool read_exits, write_exits;
	} const cases[] = {
		{"bit 14 set, all match", true, 0, 0, true, true},
		{"bit 14 set, none match", true, 0, ~0u, false, false},
		{"bit 14 clear, all match", false, 0, 0, false, false},
		{"bit 14 clear, none match", false, 0, ~0u, true, true},
		{"bit 14 set, writes match", true, write, write, false, true},
		{"bit 14 clear, writes match", false, write, write, true, false},
	};
	for (const auto &c : cases)
		for (const bool writes : {false, true}) {
			L1 l1;
			l1.prepare(writes ? touch_only_write : touch);
			l1.write(field::exception_bitmap, c.bit ? 1u << vector::pf : 0);
			l1.write(field::page_fault_error_code_mask, c.mask);
			l1.write(field::page_fault_error_code_match, c.match);
			const Result result = launch(l1, nowhere);
			const std::uint32_t code = writes ? write : 0;
			if (!(writes ? c.write_exits : c.read_exits)) {
				expect(result, faults(vector::pf, code), c.what);
				check_equal(l1.vcpu().sregs().cr2, nowhere, "CR2");
				continue;
			}
			expect(result, exits(Reason::exception_nmi), c.what);
			expect_event(l1, EventType::hardware_exception, vector::pf, code);
			l1.expect_field(field::exit_qualification, nowhere);
			check(l1.vcpu().sregs().cr2 != nowhere,
			      "CR2 was written for a fault that L2 did not have");
		}
}

TEST(debug_exceptions)
{
	L1 l1;
	l1.prepare(single_step);
	l1.write(field::exception_bitmap, 1u << vector::db);
	expect(l1.vmlaunch(), exits(Reason::exception_nmi), "a single step");
	expect_event(l1, EventType::hardware_exception, vector::db);
	l1.expect_field(field::exit_qualification, vmx::dr6::bs);
	l1.expect_field(field::guest_rip, l2_code_address + 10);

	L1 other;
	other.prepare(general_detect);
	other.set(vmx::entry::load_debug_controls);
	other.write(field::guest_dr7, 0x400 | vmx::dr7::gd);
	other.write(field::exception_bitmap, 1u << vector::db);
	expect(other.vmlaunch(), exits(Reason::exception_nmi), "MOV DR with DR7.GD");
	other.expect_field(field::exit_qualification, vmx::dr6::bd);
	other.expect_field(field::guest_rip, l2_code_address);
}
