// SPDX-License-Identifier: GPL-2.0-only
//
// VMCSs that go from one of L1's vCPUs to another, and some that two of them have at once, which
// the SDM leaves undefined ("Software Use of Virtual-Machine Control Structures").
#include "harness/nested.hpp"

using namespace kvm;
using tap::check_equal;
namespace field = vmx::field;
using vmx::Reason;

namespace {

GUEST_CODE(vmcall, 64, "vmcall\n vmcall");

constexpr std::uint32_t other_vmxon_address = 0x5e000;

} // namespace

TEST(moves_behind_vmclear)
{
	L1 first;
	L1 second(first, 1);
	first.prepare(vmcall);
	second.enter_vmx(other_vmxon_address);
	expect(first.vmlaunch(), exits(Reason::vmcall), "VMLAUNCH");
	for (std::uint64_t i = 1; i <= 3; i++) {
		first.write(field::tsc_offset, i);
		expect(first.vmclear(vmcs_address), succeeds(), "VMCLEAR");
		expect(second.vmptrld(vmcs_address), succeeds(), "VMPTRLD by the other vCPU");
		second.expect_field(field::tsc_offset, i);
		second.expect_field(field::guest_rip, l2_code_address);
		second.write(field::host_rsp, stack_top(1) - 16);
		expect(second.vmresume(), fails(5), "VMRESUME of a VMCS that was cleared");
		expect(second.vmlaunch(), exits(Reason::vmcall), "VMLAUNCH by the other vCPU");
		expect(second.vmclear(vmcs_address), succeeds(), "VMCLEAR by the other vCPU");
		expect(first.vmptrld(vmcs_address), succeeds(), "VMPTRLD");
		first.write(field::host_rsp, stack_top(0) - 16);
		expect(first.vmlaunch(), exits(Reason::vmcall), "VMLAUNCH");
	}
}

// Each of them goes on with what it took, and what is cleared last is what stays.
TEST(current_on_two)
{
	L1 first;
	L1 second(first, 1);
	first.prepare(vmcall);
	second.enter_vmx(other_vmxon_address);
	first.write(field::tsc_offset, 1);
	expect(first.vmclear(vmcs_address), succeeds(), "VMCLEAR");
	expect(first.vmptrld(vmcs_address), succeeds(), "VMPTRLD");
	expect(second.vmptrld(vmcs_address), succeeds(), "VMPTRLD by the other vCPU");
	second.expect_field(field::tsc_offset, 1);
	first.write(field::tsc_offset, 2);
	second.write(field::tsc_offset, 3);
	first.expect_field(field::tsc_offset, 2);
	second.write(field::host_rsp, stack_top(1) - 16);
	expect(first.vmlaunch(), exits(Reason::vmcall), "VMLAUNCH");
	expect(second.vmlaunch(), exits(Reason::vmcall), "VMLAUNCH by the other vCPU");
	second.expect_field(field::tsc_offset, 3);
	expect(second.vmclear(vmcs_address), succeeds(), "VMCLEAR by the other vCPU");
	first.expect_field(field::tsc_offset, 2);
	expect(first.vmresume(), exits(Reason::vmcall), "VMRESUME behind the other's VMCLEAR");
	expect(first.vmclear(vmcs_address), succeeds(), "VMCLEAR");
	expect(second.vmptrld(vmcs_address), succeeds(), "VMPTRLD by the other vCPU");
	second.expect_field(field::tsc_offset, 2);
}

// VMCLEAR of a VMCS that another vCPU has: to that one nothing has happened.
TEST(cleared_by_another)
{
	L1 first;
	L1 second(first, 1);
	first.prepare(vmcall);
	second.enter_vmx(other_vmxon_address);
	expect(first.vmlaunch(), exits(Reason::vmcall), "VMLAUNCH");
	expect(second.vmclear(vmcs_address), succeeds(), "VMCLEAR by the other vCPU");
	expect(first.vmlaunch(), fails(4), "VMLAUNCH of a launched VMCS");
	expect(first.vmresume(), exits(Reason::vmcall), "VMRESUME");
}

// The VMXON region of one is a VMCS of the other's, and is let be.
TEST(vmxon_region_of_another)
{
	L1 first;
	L1 second(first, 1);
	first.prepare(vmcall);
	second.enter_vmx(other_vmxon_address);
	expect(first.vmclear(other_vmxon_address), succeeds(), "VMCLEAR of the other's region");
	expect(first.vmptrld(other_vmxon_address), succeeds(), "VMPTRLD of the other's region");
	expect(first.vmptrld(vmcs_address), succeeds(), "VMPTRLD");
	expect(first.vmlaunch(), exits(Reason::vmcall), "VMLAUNCH");
	std::uint64_t address = 0;
	expect(second.vmptrst(address), succeeds(), "VMPTRST by the other vCPU");
	check_equal(address, ~0ul, "the other's current VMCS");
	expect(second.vmxoff(), succeeds(), "VMXOFF by the other vCPU");
	expect(first.vmresume(), exits(Reason::vmcall), "VMRESUME");
}
