// SPDX-License-Identifier: GPL-2.0-only
//
// What of L2 exits to L1: by control and by bitmap (SDM, chapter "VMX Non-Root Operation"), and
// what the exit tells (SDM, "Basic VM-Exit Information", "Information for VM Exits Due to
// Instruction Execution").
#include "harness/nested_ept.hpp"

using namespace kvm;
using tap::check;
using tap::check_equal;
namespace field = vmx::field;
namespace msr = vmx::msr;
namespace vector = vmx::vector;
using vmx::EventType;
using vmx::Interruption;
using vmx::Msr;
using vmx::Reason;

namespace {

// An instruction, then a VM exit that is always taken.
#define L2_CODE(name, text) GUEST_CODE(name, 64, text "\n\tvmcall\n")

L2_CODE(code_hlt, "hlt");
L2_CODE(code_invlpg, "invlpg 0x12345");
L2_CODE(code_invlpg_base, "invlpg 8(%rbx)");
L2_CODE(code_mwait, "mwait");
L2_CODE(code_monitor, "mov $l2_data_address, %eax\n monitor");
L2_CODE(code_rdpmc, "rdpmc");
L2_CODE(code_rdtsc, "rdtsc");
L2_CODE(code_rdtscp, "rdtscp");
L2_CODE(code_pause, "pause");
L2_CODE(code_wbinvd, "wbinvd");
L2_CODE(code_to_cr3, "mov %rbx, %cr3");
L2_CODE(code_from_cr3, "mov %cr3, %rdx");
L2_CODE(code_to_cr8, "mov %rbx, %cr8");
L2_CODE(code_from_cr8, "mov %cr8, %r9");
L2_CODE(code_to_dr0, "mov %rbx, %db0");
L2_CODE(code_from_dr7, "mov %db7, %rsi");
L2_CODE(code_sgdt, "sgdt 0x58000");
L2_CODE(code_sidt, "sidt 16(%rbx)");
L2_CODE(code_lgdt, "sgdt (%rbx)\n lgdt (%rbx)");
L2_CODE(code_lidt, "sidt (%rbx)\n lidt (%rbx)");
L2_CODE(code_sldt, "sldt %eax");
L2_CODE(code_str, "str (%rbx)");
L2_CODE(code_lldt, "lldt %dx");
L2_CODE(code_ltr, "ltr %dx");
L2_CODE(code_rdrand, "rdrand %rbx");
L2_CODE(code_rdrand_32, "rdrand %r10d");
L2_CODE(code_rdseed, "rdseed %rbx");
L2_CODE(code_invpcid, "invpcid (%rbx), %rcx");
L2_CODE(code_vmfunc, "vmfunc");
L2_CODE(code_invd, "invd");
L2_CODE(code_vmclear, "vmclear (%rdi)");
L2_CODE(code_vmlaunch, "vmlaunch");
L2_CODE(code_vmptrld, "vmptrld 16(%rdi, %rcx, 4)");
L2_CODE(code_vmptrst, "vmptrst %fs:0x7654321");
L2_CODE(code_vmread, "vmread %rsi, %rdi");
L2_CODE(code_vmread_memory, "vmread %r11, -1(%r12)");
L2_CODE(code_vmresume, "vmresume");
L2_CODE(code_vmwrite, "vmwrite %rbp, %r15");
L2_CODE(code_vmxoff, "vmxoff");
L2_CODE(code_vmxon, "vmxon (%rsp)");
L2_CODE(code_invept, "invept (%rdi), %rsi");
L2_CODE(code_invvpid, "invvpid (%rdi), %r8");
L2_CODE(code_xsetbv, "xsetbv");
L2_CODE(code_nothing, "nop");

GUEST_CODE(write_cr0, 64, "mov %rbx, %cr0\n mov %cr0, %rdx\n vmcall");
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
GUEST_CODE(read_tsc, 64, "rdtsc\n shl $32, %rdx\n or %rdx, %rax\n vmcall");
GUEST_CODE(read_tsc_msr, 64, R"(
	mov $0x10, %ecx
	rdmsr
	shl $32, %rdx
	or %rdx, %rax
	vmcall
)");
GUEST_CODE(read_tscp, 64, "rdtscp\n shl $32, %rdx\n or %rdx, %rax\n vmcall");
GUEST_CODE(spin, 64, "0: inc %rbx\n jmp 0b");
GUEST_CODE(three_steps, 64, "nop\n inc %ebx\n vmcall");
GUEST_CODE(task_jump, 32, "ljmp $0x48, $0\n");
GUEST_CODE(task_call, 32, "lcall $0x48, $0\n");
GUEST_CODE(memory_of_nobody, 64, "mov mmio_address, %eax\n" L2_REPORT "vmcall");

L1_CODE(l1_read_tsc, "rdtsc\n shl $32, %rdx\n or %rdx, %rax");

constexpr std::uint32_t data_ds = 3 << 15, segment_fs = 4 << 15, segment_ss = 2 << 15;
constexpr std::uint32_t address_64 = 2 << 7, register_operand = 1 << 10;
constexpr std::uint32_t no_index = 1 << 22, no_base = 1 << 27;
constexpr std::uint32_t base(unsigned number)
{
	return number << 23;
}
constexpr std::uint32_t identity(unsigned number)
{
	return number << 28;
}
constexpr std::uint32_t second(unsigned number)
{
	return number << 28;
}
constexpr std::uint32_t first(unsigned number)
{
	return number << 3;
}
// What is defined of an operand in memory without index: all but scaling, index, the register.
constexpr std::uint32_t memory_mask = 7 << 7 | 1 << 10 | 7 << 15 | 1 << 22 | 0xf << 23 | 1 << 27;
constexpr std::uint32_t reg_mask = 0xfu << 28;

constexpr unsigned rax = 0, rcx = 1, rdx = 2, rbx = 3, rsp = 4, rbp = 5, rsi = 6, rdi = 7;

struct Intercept {
	const char *name;
	const Code &code;
	void (*set)(L1 &l1);
	Reason reason;
	std::optional<std::uint64_t> qualification; // nothing: not defined
	unsigned length;
	std::uint32_t info_mask, info;
};

kvm_regs some_registers()
{
	kvm_regs regs = {};
	regs.rbx = l2_data_address;
	regs.rdi = l2_data_address + 0x100;
	return regs;
}

// Leaves out the instructions before the one that is meant.
void start_at(L1 &l1, const Intercept &i)
{
	constexpr unsigned vmcall_length = 3;
	const std::uint64_t size = i.code.end - i.code.begin;
	l1.write(field::guest_rip, l2_code_address + size - vmcall_length - i.length);
}

void expect_intercept(L1 &l1, const Intercept &i)
{
	l1.load_l2(i.code);
	l1.write_default_vmcs(vmcs_address);
	i.set(l1);
	start_at(l1, i);
	const std::uint64_t rip = l1.read(field::guest_rip);
	expect(l1.vmlaunch(some_registers()), exits(i.reason), i.name);
	const std::string name = i.name;
	if (i.qualification)
		check_equal(l1.read(field::exit_qualification), *i.qualification,
			    name + ": qualification");
	check_equal(l1.read(field::exit_instruction_length), i.length, name + ": length");
	check_equal(l1.read(field::guest_rip), rip, name + ": guest RIP");
	check_equal(l1.read(field::exit_instruction_info) & i.info_mask, i.info,
		    name + ": instruction information");
	check_equal(l1.read(field::exit_interruption_info) >> 31, 0u, name + ": interruption");
}

void nothing(L1 &) {}
void use_nothing_but_ept(L1 &l1)
{
	use(l1, Ept(l1));
}

// clang-format off
const Intercept by_control[] = {
	{"HLT", code_hlt, [](L1 &l1) { l1.set(vmx::primary::hlt_exiting); }, Reason::hlt, 0, 1, 0, 0},
	{"INVLPG", code_invlpg, [](L1 &l1) { l1.set(vmx::primary::invlpg_exiting); }, Reason::invlpg, 0x12345, 8, 0, 0},
	{"INVLPG 8(%rbx)", code_invlpg_base, [](L1 &l1) { l1.set(vmx::primary::invlpg_exiting); }, Reason::invlpg, l2_data_address + 8, 4, 0, 0},
	{"MWAIT", code_mwait, [](L1 &l1) { l1.set(vmx::primary::mwait_exiting); }, Reason::mwait, 0, 3, 0, 0},
	{"MONITOR", code_monitor, [](L1 &l1) { l1.set(vmx::primary::monitor_exiting); }, Reason::monitor, 0, 3, 0, 0},
	{"RDPMC", code_rdpmc, [](L1 &l1) { l1.set(vmx::primary::rdpmc_exiting); }, Reason::rdpmc, 0, 2, 0, 0},
	{"RDTSC", code_rdtsc, [](L1 &l1) { l1.set(vmx::primary::rdtsc_exiting); }, Reason::rdtsc, 0, 2, 0, 0},
	{"RDTSCP", code_rdtscp, [](L1 &l1) { l1.set(vmx::primary::rdtsc_exiting); l1.set(vmx::secondary::enable_rdtscp); }, Reason::rdtscp, 0, 3, 0, 0},
	{"PAUSE", code_pause, [](L1 &l1) { l1.set(vmx::primary::pause_exiting); }, Reason::pause, 0, 2, 0, 0},
	{"WBINVD", code_wbinvd, [](L1 &l1) { l1.set(vmx::secondary::wbinvd_exiting); }, Reason::wbinvd, 0, 2, 0, 0},
	{"MOV to CR3", code_to_cr3, [](L1 &l1) { l1.set(vmx::primary::cr3_load_exiting); }, Reason::cr_access, rbx << 8 | 3, 3, 0, 0},
	{"MOV from CR3", code_from_cr3, [](L1 &l1) { l1.set(vmx::primary::cr3_store_exiting); }, Reason::cr_access, rdx << 8 | 1 << 4 | 3, 3, 0, 0},
	{"MOV to CR8", code_to_cr8, [](L1 &l1) { l1.set(vmx::primary::cr8_load_exiting); }, Reason::cr_access, rbx << 8 | 8, 4, 0, 0},
	{"MOV from CR8", code_from_cr8, [](L1 &l1) { l1.set(vmx::primary::cr8_store_exiting); }, Reason::cr_access, 9 << 8 | 1 << 4 | 8, 4, 0, 0},
	{"MOV to DR0", code_to_dr0, [](L1 &l1) { l1.set(vmx::primary::mov_dr_exiting); }, Reason::mov_dr, rbx << 8, 3, 0, 0},
	{"MOV from DR7", code_from_dr7, [](L1 &l1) { l1.set(vmx::primary::mov_dr_exiting); }, Reason::mov_dr, rsi << 8 | 1 << 4 | 7, 3, 0, 0},
	{"SGDT", code_sgdt, [](L1 &l1) { l1.set(vmx::secondary::descriptor_table_exiting); }, Reason::gdtr_idtr, l2_data_address, 8, (memory_mask & ~(0xf << 23)) | 3 << 28, address_64 | data_ds | no_index | no_base | identity(0)},
	{"SIDT", code_sidt, [](L1 &l1) { l1.set(vmx::secondary::descriptor_table_exiting); }, Reason::gdtr_idtr, 16, 4, memory_mask | 3 << 28, address_64 | data_ds | no_index | base(rbx) | identity(1)},
	{"LGDT", code_lgdt, [](L1 &l1) { l1.set(vmx::secondary::descriptor_table_exiting); }, Reason::gdtr_idtr, 0, 3, memory_mask | 3 << 28, address_64 | data_ds | no_index | base(rbx) | identity(2)},
	{"LIDT", code_lidt, [](L1 &l1) { l1.set(vmx::secondary::descriptor_table_exiting); }, Reason::gdtr_idtr, 0, 3, memory_mask | 3 << 28, address_64 | data_ds | no_index | base(rbx) | identity(3)},
	{"SLDT", code_sldt, [](L1 &l1) { l1.set(vmx::secondary::descriptor_table_exiting); }, Reason::ldtr_tr, 0, 3, register_operand | 0xf << 3 | 3 << 28, register_operand | first(rax) | identity(0)},
	{"STR", code_str, [](L1 &l1) { l1.set(vmx::secondary::descriptor_table_exiting); }, Reason::ldtr_tr, 0, 3, memory_mask | 3 << 28, address_64 | data_ds | no_index | base(rbx) | identity(1)},
	{"LLDT", code_lldt, [](L1 &l1) { l1.set(vmx::secondary::descriptor_table_exiting); }, Reason::ldtr_tr, 0, 3, register_operand | 0xf << 3 | 3 << 28, register_operand | first(rdx) | identity(2)},
	{"LTR", code_ltr, [](L1 &l1) { l1.set(vmx::secondary::descriptor_table_exiting); }, Reason::ldtr_tr, 0, 3, register_operand | 0xf << 3 | 3 << 28, register_operand | first(rdx) | identity(3)},
	{"RDRAND %rbx", code_rdrand, [](L1 &l1) { l1.set(vmx::secondary::rdrand_exiting); }, Reason::rdrand, 0, 4, 0xf << 3 | 3 << 11, first(rbx) | 2 << 11},
	{"RDRAND %r10d", code_rdrand_32, [](L1 &l1) { l1.set(vmx::secondary::rdrand_exiting); }, Reason::rdrand, 0, 4, 0xf << 3 | 3 << 11, first(10) | 1 << 11},
	{"RDSEED", code_rdseed, [](L1 &l1) { l1.set(vmx::secondary::rdseed_exiting); }, Reason::rdseed, 0, 4, 0xf << 3 | 3 << 11, first(rbx) | 2 << 11},
	{"INVPCID", code_invpcid, [](L1 &l1) { l1.set(vmx::primary::invlpg_exiting); l1.set(vmx::secondary::enable_invpcid); }, Reason::invpcid, 0, 5, memory_mask | reg_mask, address_64 | data_ds | no_index | base(rbx) | second(rcx)},
	{"VMFUNC of a function that is off", code_vmfunc, [](L1 &l1) { l1.set(vmx::secondary::enable_vmfunc); }, Reason::vmfunc, 0, 3, 0, 0},
};

const Intercept always[] = {
	{"INVD", code_invd, nothing, Reason::invd, 0, 2, 0, 0},
	{"VMCLEAR", code_vmclear, nothing, Reason::vmclear, 0, 4, memory_mask, address_64 | data_ds | no_index | base(rdi)},
	{"VMLAUNCH", code_vmlaunch, nothing, Reason::vmlaunch, 0, 3, 0, 0},
	{"VMPTRLD 16(%rdi, %rcx, 4)", code_vmptrld, nothing, Reason::vmptrld, 16, 5, memory_mask | 3 | 0xf << 18, address_64 | data_ds | base(rdi) | 2 | rcx << 18},
	{"VMPTRST %fs:0x7654321", code_vmptrst, nothing, Reason::vmptrst, 0x7654321, 9, memory_mask & ~(0xf << 23), address_64 | segment_fs | no_index | no_base},
	{"VMREAD to a register", code_vmread, nothing, Reason::vmread, {}, 3, register_operand | 0xf << 3 | reg_mask, register_operand | first(rdi) | second(rsi)},
	{"VMREAD to memory", code_vmread_memory, nothing, Reason::vmread, ~0ul, 6, memory_mask | reg_mask, address_64 | data_ds | no_index | base(12) | second(11)},
	{"VMRESUME", code_vmresume, nothing, Reason::vmresume, 0, 3, 0, 0},
	{"VMWRITE", code_vmwrite, nothing, Reason::vmwrite, {}, 4, register_operand | 0xf << 3 | reg_mask, register_operand | first(rbp) | second(15)},
	{"VMXOFF", code_vmxoff, nothing, Reason::vmxoff, 0, 3, 0, 0},
	{"VMXON", code_vmxon, nothing, Reason::vmxon, 0, 5, memory_mask, address_64 | segment_ss | no_index | base(rsp)},
	{"INVEPT", code_invept, use_nothing_but_ept, Reason::invept, 0, 5, memory_mask | reg_mask, address_64 | data_ds | no_index | base(rdi) | second(rsi)},
	{"INVVPID", code_invvpid, [](L1 &l1) { if (!l1.offers(vmx::secondary::enable_vpid)) tap::skip("no VPID"); }, Reason::invvpid, 0, 6, memory_mask | reg_mask, address_64 | data_ds | no_index | base(rdi) | second(8)},
};
// clang-format on

// Each by itself: the failures of all are told.
void each(std::span<const Intercept> list)
{
	L1 l1;
	l1.enter_vmx();
	std::string failures;
	for (const Intercept &i : list)
		try {
			expect_intercept(l1, i);
		} catch (const tap::Skip &) {
		} catch (const tap::Failure &failure) {
			failures += "\n# " + failure.message;
		}
	check(failures.empty(), failures);
}

// L2 runs the code to its VMCALL and nothing else exits to L1.
void expect_free(L1 &l1, const Code &code, const kvm_regs &regs, const std::string &what)
{
	l1.load_l2(code);
	l1.write(field::guest_rip, l2_code_address);
	expect(l1.vmlaunch(regs), exits(Reason::vmcall), what);
	expect(l1.vmclear(vmcs_address), succeeds(), "VMCLEAR");
	expect(l1.vmptrld(vmcs_address), succeeds(), "VMPTRLD");
}

Result launch(L1 &l1, std::uint64_t rbx_value)
{
	kvm_regs regs = {};
	regs.rbx = rbx_value;
	return l1.vmlaunch(regs);
}

// L2 from its beginning.
Result again(L1 &l1, std::uint64_t rbx_value)
{
	kvm_regs regs = {};
	regs.rbx = rbx_value;
	l1.write(field::guest_rip, l2_code_address);
	return l1.vmresume(regs);
}

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

void expect_interruption(L1 &l1, EventType type, unsigned number,
			 std::optional<std::uint32_t> error_code = {})
{
	l1.expect_field(
		field::exit_interruption_info,
		Interruption::make(type, static_cast<std::uint8_t>(number), error_code.has_value())
			.raw);
	if (error_code)
		l1.expect_field(field::exit_interruption_error_code, *error_code);
	l1.expect_field(field::idt_vectoring_info, 0);
}

std::uint64_t tsc_of_l1(L1 &l1)
{
	expect(l1.run(l1_read_tsc), succeeds(), "RDTSC");
	return l1.vcpu().regs().rax;
}

void check_between(std::uint64_t found, std::uint64_t low, std::uint64_t high,
		   const std::string &what)
{
	check(found >= low && found <= high, what + ": expected " + tap::show(low) + " to " +
						     tap::show(high) + ", found " +
						     tap::show(found));
}

} // namespace

TEST(by_control_exit)
{
	each(by_control);
}

TEST(always_exit)
{
	each(always);
}

TEST(xsetbv_exits)
{
	if (!(Cpuid::supported().find(1)->ecx & 1 << 26))
		tap::skip("XSAVE is not offered");
	L1 l1;
	l1.prepare(code_xsetbv);
	l1.write(field::guest_cr4, l1.read(field::guest_cr4) | cr4_osxsave);
	l1.expect_exit(l1.vmlaunch(), Reason::xsetbv, 0, 3);
}

// Without their controls the same instructions are L2's own business, or L0's.
TEST(without_control_no_exit)
{
	L1 l1;
	l1.prepare(code_nothing);
	const kvm_regs regs = some_registers();
	expect_free(l1, code_nothing, regs, "NOP");
	expect_free(l1, code_invlpg, regs, "INVLPG");
	expect_free(l1, code_rdtsc, regs, "RDTSC");
	expect_free(l1, code_pause, regs, "PAUSE");
	expect_free(l1, code_wbinvd, regs, "WBINVD");
	expect_free(l1, code_from_cr3, regs, "MOV from CR3");
	expect_free(l1, code_to_dr0, regs, "MOV to DR0");
	expect_free(l1, code_from_dr7, regs, "MOV from DR7");
	expect_free(l1, code_sgdt, regs, "SGDT");
	expect_free(l1, code_lgdt, regs, "SGDT, LGDT");
	expect_free(l1, code_lidt, regs, "SIDT, LIDT");
	expect_free(l1, code_sldt, regs, "SLDT");
	expect_free(l1, code_str, regs, "STR");
	expect_free(l1, code_lldt, regs, "LLDT");
	kvm_regs cr3 = regs;
	cr3.rbx = page_tables_address;
	expect_free(l1, code_to_cr3, cr3, "MOV to CR3");
	kvm_regs cr8 = {};
	cr8.rbx = 0;
	expect_free(l1, code_to_cr8, cr8, "MOV to CR8");
	expect_free(l1, code_from_cr8, cr8, "MOV from CR8");
}

TEST(hlt_without_control)
{
	L1 l1;
	l1.prepare(code_hlt);
	expect(l1.vmlaunch(), leaves(KVM_EXIT_HLT), "HLT of L2");
	expect(l1.go_on(), exits(Reason::vmcall), "L2 behind its HLT");
}

// Instructions that need a control to exist.
TEST(undefined_without_control)
{
	using namespace vmx::secondary;
	struct {
		const char *name;
		const Code &code;
		vmx::Secondary control;
	} const cases[] = {
		{"RDTSCP", code_rdtscp, enable_rdtscp},
		{"INVPCID", code_invpcid, enable_invpcid},
		{"VMFUNC", code_vmfunc, enable_vmfunc},
	};
	for (const auto &c : cases) {
		L1 l1;
		l1.prepare(c.code);
		if (l1.offers(c.control))
			expect(l1.vmlaunch(some_registers()), faults(vector::ud), c.name);
	}
}

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
		expect_interruption(fresh, c.type, c.number, c.error_code);
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
			expect_interruption(l1, EventType::hardware_exception, vector::pf, code);
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
	expect_interruption(l1, EventType::hardware_exception, vector::db);
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

TEST(tsc_offset)
{
	constexpr std::uint64_t offset = 1ul << 50;
	for (const Code *code : {&read_tsc, &read_tsc_msr, &read_tscp}) {
		L1 l1;
		l1.prepare(*code);
		use_msr_bitmap(l1);
		l1.set(vmx::secondary::enable_rdtscp);
		const std::uint64_t before = tsc_of_l1(l1);
		expect(l1.vmlaunch(), exits(Reason::vmcall), "L2");
		const std::uint64_t plain = l1.l2().rax;
		check_between(plain, before, tsc_of_l1(l1), "TSC in L2 without an offset");
		l1.set(vmx::primary::use_tsc_offsetting);
		l1.write(field::tsc_offset, offset);
		expect(again(l1, 0), exits(Reason::vmcall), "L2");
		check_between(l1.l2().rax, plain + offset, tsc_of_l1(l1) + offset,
			      "TSC in L2 with an offset");
		// Negative as well.
		l1.write(field::tsc_offset, -plain);
		expect(again(l1, 0), exits(Reason::vmcall), "L2");
		check_between(l1.l2().rax, 0, tsc_of_l1(l1) - plain, "TSC in L2, begun anew");
	}
}

TEST(tsc_scaling)
{
	L1 l1;
	l1.prepare(read_tsc);
	l1.set(vmx::primary::use_tsc_offsetting);
	l1.set(vmx::secondary::use_tsc_scaling);
	constexpr std::uint64_t twice = 2ul << 48, offset = 1000;
	l1.write(field::tsc_multiplier, twice);
	l1.write(field::tsc_offset, offset);
	const std::uint64_t before = tsc_of_l1(l1);
	expect(l1.vmlaunch(), exits(Reason::vmcall), "L2");
	check_between(l1.l2().rax, before * 2 + offset, tsc_of_l1(l1) * 2 + offset,
		      "TSC in L2, twice as fast");
	l1.clear(vmx::primary::use_tsc_offsetting);
	const std::uint64_t middle = tsc_of_l1(l1);
	expect(again(l1, 0), exits(Reason::vmcall), "L2");
	check_between(l1.l2().rax, middle, tsc_of_l1(l1),
		      "TSC in L2 without offsetting, which scaling needs");
}

TEST(preemption_timer)
{
	L1 l1;
	l1.prepare(spin);
	l1.set(vmx::pin::preemption_timer);
	l1.set(vmx::exit::save_preemption_timer);
	l1.write(field::preemption_timer_value, 0);
	expect(launch(l1, 0), exits(Reason::preemption_timer), "a timer of 0");
	check_equal(l1.l2().rbx, 0u, "instructions of L2 before a timer of 0");
	l1.expect_field(field::guest_rip, l2_code_address);
	l1.expect_field(field::exit_qualification, 0);
	l1.write(field::preemption_timer_value, 2000);
	expect(again(l1, 0), exits(Reason::preemption_timer), "a timer that ends a loop");
	check(l1.l2().rbx > 0, "L2 did not run before its timer of 2000");
	l1.expect_field(field::preemption_timer_value, 0);
	// Another exit comes first.
	l1.load_l2(code_nothing);
	l1.write(field::preemption_timer_value, 0x7fffffff);
	expect(again(l1, 0), exits(Reason::vmcall), "L2");
	const std::uint64_t left = l1.read(field::preemption_timer_value);
	check_between(left, 0x70000000, 0x7fffffff, "what is left of the timer");
	l1.clear(vmx::exit::save_preemption_timer);
	l1.write(field::preemption_timer_value, 0x7fffffff);
	expect(again(l1, 0), exits(Reason::vmcall), "L2");
	l1.expect_field(field::preemption_timer_value, 0x7fffffff);
}

TEST(monitor_trap_flag)
{
	L1 l1;
	l1.prepare(three_steps);
	l1.set(vmx::primary::monitor_trap_flag);
	expect(l1.vmlaunch(), exits(Reason::monitor_trap_flag), "the first step");
	l1.expect_field(field::guest_rip, l2_code_address + 1);
	l1.expect_field(field::exit_qualification, 0);
	expect(l1.resume(L1::Skip::nothing), exits(Reason::monitor_trap_flag), "the second step");
	l1.expect_field(field::guest_rip, l2_code_address + 3);
	expect(l1.resume(L1::Skip::nothing), exits(Reason::vmcall), "the third exits by itself");
	l1.clear(vmx::primary::monitor_trap_flag);
	expect(again(l1, 0), exits(Reason::vmcall), "without the flag");
	// Injected once: SDM, "Injection of Pending MTF VM Exits".
	l1.write(field::guest_rip, l2_code_address);
	l1.set(vmx::primary::monitor_trap_flag);
	l1.write(field::entry_interruption_info, 1u << 31 | 7 << 8);
	expect(l1.vmresume(), exits(Reason::monitor_trap_flag), "pending MTF");
	l1.expect_field(field::guest_rip, l2_code_address);
}

TEST(task_switches)
{
	for (const bool call : {false, true}) {
		L1 l1;
		l1.prepare(call ? task_call : task_jump);
		constexpr std::uint64_t directories = page_tables_address + 2 * page_size;
		constexpr std::uint32_t pae_tables = 0x5b000;
		for (std::uint64_t i = 0; i < 4; i++)
			l1.at<std::uint64_t>(pae_tables + i * 8) =
				(directories + i * page_size) | 1;
		l1.write(field::guest_cr3, pae_tables);
		l1.clear(vmx::entry::ia32e_mode_guest);
		l1.write(field::guest_cs_access_rights, 0xc09b);
		// A TSS that is not busy, behind the busy one.
		l1.at<std::uint64_t>(gdt_address + 0x48) = 0x0000890060000067;
		l1.write(field::guest_gdtr_limit, 0x7f);
		expect(l1.vmlaunch(), exits(Reason::task_switch), call ? "CALL" : "JMP");
		l1.expect_field(field::exit_qualification, 0x48u | (call ? 0u : 2u << 30));
		l1.expect_field(field::exit_instruction_length, 7);
		l1.expect_field(field::guest_rip, l2_code_address);
	}
}

// Memory that is neither L2's nor L1's: userspace answers, L1 sees nothing of it.
TEST(userspace_memory)
{
	for (const bool with_ept : {false, true}) {
		L1 l1;
		l1.prepare(memory_of_nobody);
		if (with_ept)
			use_nothing_but_ept(l1);
		expect(l1.vmlaunch(), leaves(KVM_EXIT_MMIO), "L2");
		check_equal(l1.vcpu().state().mmio.phys_addr, mmio_address, "mmio.phys_addr");
		const std::uint32_t answer = 0x1234567;
		memcpy(l1.vcpu().state().mmio.data, &answer, sizeof(answer));
		expect(l1.go_on(), reports(answer), "L2");
		expect(l1.go_on(), exits(Reason::vmcall), "L2");
	}
}
