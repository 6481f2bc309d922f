// SPDX-License-Identifier: GPL-2.0-only
//
// L2 in every mode, under an L1 in 64-bit mode.
#include "harness/nested_modes.hpp"

using namespace kvm;
using tap::check_equal;
namespace field = vmx::field;
using vmx::Reason;

namespace {

GUEST_CODE(report_32, 32, "mov $32, %eax\n" L2_REPORT "vmcall");
GUEST_CODE(report_16, 16, "mov $16, %eax\n" L2_REPORT "vmcall");
GUEST_CODE(leaves_real_mode, 16, R"(
	lgdtl %cs:(leaves_real_mode_gdt - leaves_real_mode_begin)
	mov %cr0, %eax
	or $1, %eax
	mov %eax, %cr0
	ljmpl $selector_code32, $(l2_code_address + leaves_real_mode_32 - leaves_real_mode_begin)
	.code32
leaves_real_mode_32:
	mov $selector_data, %eax
	mov %eax, %ds
	mov $33, %eax
	out %eax, $l2_port
	vmcall
	.balign 8
leaves_real_mode_gdt:
	.word 0x3f
	.long 0x1000
)");

GUEST_CODE(loads_cr3, 32, "mov %ebx, %cr3\n mov $34, %eax\n" L2_REPORT "vmcall");

} // namespace

TEST(protected_mode_with_pae)
{
	L1 l1;
	l1.prepare(report_32);
	leave_long_mode(l1);
	expect(l1.vmlaunch(), reports(32), "L2");
	check_equal(l1.vcpu().sregs().efer & (efer_lma | efer_lme), 0u, "EFER.LMA and LME in L2");
	l1.expect_exit(l1.go_on(), Reason::vmcall, 0, 3);
	check_equal(l1.read(field::entry_controls) & vmx::entry::ia32e_mode_guest.bits, 0u,
		    "IA-32e mode guest after the VM exit");
	expect(l1.resume(L1::Skip::nothing), exits(Reason::vmcall), "L2 again");
}

TEST(protected_mode_with_pae_under_ept)
{
	L1 l1;
	l1.prepare(report_32);
	const Ept ept(l1);
	use(l1, ept);
	leave_long_mode(l1);
	// With EPT the PDPTEs come from the VMCS.
	for (std::uint32_t i = 0; i < 4; i++)
		l1.write_field(field::guest_pdpte0.encoding + i * 2,
			       l1.at<std::uint64_t>(pae_tables + i * 8));
	memset(l1.vm().memory(pae_tables), 0, 32);
	expect(l1.vmlaunch(), reports(32), "L2");
	l1.expect_exit(l1.go_on(), Reason::vmcall, 0, 3);
	l1.expect_field(field::guest_pdpte1, (page_tables_address + 3 * page_size) | 1);
}

// MOV to CR3 loads the PDPTEs from memory, through L1's EPT, and VM exits save them.
TEST(pdptes_follow_cr3)
{
	L1 l1;
	l1.prepare(loads_cr3);
	const Ept ept(l1);
	use(l1, ept);
	leave_long_mode(l1);
	constexpr std::uint32_t other = pae_tables + 0x20;
	for (std::uint32_t i = 0; i < 4; i++) {
		const std::uint64_t entry = l1.at<std::uint64_t>(pae_tables + i * 8);
		l1.write_field(field::guest_pdpte0.encoding + i * 2, entry);
		l1.at<std::uint64_t>(other + i * 8) = i < 2 ? entry : 0;
	}
	kvm_regs regs = {};
	regs.rbx = other;
	expect(l1.vmlaunch(regs), reports(34), "L2");
	expect(l1.go_on(), exits(Reason::vmcall), "L2");
	l1.expect_field(field::guest_cr3, other);
	l1.expect_field(field::guest_pdpte1, l1.at<std::uint64_t>(other + 8));
	l1.expect_field(field::guest_pdpte3, 0);
}

TEST(protected_mode_with_legacy_paging)
{
	L1 l1;
	l1.prepare(report_32);
	leave_long_mode(l1);
	use_legacy_paging(l1);
	expect(l1.vmlaunch(), reports(32), "L2");
	l1.expect_exit(l1.go_on(), Reason::vmcall, 0, 3);
	check_equal(l1.vcpu().sregs().cr4 & cr4_pae, cr4_pae, "L1's CR4.PAE");
}

TEST(protected_mode_without_paging)
{
	L1 l1;
	l1.prepare(report_32);
	const Ept ept(l1);
	leave_long_mode(l1);
	use_no_paging(l1, ept);
	expect(l1.vmlaunch(), reports(32), "L2");
	check_equal(l1.vcpu().sregs().cr0 & cr0_pg, 0u, "CR0.PG in L2");
	l1.expect_exit(l1.go_on(), Reason::vmcall, 0, 3);
	check_equal(l1.vcpu().sregs().cr0 & cr0_pg, cr0_pg, "L1's CR0.PG");
}

TEST(real_mode)
{
	L1 l1;
	l1.prepare(report_16);
	const Ept ept(l1);
	enter_real_mode(l1, ept);
	expect(l1.vmlaunch(), reports(16), "L2");
	check_equal(l1.vcpu().sregs().cr0 & cr0_pe, 0u, "CR0.PE in L2");
	l1.expect_exit(l1.go_on(), Reason::vmcall, 0, 3);
	check_equal(l1.vcpu().sregs().cr0 & cr0_pe, cr0_pe, "L1's CR0.PE");
}

TEST(real_mode_is_left)
{
	L1 l1;
	l1.prepare(leaves_real_mode);
	const Ept ept(l1);
	enter_real_mode(l1, ept);
	l1.write(field::cr0_read_shadow, 0x30);
	expect(l1.vmlaunch(), reports(33), "L2");
	expect(l1.go_on(), exits(Reason::vmcall), "L2");
	l1.expect_field(field::guest_cs_selector, selector_code32);
	l1.expect_field(field::guest_cs_access_rights, 0xc09b);
	check_equal(l1.read(field::guest_cr0) & cr0_pe, cr0_pe, "CR0.PE in the VMCS");
}
