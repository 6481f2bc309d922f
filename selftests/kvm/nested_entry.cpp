// SPDX-License-Identifier: GPL-2.0-only
//
// VM entries and VM exits of L1: the state that is loaded and saved, and what an exit tells. What
// entries refuse is in nested_checks.
#include "harness/nested_modes.hpp"

using namespace kvm;
using tap::check;
using tap::check_equal;
namespace field = vmx::field;
namespace msr = vmx::msr;
namespace vector = vmx::vector;
using vmx::MsrEntry;
using vmx::Reason;

namespace {

GUEST_CODE(vmcall, 64, "vmcall\n vmcall");
GUEST_CODE(say_7, 64, "mov $7, %eax\n" L2_REPORT "vmcall");
GUEST_CODE(reads_debugctl, 64, "mov $0x1d9, %ecx\n rdmsr\n" L2_REPORT "vmcall");
GUEST_CODE(reads_perf_global_ctrl, 64, "mov $0x38f, %ecx\n rdmsr\n" L2_REPORT "vmcall");
GUEST_CODE(say_registers, 64, L2_REPORT "vmcall");

GUEST_CODE(some_exits, 64, R"(
	cpuid
	rdmsr
	wrmsr
	hlt
	out %al, $0x80
	vmcall
	invd
	.byte 0x66, 0x0f, 0xa2	# CPUID with a prefix: 3 bytes
)");

GUEST_CODE(changes_state, 64, R"(
	mov $0x5c000, %eax
	mov %rax, %cr3
	mov $selector_user_data, %eax
	mov %eax, %ds
	mov $0x23, %eax
	mov %eax, %fs
	xor %eax, %eax
	mov %eax, %gs
	lgdt 0f(%rip)
	lidt 1f(%rip)
	mov $0x174, %ecx
	mov $0x77, %eax
	xor %edx, %edx
	wrmsr
	mov $0x175, %ecx
	mov $0x7000, %eax
	wrmsr
	mov $0x176, %ecx
	mov $0x8000, %eax
	wrmsr
	mov $0xc0000080, %ecx
	rdmsr
	or $1, %eax
	wrmsr
	mov $0x277, %ecx
	mov $0x00070406, %eax
	mov $0x00070406, %edx
	wrmsr
	mov $0x701, %eax
	mov %rax, %dr7
	push $0x246
	popf
	mov $0x51234, %esp
	vmcall
0:	.word 0x1ff
	.quad 0x1000
1:	.word 0xfff
	.quad 0x2000
)");

GUEST_CODE(report_32, 32, "mov $32, %eax\n" L2_REPORT "vmcall");

GUEST_CODE(writes_bases, 64, R"(
	mov $0xc0000100, %ecx
	mov $0x1000, %eax
	mov $0xffff8000, %edx
	wrmsr
	inc %ecx
	mov $0x2000, %eax
	wrmsr
	swapgs
	vmcall
)");

constexpr std::uint32_t other_page_tables = 0x5c000;
constexpr std::uint64_t other_pat = 0x0006040700060407;
constexpr std::uint32_t data_rights = 0xc093, tss_rights = 0x8b;

void copy_page_tables(const L1 &l1)
{
	memcpy(l1.vm().memory(other_page_tables), l1.vm().memory(page_tables_address), page_size);
}

void check_segment(const kvm_segment &found, const kvm_segment &expected, const std::string &name)
{
	check_equal(found.selector, expected.selector, name + "'s selector");
	check_equal(found.base, expected.base, name + "'s base");
	check_equal(found.limit, expected.limit, name + "'s limit");
	check_equal(found.type, expected.type, name + "'s type");
	check_equal(found.s, expected.s, name + "'s S");
	check_equal(found.dpl, expected.dpl, name + "'s DPL");
	check_equal(found.present, expected.present, name + "'s P");
	check_equal(found.avl, expected.avl, name + "'s AVL");
	check_equal(found.l, expected.l, name + "'s L");
	check_equal(found.db, expected.db, name + "'s D/B");
	check_equal(found.g, expected.g, name + "'s G");
	check_equal(found.unusable, expected.unusable, name + " unusable");
}

kvm_segment segment(std::uint16_t selector, std::uint64_t base, std::uint32_t limit,
		    std::uint32_t rights)
{
	kvm_segment s = {};
	s.selector = selector;
	s.base = base;
	s.limit = limit;
	s.type = rights & 0xf;
	s.s = rights >> 4 & 1;
	s.dpl = rights >> 5 & 3;
	s.present = rights >> 7 & 1;
	s.avl = rights >> 12 & 1;
	s.l = rights >> 13 & 1;
	s.db = rights >> 14 & 1;
	s.g = rights >> 15 & 1;
	s.unusable = rights >> 16 & 1;
	return s;
}

struct SegmentCase {
	field::Segment which;
	const char *name;
	kvm_segment kvm_sregs::*place;
	std::uint16_t selector;
	std::uint64_t base;
	std::uint32_t limit, rights;
};

// clang-format off
const SegmentCase segments[] = {
	{field::Segment::es,   "ES",   &kvm_sregs::es,  0x58, 0x11000,            0x12345,    0x4093},
	{field::Segment::cs,   "CS",   &kvm_sregs::cs,  0x40, 0,                  0xfffff,    0x209b},
	{field::Segment::ss,   "SS",   &kvm_sregs::ss,  0x70, 0,                  0xfffff,    0x4093},
	{field::Segment::ds,   "DS",   &kvm_sregs::ds,  0x60, 0x22000,            0x23fff,    0x5091},
	{field::Segment::fs,   "FS",   &kvm_sregs::fs,  0x68, 0xffff800000001000, 0x7fffffff, 0xc093},
	{field::Segment::gs,   "GS",   &kvm_sregs::gs,  0x88, 0x7fff12345000,     0xffff,     0x0093},
	{field::Segment::ldtr, "LDTR", &kvm_sregs::ldt, 0x80, 0xffff880000003000, 0x2345,     0x0082},
	{field::Segment::tr,   "TR",   &kvm_sregs::tr,  0x78, 0xffff900000004000, 0x67,       0x008b},
};
// clang-format on

} // namespace

TEST(vmcall_exits)
{
	L1 l1;
	l1.prepare(vmcall);
	l1.expect_exit(l1.vmlaunch(), Reason::vmcall, 0, 3);
	l1.expect_exit(l1.resume(), Reason::vmcall, 0, 3);
	l1.expect_field(field::guest_rip, l2_code_address + 3);
}

TEST(exits_by_instruction)
{
	L1 l1;
	l1.prepare(some_exits);
	l1.set(vmx::primary::hlt_exiting | vmx::primary::unconditional_io_exiting);
	kvm_regs regs = {};
	regs.rcx = 0x10;
	l1.expect_exit(l1.vmlaunch(regs), Reason::cpuid, 0, 2);
	l1.expect_exit(l1.resume(), Reason::rdmsr, 0, 2);
	l1.expect_exit(l1.resume(), Reason::wrmsr, 0, 2);
	l1.expect_exit(l1.resume(), Reason::hlt, 0, 1);
	// Port 0x80, immediate, one byte, out.
	l1.expect_exit(l1.resume(), Reason::io_instruction, 0x80u << 16 | 1 << 6, 2);
	l1.expect_exit(l1.resume(), Reason::vmcall, 0, 3);
	l1.expect_exit(l1.resume(), Reason::invd, 0, 2);
	l1.expect_exit(l1.resume(), Reason::cpuid, 0, 3);
	l1.expect_field(field::exit_interruption_info, 0);
	l1.expect_field(field::idt_vectoring_info, 0);
}

TEST(general_registers)
{
	L1 l1;
	l1.prepare(say_registers);
	kvm_regs in = {};
	__u64 kvm_regs::*const all[] = {
		&kvm_regs::rax, &kvm_regs::rbx, &kvm_regs::rcx, &kvm_regs::rdx, &kvm_regs::rsi,
		&kvm_regs::rdi, &kvm_regs::rbp, &kvm_regs::r8,	&kvm_regs::r9,	&kvm_regs::r10,
		&kvm_regs::r11, &kvm_regs::r12, &kvm_regs::r13, &kvm_regs::r14, &kvm_regs::r15};
	std::uint64_t value = 0x0123456789abcdef;
	for (const auto place : all)
		in.*place = value += 0x1111111111111111;
	expect(l1.vmlaunch(in), reports(in.rax & 0xffffffff), "L2");
	const kvm_regs inside = l1.vcpu().regs();
	expect(l1.go_on(), exits(Reason::vmcall), "L2");
	for (const auto place : all) {
		check_equal(inside.*place, in.*place, "a general register in L2");
		check_equal(l1.l2().*place, in.*place, "a general register after the VM exit");
	}
	check_equal(inside.rip, l2_code_address, "rip in L2");
	check_equal(inside.rsp, l2_stack_top, "rsp in L2");
	check_equal(l1.l2().rip, exit_stub_address, "rip after the VM exit");
	check_equal(l1.l2().rsp, stack_top(0) - 16, "rsp after the VM exit");
	check_equal(l1.l2().rflags, rflags_fixed, "rflags after the VM exit");
}

TEST(guest_state_is_loaded)
{
	L1 l1;
	l1.prepare(say_7);
	copy_page_tables(l1);
	for (const SegmentCase &s : segments)
		write_segment(l1, s.which, s.selector, s.base, s.limit, s.rights);
	const std::uint64_t cr0 = l1.read(field::guest_cr0) | 1 << 3 | 1 << 18; // TS, AM
	const std::uint64_t cr4 = l1.read(field::guest_cr4) | 1 << 3 | 1 << 7;	// DE, PGE
	l1.write(field::guest_cr0, cr0);
	l1.write(field::guest_cr4, cr4);
	l1.write(field::guest_cr3, other_page_tables);
	l1.write(field::guest_gdtr_base, 0xffff800000123000);
	l1.write(field::guest_gdtr_limit, 0x1234);
	l1.write(field::guest_idtr_base, 0x7fff00001000);
	l1.write(field::guest_idtr_limit, 0x4321);
	l1.write(field::guest_sysenter_cs, 0x89abcdef);
	l1.write(field::guest_sysenter_esp, 0xffff800000000123);
	l1.write(field::guest_sysenter_eip, 0x7fff12345678);
	l1.set(vmx::entry::load_debug_controls);
	l1.write(field::guest_dr7, 0x701);
	const std::uint64_t rflags = 0x240a97; // ID, AC, OF, IF, CF and others
	l1.write(field::guest_rflags, rflags);

	expect(l1.vmlaunch(), reports(7), "L2");
	const kvm_sregs inside = l1.vcpu().sregs();
	for (const SegmentCase &s : segments)
		check_segment(inside.*s.place, segment(s.selector, s.base, s.limit, s.rights),
			      s.name);
	check_equal(inside.cr0, cr0, "CR0 in L2");
	check_equal(inside.cr3, other_page_tables, "CR3 in L2");
	check_equal(inside.cr4, cr4, "CR4 in L2");
	check_equal(inside.gdt.base, 0xffff800000123000, "GDTR's base");
	check_equal(inside.gdt.limit, 0x1234u, "GDTR's limit");
	check_equal(inside.idt.base, 0x7fff00001000u, "IDTR's base");
	check_equal(inside.idt.limit, 0x4321u, "IDTR's limit");
	check_equal(l1.vcpu().msr(msr::sysenter_cs), 0x89abcdefu, "IA32_SYSENTER_CS");
	check_equal(l1.vcpu().msr(msr::sysenter_esp), 0xffff800000000123, "IA32_SYSENTER_ESP");
	check_equal(l1.vcpu().msr(msr::sysenter_eip), 0x7fff12345678u, "IA32_SYSENTER_EIP");
	check_equal(l1.vcpu().debugregs().dr7, 0x701u, "DR7");
	check_equal(l1.vcpu().regs().rflags, rflags, "rflags");

	// All of it comes back into the VMCS.
	expect(l1.go_on(), exits(Reason::vmcall), "L2");
	for (const SegmentCase &s : segments) {
		const std::uint32_t offset = static_cast<std::uint32_t>(s.which) * 2;
		const std::string name = s.name;
		check_equal(l1.read_field(field::guest_es_selector.encoding + offset), s.selector,
			    name + "'s selector in the VMCS");
		check_equal(l1.read_field(field::guest_es_base.encoding + offset), s.base,
			    name + "'s base in the VMCS");
		check_equal(l1.read_field(field::guest_es_limit.encoding + offset), s.limit,
			    name + "'s limit in the VMCS");
		check_equal(l1.read_field(field::guest_es_access_rights.encoding + offset),
			    s.rights, name + "'s access rights in the VMCS");
	}
	l1.expect_field(field::guest_cr0, cr0);
	l1.expect_field(field::guest_cr3, other_page_tables);
	l1.expect_field(field::guest_cr4, cr4);
	l1.expect_field(field::guest_gdtr_base, 0xffff800000123000);
	l1.expect_field(field::guest_gdtr_limit, 0x1234);
	l1.expect_field(field::guest_idtr_base, 0x7fff00001000);
	l1.expect_field(field::guest_idtr_limit, 0x4321);
	l1.expect_field(field::guest_sysenter_cs, 0x89abcdef);
	l1.expect_field(field::guest_sysenter_esp, 0xffff800000000123);
	l1.expect_field(field::guest_sysenter_eip, 0x7fff12345678);
	l1.expect_field(field::guest_rsp, l2_stack_top);
	l1.expect_field(field::guest_rip, l2_code_address + say_7.end - say_7.begin - 3);
	l1.expect_field(field::guest_rflags, rflags);
	l1.expect_field(field::guest_activity_state, 0);
	l1.expect_field(field::guest_interruptibility, 0);
	l1.expect_field(field::guest_pending_debug_exceptions, 0);
}

TEST(unusable_segments_are_loaded)
{
	L1 l1;
	l1.prepare(say_7);
	for (const auto which : {field::Segment::es, field::Segment::ds, field::Segment::fs,
				 field::Segment::gs, field::Segment::ss})
		write_segment(l1, which, 0, 0, 0, 0x10000);
	expect(l1.vmlaunch(), reports(7), "L2");
	const kvm_sregs inside = l1.vcpu().sregs();
	check_equal(inside.es.unusable, 1, "ES unusable");
	check_equal(inside.ds.unusable, 1, "DS unusable");
	check_equal(inside.ss.unusable, 1, "SS unusable");
	check_equal(inside.ldt.unusable, 1, "LDTR unusable");
	expect(l1.go_on(), exits(Reason::vmcall), "L2");
	check(l1.read(field::guest_es_access_rights) >> 16 & 1, "ES is usable in the VMCS");
	check(l1.read(field::guest_ldtr_access_rights) >> 16 & 1, "LDTR is usable in the VMCS");
}

TEST(host_state_is_loaded)
{
	L1 l1;
	l1.prepare(vmcall);
	copy_page_tables(l1);
	const kvm_sregs before = l1.vcpu().sregs();
	const std::uint64_t cr0 = before.cr0 | 1 << 3, cr4 = before.cr4 | 1 << 3;
	l1.write(field::host_cr0, cr0);
	l1.write(field::host_cr3, other_page_tables);
	l1.write(field::host_cr4, cr4);
	l1.write(field::host_es_selector, 0x20);
	l1.write(field::host_cs_selector, 0x28);
	l1.write(field::host_ss_selector, 0);
	l1.write(field::host_ds_selector, 0);
	l1.write(field::host_fs_selector, 0x40);
	l1.write(field::host_gs_selector, 0);
	l1.write(field::host_tr_selector, 0x50);
	l1.write(field::host_fs_base, 0xffff800000005000);
	l1.write(field::host_gs_base, 0x7fff00006000);
	l1.write(field::host_tr_base, 0xffffa00000007000);
	l1.write(field::host_sysenter_cs, 0x13579bdf);
	l1.write(field::host_sysenter_esp, 0xffff800000000777);
	l1.write(field::host_sysenter_eip, 0x7fff00000888);
	l1.write(field::guest_dr7, 0x701);
	l1.set(vmx::entry::load_debug_controls);

	expect(l1.vmlaunch(), exits(Reason::vmcall), "L2");
	const kvm_sregs after = l1.vcpu().sregs();
	check_segment(after.cs, segment(0x28, 0, 0xffffffff, 0xa09b), "CS");
	check_segment(after.es, segment(0x20, 0, 0xffffffff, data_rights), "ES");
	check_segment(after.fs, segment(0x40, 0xffff800000005000, 0xffffffff, data_rights), "FS");
	// SDM, "Loading Host Segment and Descriptor-Table Registers": a null selector is unusable.
	check_equal(after.ds.selector, 0, "DS's selector");
	check_equal(after.ss.selector, 0, "SS's selector");
	check_equal(after.ss.dpl, 0, "SS's DPL");
	check_equal(after.gs.selector, 0, "GS's selector");
	check_equal(after.gs.base, 0x7fff00006000u, "GS's base");
	check_segment(after.tr, segment(0x50, 0xffffa00000007000, 0x67, tss_rights), "TR");
	check_equal(after.ldt.selector, 0, "LDTR's selector");
	check_equal(after.ldt.unusable, 1, "LDTR unusable");
	check_equal(after.gdt.base, before.gdt.base, "GDTR's base");
	check_equal(after.gdt.limit, 0xffff, "GDTR's limit");
	check_equal(after.idt.base, before.idt.base, "IDTR's base");
	check_equal(after.idt.limit, 0xffff, "IDTR's limit");
	check_equal(after.cr0, cr0, "CR0");
	check_equal(after.cr3, other_page_tables, "CR3");
	check_equal(after.cr4, cr4, "CR4");
	check_equal(after.efer, before.efer, "EFER");
	check_equal(l1.vcpu().msr(msr::sysenter_cs), 0x13579bdfu, "IA32_SYSENTER_CS");
	check_equal(l1.vcpu().msr(msr::sysenter_esp), 0xffff800000000777, "IA32_SYSENTER_ESP");
	check_equal(l1.vcpu().msr(msr::sysenter_eip), 0x7fff00000888u, "IA32_SYSENTER_EIP");
	check_equal(l1.vcpu().debugregs().dr7, 0x400u, "DR7");
	check_equal(l1.vcpu().msr(msr::debugctl), 0u, "IA32_DEBUGCTL");
}

TEST(state_that_l2_changes_is_saved)
{
	L1 l1;
	l1.prepare(changes_state);
	copy_page_tables(l1);
	free_msrs(l1);
	l1.set(vmx::exit::save_debug_controls | vmx::exit::save_efer | vmx::exit::save_pat |
	       vmx::exit::load_efer | vmx::exit::load_pat);
	const std::uint64_t efer = l1.vcpu().sregs().efer, pat = l1.vcpu().msr(msr::pat);
	l1.write(field::host_efer, efer);
	l1.write(field::host_pat, pat);

	expect(l1.vmlaunch(), exits(Reason::vmcall), "L2");
	l1.expect_field(field::guest_cr3, other_page_tables);
	l1.expect_field(field::guest_ds_selector, selector_user_data);
	l1.expect_field(field::guest_ds_access_rights, 0xc0f3);
	l1.expect_field(field::guest_ds_limit, 0xffffffff);
	l1.expect_field(field::guest_fs_selector, 0x23);
	l1.expect_field(field::guest_gs_selector, 0);
	check(l1.read(field::guest_gs_access_rights) >> 16 & 1, "GS is usable in the VMCS");
	l1.expect_field(field::guest_gdtr_base, 0x1000);
	l1.expect_field(field::guest_gdtr_limit, 0x1ff);
	l1.expect_field(field::guest_idtr_base, 0x2000);
	l1.expect_field(field::guest_idtr_limit, 0xfff);
	l1.expect_field(field::guest_sysenter_cs, 0x77);
	l1.expect_field(field::guest_sysenter_esp, 0x7000);
	l1.expect_field(field::guest_sysenter_eip, 0x8000);
	l1.expect_field(field::guest_efer, efer | efer_sce);
	l1.expect_field(field::guest_pat, 0x0007040600070406);
	l1.expect_field(field::guest_dr7, 0x701);
	l1.expect_field(field::guest_rflags, 0x246);
	l1.expect_field(field::guest_rsp, 0x51234);
	check_equal(l1.vcpu().sregs().efer, efer, "L1's EFER");
	check_equal(l1.vcpu().msr(msr::pat), pat, "L1's PAT");
	check_equal(l1.vcpu().sregs().cr3, page_tables_address, "L1's CR3");
}

TEST(segment_bases_by_msr)
{
	L1 l1;
	l1.prepare(writes_bases);
	free_msrs(l1);
	l1.vcpu().set_msr(msr::kernel_gs_base, 0xffff800000003000);
	expect(l1.vmlaunch(), exits(Reason::vmcall), "L2");
	l1.expect_field(field::guest_fs_base, 0xffff800000001000);
	l1.expect_field(field::guest_gs_base, 0xffff800000003000);
	check_equal(l1.vcpu().msr(msr::kernel_gs_base), 0xffff800000002000,
		    "IA32_KERNEL_GS_BASE, which entries and exits leave alone");
	check_equal(l1.vcpu().sregs().fs.base, 0u, "L1's FS base");
	check_equal(l1.vcpu().sregs().gs.base, 0u, "L1's GS base");
}

TEST(dr7_is_not_saved_without_control)
{
	L1 l1;
	l1.prepare(changes_state);
	copy_page_tables(l1);
	free_msrs(l1);
	if (l1.capability(vmx::Msr::true_exit_ctls) & vmx::exit::save_debug_controls.bits)
		tap::skip("VM exits always save the debug controls");
	l1.clear(vmx::exit::save_debug_controls);
	l1.write(field::guest_dr7, 0x400);
	expect(l1.vmlaunch(), exits(Reason::vmcall), "L2");
	l1.expect_field(field::guest_dr7, 0x400);
}

TEST(dr7_is_not_loaded_without_control)
{
	L1 l1;
	l1.prepare(say_7);
	if (l1.capability(vmx::Msr::true_entry_ctls) & vmx::entry::load_debug_controls.bits)
		tap::skip("VM entries always load the debug controls");
	l1.clear(vmx::entry::load_debug_controls);
	l1.write(field::guest_dr7, 0x701);
	expect(l1.vmlaunch(), reports(7), "L2");
	check_equal(l1.vcpu().debugregs().dr7, 0x400u, "DR7 in L2");
}

TEST(efer)
{
	L1 l1;
	l1.prepare(say_7);
	const std::uint64_t efer = l1.vcpu().sregs().efer;
	l1.set(vmx::entry::load_efer);
	l1.write(field::guest_efer, efer | efer_sce | efer_nx);
	l1.set(vmx::exit::load_efer);
	l1.write(field::host_efer, efer | efer_nx);
	expect(l1.vmlaunch(), reports(7), "L2");
	check_equal(l1.vcpu().sregs().efer, efer | efer_sce | efer_nx, "EFER in L2");
	expect(l1.go_on(), exits(Reason::vmcall), "L2");
	check_equal(l1.vcpu().sregs().efer, efer | efer_nx, "EFER after the VM exit");
}

// Without the controls, entries and exits change LMA and LME alone.
TEST(efer_without_controls)
{
	L1 l1;
	kvm_sregs sregs = l1.vcpu().sregs();
	sregs.efer |= efer_sce;
	l1.vcpu().set(sregs);
	l1.prepare(report_32);
	leave_long_mode(l1);
	l1.write(field::guest_efer, efer_nx);
	l1.write(field::host_efer, efer_nx);
	expect(l1.vmlaunch(), reports(32), "L2");
	check_equal(l1.vcpu().sregs().efer, efer_sce, "EFER in L2");
	expect(l1.go_on(), exits(Reason::vmcall), "L2");
	check_equal(l1.vcpu().sregs().efer, efer_sce | efer_lme | efer_lma,
		    "EFER after the VM exit");
}

TEST(pat)
{
	L1 l1;
	l1.prepare(say_7);
	const std::uint64_t pat = l1.vcpu().msr(msr::pat);
	l1.set(vmx::entry::load_pat);
	l1.set(vmx::exit::load_pat);
	l1.write(field::guest_pat, other_pat);
	l1.write(field::host_pat, pat);
	expect(l1.vmlaunch(), reports(7), "L2");
	check_equal(l1.vcpu().msr(msr::pat), other_pat, "PAT in L2");
	expect(l1.go_on(), exits(Reason::vmcall), "L2");
	check_equal(l1.vcpu().msr(msr::pat), pat, "PAT after the VM exit");
	// Nothing is loaded once the controls are off.
	l1.clear(vmx::entry::load_pat);
	l1.clear(vmx::exit::load_pat);
	l1.write(field::guest_rip, l2_code_address);
	expect(l1.vmresume(), reports(7), "L2");
	check_equal(l1.vcpu().msr(msr::pat), pat, "PAT in L2 without the control");
}

// Two VMCSs taking turns keep their guests apart.
TEST(two_guests)
{
	L1 l1;
	l1.prepare(say_7);
	l1.write_default_vmcs(other_vmcs_address);
	l1.write(field::guest_rip, l2_code_address + 5); // reports what is in eax
	for (unsigned round = 0; round < 3; round++) {
		expect(l1.vmptrld(vmcs_address), succeeds(), "VMPTRLD");
		l1.write(field::guest_rip, l2_code_address);
		expect(round ? l1.vmresume() : l1.vmlaunch(), reports(7), "the first");
		expect(l1.go_on(), exits(Reason::vmcall), "the first");
		expect(l1.vmptrld(other_vmcs_address), succeeds(), "VMPTRLD");
		kvm_regs regs = {};
		regs.rax = 100 + round;
		l1.write(field::guest_rip, l2_code_address + 5);
		expect(round ? l1.vmresume(regs) : l1.vmlaunch(regs), reports(100 + round),
		       "the second");
		expect(l1.go_on(), exits(Reason::vmcall), "the second");
		l1.expect_field(field::guest_rip, l2_code_address + 7);
	}
}

// Fields that were changed between two entries take effect, one by one.
TEST(changed_fields_take_effect)
{
	L1 l1;
	l1.prepare(say_7);
	expect(l1.vmlaunch(), reports(7), "L2");
	expect(l1.go_on(), exits(Reason::vmcall), "L2");
	const auto again = [&l1] {
		l1.write(field::guest_rip, l2_code_address);
		expect(l1.vmresume(), reports(7), "L2");
		const kvm_sregs sregs = l1.vcpu().sregs();
		expect(l1.go_on(), exits(Reason::vmcall), "L2");
		return sregs;
	};
	l1.write(field::guest_es_base, 0x5000);
	check_equal(again().es.base, 0x5000u, "ES's base");
	l1.write(field::guest_gdtr_limit, 0x777);
	check_equal(again().gdt.limit, 0x777u, "GDTR's limit");
	l1.write(field::guest_ldtr_selector, 0x38);
	l1.write(field::guest_ldtr_access_rights, 0x82);
	l1.write(field::guest_ldtr_base, 0x9000);
	check_equal(again().ldt.base, 0x9000u, "LDTR's base");
	l1.write(field::guest_tr_base, 0xa000);
	check_equal(again().tr.base, 0xa000u, "TR's base");
	l1.write(field::guest_fs_base, 0xb000);
	check_equal(again().fs.base, 0xb000u, "FS's base");
	copy_page_tables(l1);
	l1.write(field::guest_cr3, other_page_tables);
	check_equal(again().cr3, other_page_tables, "CR3");
	l1.write(field::host_gs_base, 0xc000);
	again();
	check_equal(l1.vcpu().sregs().gs.base, 0xc000u, "L1's GS base");
	l1.write(field::host_tr_base, 0xd000);
	again();
	check_equal(l1.vcpu().sregs().tr.base, 0xd000u, "L1's TR base");
}

// L1's own registers do not leak into L2 nor L2's into L1: debug registers are shared, as on a CPU.
TEST(debug_registers_are_shared)
{
	L1 l1;
	l1.prepare(say_7);
	kvm_debugregs debug = l1.vcpu().debugregs();
	debug.db[0] = 0x1234;
	debug.db[3] = 0x4321;
	l1.vcpu().set(debug);
	expect(l1.vmlaunch(), reports(7), "L2");
	check_equal(l1.vcpu().debugregs().db[0], 0x1234u, "DR0 in L2");
	check_equal(l1.vcpu().debugregs().db[3], 0x4321u, "DR3 in L2");
	expect(l1.go_on(), exits(Reason::vmcall), "L2");
	check_equal(l1.vcpu().debugregs().db[0], 0x1234u, "DR0 after the VM exit");
}

TEST(many_entries)
{
	L1 l1;
	l1.prepare(vmcall);
	expect(l1.vmlaunch(), exits(Reason::vmcall), "VMLAUNCH");
	for (unsigned i = 0; i < 200; i++)
		expect(l1.resume(L1::Skip::nothing), exits(Reason::vmcall), "VMRESUME");
}

// IA32_DEBUGCTL comes with the debug controls and goes with them. LBR and BTF are dropped, as KVM
// drops them in WRMSR, and what the vCPU does not have at all is refused.
TEST(debugctl)
{
	constexpr std::uint64_t lbr = 1, btf = 2, bus_lock = 4;
	L1 l1;
	l1.prepare(reads_debugctl);
	free_msrs(l1);
	l1.set(vmx::entry::load_debug_controls);
	l1.set(vmx::exit::save_debug_controls);
	const bool has_bus_lock = l1.vcpu().try_set_msr(msr::debugctl, bus_lock);
	l1.vcpu().set_msr(msr::debugctl, 0);
	for (const std::uint64_t value : {0ul, lbr, btf, lbr | btf, bus_lock}) {
		const std::uint64_t kept = has_bus_lock ? value & bus_lock : 0;
		const std::string what = "IA32_DEBUGCTL of " + tap::hex(value);
		l1.write(field::guest_debugctl, value);
		l1.write(field::guest_rip, l2_code_address);
		const Result result = value ? l1.vmresume() : l1.vmlaunch();
		if (value == bus_lock && !has_bus_lock) {
			expect(result, entry_fails(Reason::invalid_guest), what);
			l1.expect_field(field::guest_debugctl, value);
			continue;
		}
		expect(result, reports(kept), what);
		expect(l1.go_on(), exits(Reason::vmcall), what);
		// The distribution's module leaves in the field what it has dropped.
		check_equal(l1.read(field::guest_debugctl) & ~(lbr | btf), kept,
			    "IA32_DEBUGCTL in the VMCS");
		check_equal(l1.vcpu().msr(msr::debugctl), 0u, "L1's IA32_DEBUGCTL behind the exit");
	}
}

// IA32_PERF_GLOBAL_CTRL is loaded by entry and exit. Without a PMU in the vCPU all of its bits are
// reserved.
TEST(perf_global_ctrl)
{
	constexpr std::uint32_t perf_global_ctrl = 0x38f;
	L1 l1;
	l1.prepare(reads_perf_global_ctrl);
	free_msrs(l1);
	l1.set(vmx::entry::load_perf_global_ctrl);
	l1.set(vmx::exit::load_perf_global_ctrl);
	const bool counts = l1.vcpu().try_set_msr(perf_global_ctrl, 1);
	if (!counts)
		l1.load_l2(vmcall);
	l1.write(field::guest_perf_global_ctrl, 0);
	l1.write(field::host_perf_global_ctrl, 0);
	expect(l1.vmlaunch(), counts ? reports(0) : exits(Reason::vmcall), "L2 with 0");
	if (counts)
		expect(l1.go_on(), exits(Reason::vmcall), "L2 with 0");
	l1.write(field::guest_rip, l2_code_address);
	l1.write(field::guest_perf_global_ctrl, 1);
	if (!counts) {
		expect(l1.vmresume(), entry_fails(Reason::invalid_guest), "L2 with 1");
		l1.write(field::guest_perf_global_ctrl, 0);
		l1.write(field::host_perf_global_ctrl, 1);
		expect(l1.vmresume(), fails(8), "L1 with 1");
		return;
	}
	l1.write(field::host_perf_global_ctrl, 2);
	expect(l1.vmresume(), reports(1), "L2 with 1");
	expect(l1.go_on(), exits(Reason::vmcall), "L2 with 1");
	check_equal(l1.vcpu().msr(perf_global_ctrl), 2u, "L1's IA32_PERF_GLOBAL_CTRL");
}
