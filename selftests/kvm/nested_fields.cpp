// SPDX-License-Identifier: GPL-2.0-only
//
// Operands of L1's VMX instructions, in every form, and the fields of its VMCSs: which there are,
// what they keep, how VMREAD and VMWRITE fail.
#include "harness/nested.hpp"
#include "vmx/field_list.hpp"

using namespace kvm;
using tap::check_equal;
namespace field = vmx::field;
namespace vector = vmx::vector;
using vmx::Msr;

namespace {

GUEST_CODE(vmcall, 64, "vmcall");
L1_CODE(vmread_memory, "vmread %rsi, (%rdi)");
L1_CODE(vmwrite_memory, "vmwrite (%rdi), %rsi");
L1_CODE(vmread_scaled, "vmread %rsi, -8(%rdi, %rcx, 4)");
L1_CODE(vmread_narrow_address, "vmread %rsi, (%edi)");
L1_CODE(vmread_fs, "vmread %rsi, %fs:8");
L1_CODE(vmread_r8, "mov %rsi, %r9\n vmread %r9, %r8");
L1_CODE(vmwrite_r15, "mov %rdi, %r15\n mov %rsi, %r14\n vmwrite %r15, %r14");
L1_CODE(vmread_stack, "vmread %rsi, 16(%rsp)");
L1_CODE(vmptrld_rbp, "mov %rdi, %rbp\n vmptrld (%rbp)");
L1_CODE(vmread_rip, "vmread %rsi, 0f(%rip)\n mov 0f(%rip), %rdi\n jmp 1f\n0: .quad 0\n1:");

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

void make_region(L1 &l1, std::uint64_t address)
{
	l1.at<std::uint32_t>(address) = l1.revision();
}

bool vmwrite_to_any_field(const L1 &l1)
{
	return vmx::Misc{l1.capability(Msr::misc)}.has(vmx::misc::vmwrite_any_field);
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
