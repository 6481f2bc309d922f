// SPDX-License-Identifier: GPL-2.0-only
//
// What of L2 exits to L1 by control, or always (SDM, chapter "VMX Non-Root Operation"), and what
// the exit tells (SDM, "Basic VM-Exit Information", "Information for VM Exits Due to Instruction
// Execution").
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
L2_CODE(code_xsaves, "mov $-1, %eax\n mov %eax, %edx\n xsaves l2_data_address");
L2_CODE(code_xrstors,
	"mov $-1, %eax\n mov %eax, %edx\n xsaves l2_data_address\n xrstors l2_data_address");
L2_CODE(code_encls, ".byte 0x0f, 0x01, 0xcf");
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
GUEST_CODE(out_and_read, 64, L2_REPORT "mov (%rbx), %eax\n vmcall");
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
	{"SLDT", code_sldt, [](L1 &l1) { l1.set(vmx::secondary::descriptor_table_exiting); }, Reason::ldtr_tr, {}, 3, register_operand | 0xf << 3 | 3 << 28, register_operand | first(rax) | identity(0)},
	{"STR", code_str, [](L1 &l1) { l1.set(vmx::secondary::descriptor_table_exiting); }, Reason::ldtr_tr, 0, 3, memory_mask | 3 << 28, address_64 | data_ds | no_index | base(rbx) | identity(1)},
	{"LLDT", code_lldt, [](L1 &l1) { l1.set(vmx::secondary::descriptor_table_exiting); }, Reason::ldtr_tr, {}, 3, register_operand | 0xf << 3 | 3 << 28, register_operand | first(rdx) | identity(2)},
	{"LTR", code_ltr, [](L1 &l1) { l1.set(vmx::secondary::descriptor_table_exiting); }, Reason::ldtr_tr, {}, 3, register_operand | 0xf << 3 | 3 << 28, register_operand | first(rdx) | identity(3)},
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

void use_msr_bitmap(L1 &l1)
{
	l1.set(vmx::primary::use_msr_bitmaps);
	l1.write(field::msr_bitmap, msr_bitmap_address);
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

void need_xsave()
{
	if (!(Cpuid::supported().find(1)->ecx & 1 << 26))
		tap::skip("XSAVE is not offered");
}

GUEST_CODE(clears_osxsave, 64, R"(
	mov %cr4, %rax
	btr $18, %rax
	mov %rax, %cr4
	vmcall
)");
GUEST_CODE(reports_osxsave, 64, R"(
	mov $1, %eax
	cpuid
	mov %ecx, %eax
	shr $27, %eax
	and $1, %eax
)" L2_REPORT);

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
	need_xsave();
	L1 l1;
	l1.prepare(code_xsetbv);
	l1.write(field::guest_cr4, l1.read(field::guest_cr4) | cr4_osxsave);
	l1.expect_exit(l1.vmlaunch(), Reason::xsetbv, 0, 3);
}

// CPUID.OSXSAVE is of the one whose CR4 it is, also where the other has changed his.
TEST(osxsave_follows_cr4)
{
	need_xsave();
	L1 l1;
	l1.prepare(clears_osxsave);
	l1.write(field::guest_cr4, l1.read(field::guest_cr4) | cr4_osxsave);
	l1.write(field::host_cr4, l1.read(field::host_cr4) | cr4_osxsave);
	expect(l1.vmlaunch(), exits(Reason::vmcall), "L2");
	expect(l1.run(reports_osxsave), reports(1), "CPUID.OSXSAVE of L1");
}

// Whatever the bitmap says: no guest of KVM's has state in IA32_XSS that it could name.
TEST(xsaves)
{
	for (const Code *code : {&code_xsaves, &code_xrstors}) {
		L1 l1;
		l1.prepare(*code);
		l1.set(vmx::secondary::enable_xsaves);
		l1.write(field::guest_cr4, l1.read(field::guest_cr4) | cr4_osxsave);
		l1.write(field::xss_exiting_bitmap, ~0ul);
		expect(l1.vmlaunch(), exits(Reason::vmcall), "L2");
		l1.write(field::guest_rip, l2_code_address);
		l1.clear(vmx::secondary::enable_xsaves);
		expect(l1.vmresume(), faults(vector::ud), "L2 without the control");
	}
}

// By leaf: 63 stands for all from there on. Without an exit to L1 there is no such leaf.
TEST(encls)
{
	L1 l1;
	l1.prepare(code_encls);
	l1.set(vmx::secondary::encls_exiting);
	l1.write(field::encls_exiting_bitmap, 1ul << 20 | 1ul << 63);
	kvm_regs regs = {};
	for (const std::uint32_t leaf : {20u, 63u, 64u, 0xffffffffu, 21u, 62u}) {
		regs.rax = leaf;
		l1.write(field::guest_rip, l2_code_address);
		const bool exit = leaf == 20 || leaf >= 63;
		expect(leaf == 20 ? l1.vmlaunch(regs) : l1.vmresume(regs),
		       exit ? exits(Reason::encls) : faults(vector::gp),
		       "ENCLS of leaf " + tap::hex(leaf));
	}
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
	// Long enough for a kernel that checks itself to get to L2 before.
	l1.write(field::preemption_timer_value, 200000);
	expect(again(l1, 0), exits(Reason::preemption_timer), "a timer that ends a loop");
	check(l1.l2().rbx > 0, "L2 did not run before its timer of 200000");
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
	const Result first = l1.vmlaunch();
	if (first == exits(Reason::vmcall))
		tap::skip("Bochs 2.7 has the control and never takes the exit");
	expect(first, exits(Reason::monitor_trap_flag), "the first step");
	l1.expect_field(field::guest_rip, l2_code_address + 1);
	l1.expect_field(field::exit_qualification, 0);
	expect(l1.resume(L1::Skip::nothing), exits(Reason::monitor_trap_flag), "the second step");
	l1.expect_field(field::guest_rip, l2_code_address + 3);
	expect(l1.resume(L1::Skip::nothing), exits(Reason::vmcall), "the third exits by itself");
	l1.clear(vmx::primary::monitor_trap_flag);
	expect(again(l1, 0), exits(Reason::vmcall), "without the flag");
}

// L0 executes these for L2, or userspace: behind each there is the exit.
TEST(monitor_trap_flag_behind_emulation)
{
	L1 l1;
	l1.prepare(out_and_read);
	l1.set(vmx::primary::monitor_trap_flag);
	kvm_regs regs = {};
	regs.rax = 1;
	regs.rbx = mmio_address;
	expect(l1.vmlaunch(regs), reports(1), "L2's OUT");
	expect(l1.go_on(), exits(Reason::monitor_trap_flag), "behind OUT");
	l1.expect_field(field::guest_rip, l2_code_address + 2);
	expect(l1.resume(L1::Skip::nothing), leaves(KVM_EXIT_MMIO), "L2's MOV");
	expect(l1.go_on(), exits(Reason::monitor_trap_flag), "behind MOV");
	l1.expect_field(field::guest_rip, l2_code_address + 4);
	l1.clear(vmx::primary::monitor_trap_flag);
	expect(l1.resume(L1::Skip::nothing), exits(Reason::vmcall), "without the flag");
}

// SDM, "Injection of Pending MTF VM Exits".
TEST(injected_monitor_trap_flag)
{
	L1 l1;
	l1.prepare(three_steps);
	l1.set(vmx::primary::monitor_trap_flag);
	l1.write(field::entry_interruption_info, 1u << 31 | 7 << 8);
	expect(l1.vmlaunch(), exits(Reason::monitor_trap_flag), "pending MTF");
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
