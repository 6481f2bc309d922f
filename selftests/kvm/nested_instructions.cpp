// SPDX-License-Identifier: GPL-2.0-only
//
// L1's VMX instructions: what each of them needs, does and fails with (SDM, chapter "VMX
// Instruction Reference", and "VM-Instruction Error Numbers").
#include "harness/nested.hpp"
#include "vmx/field_list.hpp"

using namespace kvm;
using tap::check;
using tap::check_equal;
namespace field = vmx::field;
namespace vector = vmx::vector;
using vmx::Msr;
using vmx::Reason;

namespace {

GUEST_CODE(vmcall, 64, "vmcall");
L1_CODE(vmfunc, "vmfunc");
L1_CODE(vmread_memory, "vmread %rsi, (%rdi)");
L1_CODE(vmwrite_memory, "vmwrite (%rdi), %rsi");
L1_CODE(vmread_scaled, "vmread %rsi, -8(%rdi, %rcx, 4)");
L1_CODE(vmread_rip, "vmread %rsi, 0f(%rip)\n mov 0f(%rip), %rdi\n jmp 1f\n0: .quad 0\n1:");
L1_CODE(vmread_narrow_address, "vmread %rsi, (%edi)");
L1_CODE(vmread_fs, "vmread %rsi, %fs:8");
L1_CODE(vmread_r8, "mov %rsi, %r9\n vmread %r9, %r8");
L1_CODE(vmwrite_r15, "mov %rdi, %r15\n mov %rsi, %r14\n vmwrite %r15, %r14");
L1_CODE(vmread_stack, "vmread %rsi, 16(%rsp)");
L1_CODE(vmptrld_rbp, "mov %rdi, %rbp\n vmptrld (%rbp)");
L1_CODE(launch_after_mov_ss, "mov %ss, %eax\n mov %eax, %ss\n vmlaunch");
L1_CODE(resume_after_mov_ss, "mov %ss, %eax\n mov %eax, %ss\n vmresume");
L1_CODE(write_cr0, "mov %rdi, %cr0");
L1_CODE(write_cr4, "mov %rdi, %cr4");

constexpr std::uint64_t nowhere = 0x40000000; // no memory is there
constexpr std::uint64_t non_canonical = 1ul << 62;
constexpr std::uint64_t no_vmcs = ~0ul;
constexpr std::uint64_t iopl_3 = 3 << 12;

std::uint64_t beyond_physical()
{
	Cpuid cpuid = Cpuid::supported();
	return 1ul << (cpuid.find(0x80000008)->eax & 0xff);
}

// The next step of L1 runs at privilege level 3.
void leave_privileges(const Vcpu &vcpu)
{
	kvm_sregs sregs = vcpu.sregs();
	sregs.cs.selector = selector_user_code64;
	sregs.ss.selector = selector_user_data;
	sregs.cs.dpl = sregs.ss.dpl = 3;
	vcpu.set(sregs);
}

void enter_compatibility_mode(const Vcpu &vcpu)
{
	kvm_sregs sregs = vcpu.sregs();
	sregs.cs.selector = selector_code32;
	sregs.cs.l = 0;
	sregs.cs.db = 1;
	vcpu.set(sregs);
}

void set_cr4(const Vcpu &vcpu, std::uint64_t set, std::uint64_t clear)
{
	kvm_sregs sregs = vcpu.sregs();
	sregs.cr4 = (sregs.cr4 | set) & ~clear;
	vcpu.set(sregs);
}

kvm_regs operands(std::uint64_t rdi, std::uint64_t rsi = 0)
{
	kvm_regs regs = {};
	regs.rdi = rdi;
	regs.rsi = rsi;
	return regs;
}

bool is(const Instruction &instruction, std::string_view name)
{
	return instruction.name == name;
}

// INVEPT and INVVPID are there only if L1 could use them.
bool is_offered(const L1 &l1, const Instruction &instruction)
{
	if (is(instruction, "INVEPT"))
		return l1.offers(vmx::secondary::enable_ept);
	if (is(instruction, "INVVPID"))
		return l1.offers(vmx::secondary::enable_vpid);
	return true;
}

bool vmwrite_to_any_field(const L1 &l1)
{
	return vmx::Misc{l1.capability(Msr::misc)}.has(vmx::misc::vmwrite_any_field);
}

std::uint64_t current_vmcs(L1 &l1)
{
	std::uint64_t address = 0;
	expect(l1.vmptrst(address), succeeds(), "VMPTRST");
	return address;
}

void make_region(L1 &l1, std::uint64_t address)
{
	l1.at<std::uint32_t>(address) = l1.revision();
}

std::uint64_t truncate(std::uint32_t encoding, std::uint64_t value)
{
	switch (vmx::width_of(encoding)) {
	case vmx::Width::word:
		return value & 0xffff;
	case vmx::Width::dword:
		return value & 0xffffffff;
	default:
		return value;
	}
}

bool is_access_rights(std::uint32_t encoding)
{
	return encoding >= field::guest_es_access_rights.encoding &&
	       encoding <= field::guest_tr_access_rights.encoding;
}

// Something that differs from field to field and fills it.
std::uint64_t pattern(std::uint32_t encoding)
{
	return truncate(encoding, 0x9e3779b97f4a7c15 * (encoding | 1));
}

// A CPU may drop the reserved bits of access rights.
std::uint64_t comparable(std::uint32_t encoding, std::uint64_t value)
{
	return is_access_rights(encoding) ? value & 0x1f0ff : value;
}

void check_field(L1 &l1, const field::Info &info, std::uint64_t expected, const std::string &when)
{
	std::uint64_t value = 0;
	expect(l1.vmread(info.encoding, value), succeeds(),
	       std::string("VMREAD of ") + info.name + when);
	check_equal(comparable(info.encoding, value), comparable(info.encoding, expected),
		    info.name + when);
}

} // namespace

TEST(capability_msrs)
{
	L1 l1;
	const std::uint32_t last = static_cast<std::uint32_t>(Msr::vmfunc);
	for (std::uint32_t msr = static_cast<std::uint32_t>(Msr::basic); msr <= last; msr++) {
		std::uint64_t of_host = 0, of_guest = 0;
		const bool offered = l1.vcpu().try_get_msr(msr, of_host);
		const Result result = l1.rdmsr(msr, of_guest);
		const std::string name = vmx::name_of(static_cast<Msr>(msr));
		if (!offered) {
			expect(result, faults(vector::gp), "RDMSR of " + name);
			continue;
		}
		expect(result, succeeds(), "RDMSR of " + name);
		check_equal(of_guest, of_host, name);
		expect(l1.wrmsr(msr, of_guest), faults(vector::gp), "WRMSR of " + name);
	}
}

TEST(capabilities_make_sense)
{
	L1 l1;
	const vmx::Basic basic{l1.capability(Msr::basic)};
	check(basic.revision() != 0, "the VMCS revision is 0");
	check(!basic.reserved_bit_31(), "IA32_VMX_BASIC[31] is set");
	check(basic.region_size() > 0 && basic.region_size() <= page_size,
	      "the VMCS region's size: expected 1 to 4096, found " + tap::hex(basic.region_size()));
	check_equal(basic.addresses_32bit(), false, "IA32_VMX_BASIC[48]");
	check_equal(basic.memory_type(), 6u, "the VMCS memory type");
	check_equal(basic.true_controls(), true, "IA32_VMX_BASIC[55]");
	for (const auto &[plain, precise] : {std::pair{Msr::pinbased_ctls, Msr::true_pinbased_ctls},
					     {Msr::procbased_ctls, Msr::true_procbased_ctls},
					     {Msr::exit_ctls, Msr::true_exit_ctls},
					     {Msr::entry_ctls, Msr::true_entry_ctls}}) {
		const std::uint64_t a = l1.capability(plain), b = l1.capability(precise);
		check_equal(b >> 32, a >> 32,
			    std::string("what may be 1 in ") + vmx::name_of(precise));
		check_equal(b & ~a & 0xffffffff, 0u,
			    std::string("needed in ") + vmx::name_of(precise) + " only");
		check_equal(a & ~(a >> 32) & 0xffffffff, 0u,
			    std::string("needed and not allowed in ") + vmx::name_of(plain));
	}
	check_equal(l1.capability(Msr::cr0_fixed0) & ~l1.capability(Msr::cr0_fixed1), 0u,
		    "bits of CR0 fixed to both 0 and 1");
	check_equal(l1.capability(Msr::cr4_fixed0) & ~l1.capability(Msr::cr4_fixed1), 0u,
		    "bits of CR4 fixed to both 0 and 1");
	check_equal(l1.capability(Msr::cr0_fixed0), 0x80000021u, "IA32_VMX_CR0_FIXED0");
	check_equal(l1.capability(Msr::cr4_fixed0), cr4_vmxe, "IA32_VMX_CR4_FIXED0");
}

TEST(feature_control)
{
	L1 l1;
	make_region(l1, vmxon_address);
	const auto feature_control = vmx::msr::feature_control;

	l1.vcpu().set_msr(feature_control, 0);
	expect(l1.vmxon(vmxon_address), faults(vector::gp), "VMXON, unlocked");
	expect(l1.wrmsr(feature_control, 1 << 2), succeeds(), "WRMSR of IA32_FEATURE_CONTROL");
	expect(l1.vmxon(vmxon_address), faults(vector::gp), "VMXON, allowed and unlocked");
	expect(l1.wrmsr(feature_control, 1), succeeds(), "locking");
	expect(l1.vmxon(vmxon_address), faults(vector::gp), "VMXON, locked and not allowed");
	expect(l1.wrmsr(feature_control, 5), faults(vector::gp), "WRMSR once it is locked");
	std::uint64_t value = 0;
	expect(l1.rdmsr(feature_control, value), succeeds(), "RDMSR");
	check_equal(value, 1u, "IA32_FEATURE_CONTROL");
	l1.vcpu().set_msr(feature_control, 5);
	expect(l1.vmxon(vmxon_address), succeeds(), "VMXON, locked and allowed");
}

TEST(undefined_without_vmxe)
{
	L1 l1;
	make_region(l1, vmxon_address);
	l1.at<std::uint64_t>(operand_address) = vmxon_address;
	set_cr4(l1.vcpu(), 0, cr4_vmxe);
	for (const Instruction &i : vmx_instructions())
		expect(l1.run(i.code, operands(operand_address)), faults(vector::ud), i.name);
}

TEST(undefined_outside_vmx_operation)
{
	L1 l1;
	l1.at<std::uint64_t>(operand_address) = vmxon_address;
	for (const Instruction &i : vmx_instructions())
		if (!is(i, "VMXON"))
			expect(l1.run(i.code, operands(operand_address)), faults(vector::ud),
			       i.name);
	expect(l1.run(vmfunc), faults(vector::ud), "VMFUNC");
}

TEST(undefined_in_compatibility_mode)
{
	L1 l1;
	make_region(l1, vmxon_address);
	l1.at<std::uint64_t>(operand_address) = vmxon_address;
	enter_compatibility_mode(l1.vcpu());
	expect(l1.run(vmx_instructions()[0].code, operands(operand_address)), faults(vector::ud),
	       "VMXON outside VMX operation");
	l1.enter_vmx();
	for (const Instruction &i : vmx_instructions()) {
		if (!is_offered(l1, i))
			continue;
		enter_compatibility_mode(l1.vcpu());
		expect(l1.run(i.code, operands(operand_address)), faults(vector::ud), i.name);
	}
}

TEST(privilege)
{
	L1 l1;
	make_region(l1, vmxon_address);
	l1.at<std::uint64_t>(operand_address) = vmxon_address;
	kvm_regs regs = operands(operand_address);
	regs.rflags = rflags_fixed | rflags_if | iopl_3;
	for (const Instruction &i : vmx_instructions()) {
		leave_privileges(l1.vcpu());
		expect(l1.run(i.code, regs), faults(is(i, "VMXON") ? vector::gp : vector::ud),
		       std::string(i.name) + " outside VMX operation");
	}
	l1.enter_vmx();
	for (const Instruction &i : vmx_instructions()) {
		if (!is_offered(l1, i))
			continue;
		leave_privileges(l1.vcpu());
		expect(l1.run(i.code, regs), faults(vector::gp), i.name);
	}
	// None of them did anything.
	check_equal(current_vmcs(l1), no_vmcs, "VMPTRST");
}

TEST(not_offered_instructions)
{
	L1 l1;
	l1.enter_vmx();
	bool any = false;
	for (const Instruction &i : vmx_instructions())
		if (!is_offered(l1, i)) {
			expect(l1.run(i.code, operands(operand_address)), faults(vector::ud),
			       i.name);
			any = true;
		}
	expect(l1.run(vmfunc), faults(vector::ud), "VMFUNC in VMX root operation");
	if (!any)
		tap::skip("INVEPT and INVVPID are both offered; VMFUNC is #UD");
}

TEST(operands_that_fault)
{
	L1 l1;
	constexpr std::uint64_t not_mapped = 1ul << 32;
	const Code &vmxon = vmx_instructions()[0].code;
	expect(l1.run(vmxon, operands(non_canonical)), faults(vector::gp), "VMXON, not canonical");
	expect(l1.run(vmxon, operands(not_mapped)), faults(vector::pf), "VMXON, not mapped");
	l1.prepare(vmcall);
	// In VMX operation VMXON does not look at its operand.
	expect(l1.run(vmxon, operands(not_mapped)), fails(15), "VMXON in VMX operation");
	for (const Instruction &i : vmx_instructions()) {
		if (is(i, "VMXON") || is(i, "VMXOFF") || is(i, "VMREAD") || is(i, "VMWRITE") ||
		    is(i, "VMLAUNCH") || is(i, "VMRESUME") || !is_offered(l1, i))
			continue;
		const std::uint64_t rsi = is(i, "INVEPT") || is(i, "INVVPID") ? 2 : 0;
		const std::uint64_t write = is(i, "VMPTRST") ? 2 : 0;
		expect(l1.run(i.code, operands(non_canonical, rsi)), faults(vector::gp),
		       std::string(i.name) + " at an address that is not canonical");
		expect(l1.run(i.code, operands(not_mapped, rsi)), faults(vector::pf, write),
		       std::string(i.name) + " at an address that is not mapped");
		check_equal(l1.vcpu().sregs().cr2, not_mapped, "CR2");
	}
	const std::uint64_t rsi = field::guest_rip.encoding;
	expect(l1.run(vmread_memory, operands(not_mapped, rsi)), faults(vector::pf, 2), "VMREAD");
	expect(l1.run(vmwrite_memory, operands(not_mapped, rsi)), faults(vector::pf, 0), "VMWRITE");
	expect(l1.run(vmread_memory, operands(non_canonical, rsi)), faults(vector::gp), "VMREAD");
	expect(l1.run(vmwrite_memory, operands(non_canonical, rsi)), faults(vector::gp), "VMWRITE");
	expect(l1.run(vmptrld_rbp, operands(non_canonical)), faults(vector::ss),
	       "VMPTRLD on the stack at an address that is not canonical");
	l1.expect_field(field::guest_rip, l2_code_address);
}

TEST(operand_forms)
{
	L1 l1;
	l1.prepare(vmcall);
	const std::uint64_t rsi = field::guest_rip.encoding;
	auto &at_operand = l1.at<std::uint64_t>(operand_address);

	l1.at<std::uint64_t>(operand_address + 8) = 0x5555;
	expect(l1.run(vmread_memory, operands(operand_address, rsi)), succeeds(), "VMREAD (%rdi)");
	check_equal(at_operand, l2_code_address, "VMREAD (%rdi)");
	check_equal(l1.at<std::uint64_t>(operand_address + 8), 0x5555u,
		    "memory behind the operand of VMREAD");

	kvm_regs regs = operands(operand_address, rsi);
	regs.rcx = 4;
	expect(l1.run(vmread_scaled, regs), succeeds(), "VMREAD -8(%rdi, %rcx, 4)");
	check_equal(l1.at<std::uint64_t>(operand_address + 8), l2_code_address,
		    "VMREAD -8(%rdi, %rcx, 4)");

	expect(l1.run(vmread_rip, operands(0, rsi)), succeeds(), "VMREAD relative to rip");
	check_equal(l1.vcpu().regs().rdi, l2_code_address, "VMREAD relative to rip");

	at_operand = 0;
	expect(l1.run(vmread_narrow_address, operands(0xabcd00000000 | operand_address, rsi)),
	       succeeds(), "VMREAD (%edi)");
	check_equal(at_operand, l2_code_address, "VMREAD (%edi)");

	kvm_sregs sregs = l1.vcpu().sregs();
	sregs.fs.base = operand_address + 0x100;
	l1.vcpu().set(sregs);
	expect(l1.run(vmread_fs, operands(0, rsi)), succeeds(), "VMREAD %fs:8");
	check_equal(l1.at<std::uint64_t>(operand_address + 0x108), l2_code_address, "VMREAD %fs:8");

	expect(l1.run(vmread_r8, operands(0, rsi)), succeeds(), "VMREAD to r8");
	check_equal(l1.vcpu().regs().r8, l2_code_address, "VMREAD to r8");

	expect(l1.run(vmread_stack, operands(0, rsi)), succeeds(), "VMREAD 16(%rsp)");
	check_equal(l1.at<std::uint64_t>(stack_top(0)), l2_code_address, "VMREAD 16(%rsp)");

	at_operand = 0x123456;
	expect(l1.run(vmwrite_memory, operands(operand_address, rsi)), succeeds(),
	       "VMWRITE (%rdi)");
	l1.expect_field(field::guest_rip, 0x123456);
	expect(l1.run(vmwrite_r15, operands(0x654321, rsi)), succeeds(), "VMWRITE from r15");
	l1.expect_field(field::guest_rip, 0x654321);

	constexpr std::uint32_t split = field_list_address + page_size - 4;
	expect(l1.run(vmread_memory, operands(split, rsi)), succeeds(), "VMREAD across pages");
	std::uint64_t value;
	memcpy(&value, l1.vm().memory(split), sizeof(value));
	check_equal(value, 0x654321u, "VMREAD across pages");
}

TEST(vmread_of_narrow_fields_to_memory)
{
	L1 l1;
	l1.prepare(vmcall);
	auto &at_operand = l1.at<std::uint64_t>(operand_address);
	l1.write(field::guest_cs_selector, 0x1238);
	at_operand = ~0ul;
	expect(l1.run(vmread_memory, operands(operand_address, field::guest_cs_selector.encoding)),
	       succeeds(), "VMREAD of a 16-bit field");
	check_equal(at_operand, 0x1238u, "a 16-bit field in memory: 64 bits are written");
	l1.write(field::guest_cs_limit, 0x87654321);
	at_operand = ~0ul;
	expect(l1.run(vmread_memory, operands(operand_address, field::guest_cs_limit.encoding)),
	       succeeds(), "VMREAD of a 32-bit field");
	check_equal(at_operand, 0x87654321u, "a 32-bit field in memory: 64 bits are written");
	// What does not fit is dropped.
	l1.write(field::guest_cs_selector, 0xabcd4321);
	l1.expect_field(field::guest_cs_selector, 0x4321);
	l1.write(field::guest_cs_limit, 0xabcd87654321);
	l1.expect_field(field::guest_cs_limit, 0x87654321);
}

TEST(vmxon)
{
	L1 l1;
	make_region(l1, vmxon_address);
	expect(l1.vmxon(vmxon_address + 8), fails_invalid(), "VMXON of an unaligned address");
	expect(l1.vmxon(beyond_physical()), fails_invalid(), "VMXON beyond physical addresses");
	expect(l1.vmxon(vmxon_address | 1ul << 63), fails_invalid(), "VMXON with bit 63");
	expect(l1.vmxon(nowhere), fails_invalid(), "VMXON where no memory is");
	l1.at<std::uint32_t>(vmxon_address) = l1.revision() ^ 1;
	expect(l1.vmxon(vmxon_address), fails_invalid(), "VMXON of another revision");
	l1.at<std::uint32_t>(vmxon_address) = l1.revision() | 1u << 31;
	expect(l1.vmxon(vmxon_address), fails_invalid(), "VMXON of a shadow VMCS");
	make_region(l1, vmxon_address);
	expect(l1.vmxon(vmxon_address), succeeds(), "VMXON");
	expect(l1.vmxon(vmxon_address), fails_invalid(), "VMXON again, no VMCS being current");
	make_region(l1, vmcs_address);
	expect(l1.vmptrld(vmcs_address), succeeds(), "VMPTRLD");
	expect(l1.vmxon(vmxon_address), fails(15), "VMXON again, a VMCS being current");
}

TEST(vmxon_needs_fixed_bits)
{
	L1 l1;
	make_region(l1, vmxon_address);
	kvm_sregs sregs = l1.vcpu().sregs();
	sregs.cr0 &= ~cr0_ne;
	l1.vcpu().set(sregs);
	expect(l1.vmxon(vmxon_address), faults(vector::gp), "VMXON with CR0.NE clear");
	sregs = l1.vcpu().sregs();
	sregs.cr0 |= cr0_ne;
	l1.vcpu().set(sregs);
	expect(l1.vmxon(vmxon_address), succeeds(), "VMXON with CR0.NE set");
}

TEST(fixed_bits_in_vmx_operation)
{
	L1 l1;
	const kvm_sregs before = l1.vcpu().sregs();
	expect(l1.run(write_cr0, operands(before.cr0 & ~cr0_ne)), succeeds(),
	       "CR0.NE cleared outside VMX operation");
	expect(l1.run(write_cr0, operands(before.cr0)), succeeds(), "CR0.NE set");
	expect(l1.run(write_cr4, operands(before.cr4 & ~cr4_vmxe)), succeeds(),
	       "CR4.VMXE cleared outside VMX operation");
	expect(l1.run(write_cr4, operands(before.cr4)), succeeds(), "CR4.VMXE set");
	l1.enter_vmx();
	expect(l1.run(write_cr0, operands(before.cr0 & ~cr0_ne)), faults(vector::gp),
	       "CR0.NE cleared in VMX operation");
	expect(l1.run(write_cr4, operands(before.cr4 & ~cr4_vmxe)), faults(vector::gp),
	       "CR4.VMXE cleared in VMX operation");
	check_equal(l1.vcpu().sregs().cr0, before.cr0, "CR0");
	check_equal(l1.vcpu().sregs().cr4, before.cr4, "CR4");
	expect(l1.vmxoff(), succeeds(), "VMXOFF");
	expect(l1.run(write_cr4, operands(before.cr4 & ~cr4_vmxe)), succeeds(),
	       "CR4.VMXE cleared after VMXOFF");
}

TEST(vmxoff)
{
	L1 l1;
	l1.prepare(vmcall);
	expect(l1.vmxoff(), succeeds(), "VMXOFF");
	std::uint64_t value = 0;
	expect(l1.vmptrst(value), faults(vector::ud), "VMPTRST after VMXOFF");
	expect(l1.vmxoff(), faults(vector::ud), "VMXOFF again");
	l1.enter_vmx();
	check_equal(current_vmcs(l1), no_vmcs, "the current VMCS after VMXOFF and VMXON");
}

TEST(vmclear)
{
	L1 l1;
	l1.enter_vmx();
	make_region(l1, vmcs_address);
	make_region(l1, other_vmcs_address);
	expect(l1.vmclear(vmcs_address + 8), fails_invalid(), "unaligned, no VMCS being current");
	expect(l1.vmptrld(vmcs_address), succeeds(), "VMPTRLD");
	expect(l1.vmclear(vmcs_address + 8), fails(2), "VMCLEAR of an unaligned address");
	expect(l1.vmclear(beyond_physical()), fails(2), "VMCLEAR beyond physical addresses");
	expect(l1.vmclear(vmxon_address), fails(3), "VMCLEAR of the VMXON region");
	expect(l1.vmclear(other_vmcs_address), succeeds(), "VMCLEAR of another VMCS");
	check_equal(current_vmcs(l1), vmcs_address, "the current VMCS after that of another");
	// The revision does not matter.
	l1.at<std::uint32_t>(other_vmcs_address) = l1.revision() ^ 1;
	expect(l1.vmclear(other_vmcs_address), succeeds(), "VMCLEAR of another revision");
	expect(l1.vmclear(nowhere), succeeds(), "VMCLEAR where no memory is");
	expect(l1.vmclear(vmcs_address), succeeds(), "VMCLEAR");
	check_equal(current_vmcs(l1), no_vmcs, "the current VMCS after its VMCLEAR");
	check_equal(l1.at<std::uint32_t>(vmcs_address), l1.revision(),
		    "the revision in the region after VMCLEAR");
}

TEST(vmptrld)
{
	L1 l1;
	l1.enter_vmx();
	make_region(l1, vmcs_address);
	expect(l1.vmptrld(vmxon_address), fails_invalid(), "VMXON region, no VMCS being current");
	expect(l1.vmptrld(vmcs_address), succeeds(), "VMPTRLD");
	check_equal(current_vmcs(l1), vmcs_address, "the current VMCS");
	expect(l1.vmptrld(vmcs_address + 8), fails(9), "VMPTRLD of an unaligned address");
	expect(l1.vmptrld(beyond_physical()), fails(9), "VMPTRLD beyond physical addresses");
	expect(l1.vmptrld(vmxon_address), fails(10), "VMPTRLD of the VMXON region");
	l1.at<std::uint32_t>(other_vmcs_address) = l1.revision() ^ 1;
	expect(l1.vmptrld(other_vmcs_address), fails(11), "VMPTRLD of another revision");
	l1.at<std::uint32_t>(other_vmcs_address) = 0;
	expect(l1.vmptrld(other_vmcs_address), fails(11), "VMPTRLD of revision 0");
	// Memory that is not there reads as ones.
	expect(l1.vmptrld(nowhere), fails(11), "VMPTRLD where no memory is");
	check_equal(current_vmcs(l1), vmcs_address, "the current VMCS after failures");
	make_region(l1, other_vmcs_address);
	expect(l1.vmptrld(other_vmcs_address), succeeds(), "VMPTRLD of another VMCS");
	check_equal(current_vmcs(l1), other_vmcs_address, "the current VMCS");
	expect(l1.vmptrld(other_vmcs_address), succeeds(), "VMPTRLD of the current VMCS");
}

TEST(vmptrld_of_shadow_vmcs)
{
	L1 l1;
	l1.enter_vmx();
	make_region(l1, vmcs_address);
	expect(l1.vmptrld(vmcs_address), succeeds(), "VMPTRLD");
	l1.at<std::uint32_t>(shadow_vmcs_address) = l1.revision() | 1u << 31;
	if (l1.offers(vmx::secondary::vmcs_shadowing)) {
		expect(l1.vmptrld(shadow_vmcs_address), succeeds(), "VMPTRLD of a shadow VMCS");
		expect(l1.vmlaunch(), fails_invalid(), "VMLAUNCH of a shadow VMCS");
		expect(l1.vmresume(), fails_invalid(), "VMRESUME of a shadow VMCS");
	} else {
		expect(l1.vmptrld(shadow_vmcs_address), fails(11), "VMPTRLD of a shadow VMCS");
	}
}

TEST(without_current_vmcs)
{
	L1 l1;
	l1.enter_vmx();
	std::uint64_t value = 0;
	check_equal(current_vmcs(l1), no_vmcs, "the current VMCS");
	expect(l1.vmread(field::guest_rip.encoding, value), fails_invalid(), "VMREAD");
	expect(l1.vmread(0x7ffe, value), fails_invalid(), "VMREAD of no field");
	expect(l1.vmwrite(field::guest_rip.encoding, 0), fails_invalid(), "VMWRITE");
	expect(l1.vmwrite(field::exit_reason.encoding, 0), fails_invalid(), "VMWRITE, read-only");
	expect(l1.vmlaunch(), fails_invalid(), "VMLAUNCH");
	expect(l1.vmresume(), fails_invalid(), "VMRESUME");
	if (l1.offers(vmx::secondary::enable_ept))
		expect(l1.invept(0, 0), fails_invalid(), "INVEPT of no type");
	if (l1.offers(vmx::secondary::enable_vpid))
		expect(l1.invvpid(9, 1), fails_invalid(), "INVVPID of no type");
}

TEST(fields_that_are_not)
{
	L1 l1;
	l1.prepare(vmcall);
	constexpr std::uint64_t rip = field::guest_rip.encoding;
	struct {
		const char *what;
		std::uint64_t encoding;
	} const cases[] = {
		{"index 511", 0x03fe},
		{"index 511 of the guest's natural-width fields", 0x6bfe},
		{"bit 12", field::guest_rip.encoding | 1 << 12},
		{"bit 15", field::guest_rip.encoding | 1 << 15},
		{"bit 16", field::guest_rip.encoding | 1 << 16},
		{"bit 31", field::guest_rip.encoding | 1ul << 31},
		{"bit 32", rip | 1ul << 32},
		{"bit 63", rip | 1ul << 63},
		{"the high half of a 16-bit field", field::guest_cs_selector.encoding | 1},
		{"the high half of a 32-bit field", field::guest_cs_limit.encoding | 1},
		{"the high half of a natural-width field", field::guest_rip.encoding | 1},
		{"a 16-bit exit-information field", 0x0400},
		{"all ones", ~0ul},
	};
	for (const auto &c : cases) {
		std::uint64_t value = 0;
		expect(l1.vmread(c.encoding, value), fails(12), std::string("VMREAD: ") + c.what);
		expect(l1.vmwrite(c.encoding, 0), fails(12), std::string("VMWRITE: ") + c.what);
		expect(l1.run(vmread_memory, operands(operand_address, c.encoding)), fails(12),
		       std::string("VMREAD to memory: ") + c.what);
	}
}

TEST(read_only_fields)
{
	L1 l1;
	l1.prepare(vmcall);
	const bool any = vmwrite_to_any_field(l1);
	for (const field::Info &info : field::list) {
		std::uint64_t value = 0;
		if (vmx::group_of(info.encoding) != vmx::Group::exit_info ||
		    l1.vmread(info.encoding, value).kind != Result::Kind::success)
			continue;
		const std::uint64_t wanted = pattern(info.encoding);
		expect(l1.vmwrite(info.encoding, wanted), any ? succeeds() : fails(13),
		       std::string("VMWRITE of ") + info.name);
		if (any)
			check_field(l1, info, wanted, "");
	}
}

TEST(instruction_error_is_kept)
{
	L1 l1;
	l1.prepare(vmcall);
	std::uint64_t value = 0;
	expect(l1.vmread(0x7ffe, value), fails(12), "VMREAD");
	expect(l1.vmclear(other_vmcs_address), succeeds(), "VMCLEAR");
	l1.expect_field(field::instruction_error, 12);
	expect(l1.vmptrld(other_vmcs_address + 1), fails(9), "VMPTRLD");
	l1.expect_field(field::instruction_error, 9);
	// It belongs to the VMCS that was current.
	make_region(l1, other_vmcs_address);
	expect(l1.vmptrld(other_vmcs_address), succeeds(), "VMPTRLD");
	expect(l1.vmclear(vmxon_address), fails(3), "VMCLEAR");
	expect(l1.vmptrld(vmcs_address), succeeds(), "VMPTRLD");
	l1.expect_field(field::instruction_error, 9);
}

TEST(every_field)
{
	L1 l1;
	l1.prepare(vmcall);
	std::vector<field::Info> fields;
	std::uint32_t highest = 0;
	for (const field::Info &info : field::list) {
		std::uint64_t value = 0;
		const Result found = l1.vmread(info.encoding, value);
		if (found == fails(12))
			continue;
		expect(found, succeeds(), std::string("VMREAD of ") + info.name);
		highest = std::max(highest, info.encoding >> 1 & 0x1ff);
		if (vmx::group_of(info.encoding) != vmx::Group::exit_info)
			fields.push_back(info);
	}
	check_equal(l1.capability(Msr::vmcs_enum) >> 1 & 0x1ff, highest,
		    "the highest index in IA32_VMX_VMCS_ENUM");

	for (const auto &info : fields)
		expect(l1.vmwrite(info.encoding, pattern(info.encoding)), succeeds(),
		       std::string("VMWRITE of ") + info.name);
	for (const auto &info : fields)
		check_field(l1, info, pattern(info.encoding), "");
	// Into memory and back.
	make_region(l1, other_vmcs_address);
	expect(l1.vmptrld(other_vmcs_address), succeeds(), "VMPTRLD of another");
	expect(l1.vmptrld(vmcs_address), succeeds(), "VMPTRLD");
	for (const auto &info : fields)
		check_field(l1, info, pattern(info.encoding), " after VMPTRLD of another VMCS");
	expect(l1.vmclear(vmcs_address), succeeds(), "VMCLEAR");
	expect(l1.vmptrld(vmcs_address), succeeds(), "VMPTRLD");
	for (const auto &info : fields)
		check_field(l1, info, pattern(info.encoding), " after VMCLEAR and VMPTRLD");
	// And into another place.
	expect(l1.vmclear(vmcs_address), succeeds(), "VMCLEAR");
	memcpy(l1.vm().memory(other_vmcs_address), l1.vm().memory(vmcs_address), page_size);
	expect(l1.vmptrld(other_vmcs_address), succeeds(), "VMPTRLD of a copy");
	for (const auto &info : fields)
		check_field(l1, info, pattern(info.encoding), " in a copied region");
}

TEST(halves_of_fields)
{
	L1 l1;
	l1.prepare(vmcall);
	for (const field::Info &info : field::list) {
		std::uint64_t value = 0;
		if (vmx::width_of(info.encoding) != vmx::Width::quad ||
		    vmx::group_of(info.encoding) == vmx::Group::exit_info ||
		    l1.vmread(info.encoding, value).kind != Result::Kind::success)
			continue;
		const std::string name = info.name;
		expect(l1.vmwrite(info.encoding, 0x1111111122222222), succeeds(),
		       "VMWRITE of " + name);
		expect(l1.vmread(info.encoding | 1, value), succeeds(),
		       "VMREAD of the high half of " + name);
		check_equal(value, 0x11111111u, "the high half of " + name);
		expect(l1.vmwrite(info.encoding | 1, 0x5555555533333333), succeeds(),
		       "VMWRITE of the high half of " + name);
		expect(l1.vmread(info.encoding, value), succeeds(), "VMREAD of " + name);
		check_equal(value, 0x3333333322222222u, name + " after a write of its high half");
	}
}

// Fields that exist when the vCPU offers what they are for.
TEST(fields_of_controls)
{
	L1 l1;
	l1.prepare(vmcall);
	using namespace vmx::secondary;
	struct {
		vmx::Secondary control;
		std::uint32_t encoding;
	} const cases[] = {
		{enable_vpid, field::virtual_processor_id.encoding},
		{virtual_interrupt_delivery, field::guest_interrupt_status.encoding},
		{virtual_interrupt_delivery, field::eoi_exit_bitmap_3.encoding},
		{enable_pml, field::pml_index.encoding},
		{enable_pml, field::pml_address.encoding},
		{virtualize_apic_accesses, field::apic_access_address.encoding},
		{enable_vmfunc, field::vm_function_controls.encoding},
		{enable_ept, field::ept_pointer.encoding},
		{enable_ept, field::guest_physical_address.encoding},
		{enable_ept, field::guest_pdpte3.encoding},
		{vmcs_shadowing, field::vmread_bitmap.encoding},
		{vmcs_shadowing, field::vmwrite_bitmap.encoding},
		{enable_xsaves, field::xss_exiting_bitmap.encoding},
		{use_tsc_scaling, field::tsc_multiplier.encoding},
		{encls_exiting, field::encls_exiting_bitmap.encoding},
	};
	for (const auto &c : cases)
		if (l1.offers(c.control))
			(void)l1.read_field(c.encoding);
	const std::uint32_t pin = l1.capability(Msr::true_pinbased_ctls) >> 32;
	if (pin & vmx::pin::preemption_timer.bits)
		(void)l1.read(field::preemption_timer_value);
	if (pin & vmx::pin::posted_interrupts.bits)
		(void)l1.read(field::posted_interrupt_descriptor_address);
}

TEST(launch_state)
{
	L1 l1;
	l1.prepare(vmcall);
	expect(l1.vmresume(), fails(5), "VMRESUME of a clear VMCS");
	expect(l1.vmlaunch(), exits(Reason::vmcall), "VMLAUNCH of a clear VMCS");
	expect(l1.vmlaunch(), fails(4), "VMLAUNCH of a launched VMCS");
	expect(l1.vmresume(), exits(Reason::vmcall), "VMRESUME of a launched VMCS");
	l1.write_default_vmcs(other_vmcs_address);
	expect(l1.vmresume(), fails(5), "VMRESUME of the other VMCS");
	expect(l1.vmptrld(vmcs_address), succeeds(), "VMPTRLD");
	expect(l1.vmlaunch(), fails(4), "VMLAUNCH after another VMCS was current");
	expect(l1.vmresume(), exits(Reason::vmcall), "VMRESUME after another VMCS was current");
	expect(l1.vmptrld(other_vmcs_address), succeeds(), "VMPTRLD");
	expect(l1.vmlaunch(), exits(Reason::vmcall), "VMLAUNCH of the other VMCS");
	expect(l1.vmclear(vmcs_address), succeeds(), "VMCLEAR");
	expect(l1.vmresume(), exits(Reason::vmcall), "VMRESUME of the other VMCS");
	expect(l1.vmptrld(vmcs_address), succeeds(), "VMPTRLD");
	expect(l1.vmresume(), fails(5), "VMRESUME after VMCLEAR");
	expect(l1.vmlaunch(), exits(Reason::vmcall), "VMLAUNCH after VMCLEAR");
}

// An entry that fails its checks leaves the launch state as it was.
TEST(launch_state_after_failure)
{
	L1 l1;
	l1.prepare(vmcall);
	l1.write(field::host_cr3, ~0ul);
	expect(l1.vmlaunch(), fails(8), "VMLAUNCH with bad host state");
	l1.write(field::host_cr3, l1.vcpu().sregs().cr3);
	l1.write(field::guest_rflags, 0);
	expect(l1.vmlaunch(), entry_fails(Reason::invalid_guest), "VMLAUNCH with bad guest state");
	l1.write(field::guest_rflags, rflags_fixed | rflags_if);
	expect(l1.vmresume(), fails(5), "VMRESUME after two failed VMLAUNCHes");
	expect(l1.vmlaunch(), exits(Reason::vmcall), "VMLAUNCH");
	l1.write(field::guest_rflags, 0);
	expect(l1.vmresume(), entry_fails(Reason::invalid_guest), "VMRESUME with bad guest state");
	l1.write(field::guest_rflags, rflags_fixed | rflags_if);
	expect(l1.vmlaunch(), fails(4), "VMLAUNCH after a failed VMRESUME");
	expect(l1.vmresume(), exits(Reason::vmcall), "VMRESUME");
}

TEST(entry_blocked_by_mov_ss)
{
	L1 l1;
	l1.prepare(vmcall);
	expect(l1.run(launch_after_mov_ss), fails(26), "VMLAUNCH after MOV SS");
	expect(l1.vmlaunch(), exits(Reason::vmcall), "VMLAUNCH");
	expect(l1.run(resume_after_mov_ss), fails(26), "VMRESUME after MOV SS");
}

TEST(invept)
{
	L1 l1;
	l1.need(vmx::ept_vpid_cap::invept, "INVEPT");
	l1.prepare(vmcall);
	const vmx::EptVpidCap offered{l1.capability(Msr::ept_vpid_cap)};
	constexpr std::uint64_t eptp = ept_address | 3 << 3 | 6;
	using namespace vmx::ept_vpid_cap;

	expect(l1.invept(1, eptp), offered.has(invept_single) ? succeeds() : fails(28),
	       "INVEPT of one context");
	expect(l1.invept(2, 0), offered.has(invept_all) ? succeeds() : fails(28),
	       "INVEPT of all contexts");
	for (const std::uint64_t type : {0ul, 3ul, 4ul, 32ul, 1ul << 32 | 1, ~0ul})
		expect(l1.invept(type, eptp), fails(28), "INVEPT of type " + tap::hex(type));
	if (!offered.has(invept_single))
		return;
	// SDM: fails if a VM entry with that EPTP would.
	for (const std::uint64_t bad : {eptp ^ 1 << 4, eptp | 1 << 5, eptp | 1 << 7, eptp ^ 6 ^ 3,
					eptp | 1 << 9, eptp | beyond_physical()})
		expect(l1.invept(1, bad), fails(28), "INVEPT with EPTP " + tap::hex(bad));
}

TEST(invvpid)
{
	L1 l1;
	l1.need(vmx::ept_vpid_cap::invvpid, "INVVPID");
	l1.prepare(vmcall);
	const vmx::EptVpidCap offered{l1.capability(Msr::ept_vpid_cap)};
	using namespace vmx::ept_vpid_cap;

	constexpr vmx::EptVpidCap types[] = {invvpid_address, invvpid_single, invvpid_all,
					     invvpid_single_noglobal};
	for (std::uint64_t type = 0; type < std::size(types); type++) {
		const bool known = offered.has(types[type]);
		const std::string name = "INVVPID of type " + std::to_string(type);
		expect(l1.invvpid(type, 1, 0x1000), known ? succeeds() : fails(28), name);
		if (type != 2)
			expect(l1.invvpid(type, 0), fails(28), name + " with VPID 0");
		else if (known)
			expect(l1.invvpid(type, 0), succeeds(), name + " with VPID 0");
		expect(l1.invvpid(type, 0x10001), fails(28), name + " with a reserved bit");
		expect(l1.invvpid(type, 1ul << 63 | 1), fails(28), name + " with a reserved bit");
	}
	expect(l1.invvpid(0, 1, non_canonical), fails(28), "INVVPID of an address not canonical");
	expect(l1.invvpid(1, 0xffff, non_canonical),
	       offered.has(invvpid_single) ? succeeds() : fails(28),
	       "INVVPID of a context, whatever the address");
	for (const std::uint64_t type : {4ul, 5ul, 32ul, 1ul << 32 | 2, ~0ul})
		expect(l1.invvpid(type, 1), fails(28), "INVVPID of type " + tap::hex(type));
}
