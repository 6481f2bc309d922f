// SPDX-License-Identifier: GPL-2.0-only
//
// Shadow VMCSs that L1 gives to L2: VMREAD and VMWRITE of L2 with and without a VM exit (SDM, "VMCS
// Shadowing", "VMREAD and VMWRITE bitmaps"). What entries say of link pointers is in nested_checks.
#include "harness/nested.hpp"

using namespace kvm;
using tap::check;
using tap::check_equal;
namespace field = vmx::field;
namespace vector = vmx::vector;
using vmx::Msr;
using vmx::Reason;

namespace {

// The field is in rsi, the value in rdi; the flags are reported.
#define L2_FLAGS "pushf\n pop %rax\n" L2_REPORT "vmcall\n"
GUEST_CODE(l2_vmread, 64, "vmread %rsi, %rdi\n" L2_FLAGS);
GUEST_CODE(l2_vmwrite, 64, "vmwrite %rdi, %rsi\n" L2_FLAGS);
GUEST_CODE(l2_vmread_memory, 64, "vmread %rsi, l2_data_address\n" L2_FLAGS);
GUEST_CODE(l2_vmwrite_memory, 64, "vmwrite l2_data_address, %rsi\n" L2_FLAGS);

constexpr std::uint32_t other_shadow_address = 0x5f000;
constexpr std::uint64_t flags_of_vmx = 0x8d5; // OF, SF, ZF, AF, PF, CF
constexpr std::uint64_t succeeded = 0, failed_invalid = 1, failed_valid = 0x40;

void make_shadow(L1 &l1, std::uint32_t address)
{
	l1.at<std::uint32_t>(address) = l1.revision() | 1u << 31;
	expect(l1.vmclear(address), succeeds(), "VMCLEAR of a shadow VMCS");
}

// The field in a shadow VMCS that is not linked.
void write_shadow(L1 &l1, std::uint32_t address, std::uint64_t encoding, std::uint64_t value)
{
	expect(l1.vmptrld(address), succeeds(), "VMPTRLD of a shadow VMCS");
	l1.write_field(encoding, value);
	expect(l1.vmclear(address), succeeds(), "VMCLEAR of a shadow VMCS");
	expect(l1.vmptrld(vmcs_address), succeeds(), "VMPTRLD");
}

std::uint64_t read_shadow(L1 &l1, std::uint32_t address, std::uint64_t encoding)
{
	expect(l1.vmptrld(address), succeeds(), "VMPTRLD of a shadow VMCS");
	const std::uint64_t value = l1.read_field(encoding);
	expect(l1.vmclear(address), succeeds(), "VMCLEAR of a shadow VMCS");
	expect(l1.vmptrld(vmcs_address), succeeds(), "VMPTRLD");
	return value;
}

void intercept(const L1 &l1, std::uint32_t bitmap, std::uint32_t encoding, bool yes)
{
	auto &byte = l1.at<std::uint8_t>(bitmap + encoding / 8);
	byte = yes ? byte | 1 << encoding % 8 : byte & ~(1 << encoding % 8);
}

// L2 with a shadow VMCS of which nothing exits.
void prepare_shadow(L1 &l1, const Code &code)
{
	l1.prepare(code);
	l1.set(vmx::secondary::vmcs_shadowing);
	l1.write(field::vmread_bitmap, vmread_bitmap_address);
	l1.write(field::vmwrite_bitmap, vmwrite_bitmap_address);
	make_shadow(l1, shadow_vmcs_address);
	l1.write(field::vmcs_link_pointer, shadow_vmcs_address);
}

Result go(L1 &l1, const kvm_regs &regs)
{
	l1.write(field::guest_rip, l2_code_address);
	const Result first = l1.vmresume(regs);
	return first == fails(5) ? l1.vmlaunch(regs) : first;
}

void expect_flags(L1 &l1, const kvm_regs &regs, std::uint64_t flags, std::string_view what,
		  tap::Where where = tap::Where::current())
{
	const Result result = go(l1, regs);
	check(result.kind == Result::Kind::report,
	      std::string(what) + ": expected that L2 goes on, found " + describe(result), where);
	check_equal(result.number & flags_of_vmx, flags, std::string(what) + ": flags", where);
	expect(l1.go_on(), exits(Reason::vmcall), what, where);
}

} // namespace

TEST(exits_without_control)
{
	L1 l1;
	l1.prepare(l2_vmread);
	expect(go(l1, operands(0, field::guest_rip.encoding)), exits(Reason::vmread), "VMREAD");
	l1.load_l2(l2_vmwrite);
	expect(go(l1, operands(0, field::guest_rip.encoding)), exits(Reason::vmwrite), "VMWRITE");
}

TEST(reads)
{
	L1 l1;
	prepare_shadow(l1, l2_vmread);
	struct {
		std::uint32_t encoding;
		std::uint64_t value;
	} const fields[] = {
		{field::guest_cs_selector.encoding, 0x1234},
		{field::tsc_offset.encoding, 0x123456789abcdef0},
		{field::exception_bitmap.encoding, 0x87654321},
		{field::guest_rip.encoding, 0xfedcba9876543210},
		{field::host_rsp.encoding, 0x1111222233334444},
	};
	for (const auto &f : fields)
		write_shadow(l1, shadow_vmcs_address, f.encoding, f.value);
	for (const auto &f : fields) {
		expect_flags(l1, operands(~0ul, f.encoding), succeeded, "VMREAD");
		check_equal(l1.l2().rdi, f.value, "field " + tap::hex(f.encoding));
	}
	expect_flags(l1, operands(0, field::tsc_offset.encoding | 1), succeeded,
		     "VMREAD of a half");
	check_equal(l1.l2().rdi, 0x12345678u, "the high half of the TSC offset");
	l1.load_l2(l2_vmread_memory);
	l1.at<std::uint64_t>(l2_data_address) = 0;
	expect_flags(l1, operands(0, field::guest_rip.encoding), succeeded, "VMREAD to memory");
	check_equal(l1.at<std::uint64_t>(l2_data_address), 0xfedcba9876543210, "in memory");
	// L1's own VMCS is another.
	l1.expect_field(field::tsc_offset, 0);
}

TEST(writes)
{
	L1 l1;
	prepare_shadow(l1, l2_vmwrite);
	const std::uint64_t rsp = l1.read(field::host_rsp);
	expect_flags(l1, operands(0x5555666677778888, field::host_rsp.encoding), succeeded,
		     "VMWRITE");
	check_equal(read_shadow(l1, shadow_vmcs_address, field::host_rsp.encoding),
		    0x5555666677778888u, "host RSP in the shadow VMCS");
	l1.expect_field(field::host_rsp, rsp);
	expect_flags(l1, operands(0xabcd4321, field::guest_cs_selector.encoding), succeeded,
		     "VMWRITE of 16 bits");
	check_equal(read_shadow(l1, shadow_vmcs_address, field::guest_cs_selector.encoding),
		    0x4321u, "a selector in the shadow VMCS");
	l1.load_l2(l2_vmwrite_memory);
	l1.at<std::uint64_t>(l2_data_address) = 0x9999aaaa;
	expect_flags(l1, operands(0, field::guest_rip.encoding), succeeded, "VMWRITE from memory");
	check_equal(read_shadow(l1, shadow_vmcs_address, field::guest_rip.encoding), 0x9999aaaau,
		    "guest RIP in the shadow VMCS");
	// L2 reads what it wrote.
	l1.load_l2(l2_vmread);
	expect_flags(l1, operands(0, field::guest_rip.encoding), succeeded, "VMREAD");
	check_equal(l1.l2().rdi, 0x9999aaaau, "guest RIP as L2 reads it");
}

TEST(bitmaps)
{
	L1 l1;
	prepare_shadow(l1, l2_vmread);
	const std::uint32_t rip = field::guest_rip.encoding, tsc = field::tsc_offset.encoding;
	intercept(l1, vmread_bitmap_address, rip, true);
	expect(go(l1, operands(0, rip)), exits(Reason::vmread),
	       "VMREAD of a field whose bit is set");
	l1.expect_field(field::guest_rip, l2_code_address);
	l1.expect_field(field::exit_instruction_length, 3);
	check_equal(l1.read(field::exit_instruction_info) & (1 << 10 | 0xf << 3 | 0xfu << 28),
		    1u << 10 | 7 << 3 | 6u << 28, "instruction information");
	expect_flags(l1, operands(0, tsc), succeeded, "VMREAD of another field");
	l1.load_l2(l2_vmwrite);
	expect_flags(l1, operands(1, rip), succeeded, "VMWRITE of a field whose reads exit");
	intercept(l1, vmwrite_bitmap_address, tsc, true);
	expect(go(l1, operands(0, tsc)), exits(Reason::vmwrite),
	       "VMWRITE of a field whose bit is set");
	intercept(l1, vmwrite_bitmap_address, tsc, false);
	expect_flags(l1, operands(7, tsc), succeeded, "VMWRITE once the bit is clear");
	// The high half has a bit of its own.
	intercept(l1, vmwrite_bitmap_address, tsc | 1, true);
	expect(go(l1, operands(0, tsc | 1)), exits(Reason::vmwrite), "VMWRITE of the high half");
	expect_flags(l1, operands(7, tsc), succeeded, "VMWRITE of the whole");
}

TEST(encodings_beyond_the_bitmaps)
{
	L1 l1;
	prepare_shadow(l1, l2_vmread);
	for (const std::uint64_t encoding : {1ul << 15, 1ul << 16, 1ul << 63 | 0x681e, ~0ul}) {
		l1.load_l2(l2_vmread);
		expect(go(l1, operands(0, encoding)), exits(Reason::vmread),
		       "VMREAD of " + tap::hex(encoding));
		l1.load_l2(l2_vmwrite);
		expect(go(l1, operands(0, encoding)), exits(Reason::vmwrite),
		       "VMWRITE of " + tap::hex(encoding));
	}
}

TEST(no_link)
{
	L1 l1;
	prepare_shadow(l1, l2_vmread);
	l1.write(field::vmcs_link_pointer, ~0ul);
	expect_flags(l1, operands(0, field::guest_rip.encoding), failed_invalid, "VMREAD");
	l1.load_l2(l2_vmwrite);
	expect_flags(l1, operands(0, field::guest_rip.encoding), failed_invalid, "VMWRITE");
}

TEST(failures)
{
	L1 l1;
	prepare_shadow(l1, l2_vmread);
	expect_flags(l1, operands(0, 0x7ffe), failed_valid, "VMREAD of no field");
	l1.load_l2(l2_vmwrite);
	expect_flags(l1, operands(0, 0x7ffe), failed_valid, "VMWRITE of no field");
	const bool any = vmx::Misc{l1.capability(Msr::misc)}.has(vmx::misc::vmwrite_any_field);
	expect_flags(l1, operands(0, field::exit_reason.encoding), any ? succeeded : failed_valid,
		     "VMWRITE of a read-only field");
}

TEST(privilege)
{
	L1 l1;
	prepare_shadow(l1, l2_vmread);
	l1.write(field::guest_cs_selector, selector_user_code64);
	l1.write(field::guest_cs_access_rights, 0xa0fb);
	l1.write(field::guest_ss_selector, selector_user_data);
	l1.write(field::guest_ss_access_rights, 0xc0f3);
	expect(go(l1, operands(0, field::guest_rip.encoding)), faults(vector::gp),
	       "VMREAD of L2 at privilege level 3");
}

TEST(two_shadows)
{
	L1 l1;
	prepare_shadow(l1, l2_vmread);
	make_shadow(l1, other_shadow_address);
	const std::uint32_t rip = field::guest_rip.encoding;
	write_shadow(l1, shadow_vmcs_address, rip, 0x1111);
	write_shadow(l1, other_shadow_address, rip, 0x2222);
	expect_flags(l1, operands(0, rip), succeeded, "VMREAD");
	check_equal(l1.l2().rdi, 0x1111u, "of the first");
	l1.write(field::vmcs_link_pointer, other_shadow_address);
	expect_flags(l1, operands(0, rip), succeeded, "VMREAD");
	check_equal(l1.l2().rdi, 0x2222u, "of the second");
	l1.write(field::vmcs_link_pointer, shadow_vmcs_address);
	expect_flags(l1, operands(0, rip), succeeded, "VMREAD");
	check_equal(l1.l2().rdi, 0x1111u, "of the first again");
}
