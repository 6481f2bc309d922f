// SPDX-License-Identifier: GPL-2.0-only
#include "core/dump/dump.hpp"
#include "core/dump/names.hpp"
#include "core/dump/values.hpp"
#include "vmx/controls.hpp"
#include "vmx/field_list.hpp"

#include "lines.hpp"
#include "unit.hpp"

using namespace vmx;
using namespace vmx::dump;

namespace {

struct FieldValue {
	u32 encoding;
	u64 value;
};

/// A 64-bit guest with a stack segment that no CPU enters. What is not here does not exist.
// clang-format off
constexpr FieldValue vmcs[] = {
	{field::pin_controls.encoding,            0x16 | (pin::nmi_exiting | pin::virtual_nmis).bits},
	{field::primary_controls.encoding,        (primary::hlt_exiting | primary::activate_secondary).bits},
	{field::secondary_controls.encoding,      (secondary::enable_ept | secondary::unrestricted_guest).bits},
	{field::exit_controls.encoding,           exit::load_efer.bits},
	{field::entry_controls.encoding,          (entry::ia32e_mode_guest | entry::load_efer).bits},
	{field::virtual_processor_id.encoding,    7},
	{field::exception_bitmap.encoding,        0x60042},
	{field::ept_pointer.encoding,             0x1234505e},
	{field::entry_interruption_info.encoding, 0x80000b0d},
	{field::exit_reason.encoding,             0x80000021},
	{field::guest_ss_selector.encoding,       0x18},
	{field::guest_ss_base.encoding,           0},
	{field::guest_ss_limit.encoding,          0xffffffff},
	{field::guest_ss_access_rights.encoding,  0xc09b},
	{field::guest_ldtr_access_rights.encoding, 0x10000},
	{field::guest_cr0.encoding,               0x80050033},
	{field::guest_efer.encoding,              0x501},
	{field::guest_pat.encoding,               0x0007040600070406},
	{field::guest_rip.encoding,               0xffffffff81000000},
	{field::guest_rflags.encoding,            0x202},
	{field::guest_interruptibility.encoding,  1},
	{field::guest_activity_state.encoding,    1},
	{field::vmcs_link_pointer.encoding,       ~u64{0}},
	{field::host_cr4.encoding,                0x2020},
};
// clang-format on

constexpr VmcsSource source = {[](void *, u32 encoding, u64 &value) {
				       for (const FieldValue &field : vmcs) {
					       if (field.encoding != encoding)
						       continue;
					       value = field.value;
					       return true;
				       }
				       return false;
			       },
			       nullptr};

template <class Append, class Value>
void expect_text(unit::Test &test, unsigned line, Append append, Value value, const char *expected)
{
	unit::Text text;

	append(text, value);
	unit::expect_string(test, __FILE__, line, "text", text.c_str(), expected);
}

#define EXPECT_TEXT(append, value, expected) expect_text(test, __LINE__, append, value, expected)

} // namespace

TEST(field_names)
{
	bool exit_reason = false, link = false;
	u32 previous = 0;

	for (const field::Info &info : field::list) {
		const u32 order = info.encoding >> 10 & 3;
		EXPECT(order >= previous);
		previous = order;
		exit_reason |= info.encoding == 0x4402 && unit::same(info.name, "exit_reason");
		link |= info.encoding == 0x2800 && unit::same(info.name, "vmcs_link_pointer");
	}
	EXPECT(exit_reason && link);
	EXPECT(field::count > 150);
	EXPECT_STRING(field::name_of<0x681e>, "guest_rip");
	EXPECT(field::name_of<0x7ffe> == nullptr);
}

TEST(failures_in_one_line)
{
	unit::Lines lines;

	print_launch_failure(7, lines.sink());
	print_launch_failure(14, lines.sink());
	print_launch_failure(~0u, lines.sink());
	print_entry_failure({0x80000021}, 0, lines.sink());
	print_entry_failure({0x80000021}, 4, lines.sink());
	print_entry_failure({0x80000022}, 3, lines.sink());
	print_entry_failure({0x80000029}, 0, lines.sink());
	EXPECT_EQ(lines.count(), 7u);
	EXPECT_STRING(
		lines[0],
		"VM entry failed: VM-instruction error 7, VM entry with invalid control fields");
	EXPECT_STRING(lines[1], "VM entry failed: VM-instruction error 14, unknown");
	EXPECT_STRING(lines[2], "VM entry failed: VM-instruction error 4294967295, unknown");
	EXPECT_STRING(lines[3],
		      "VM entry failed: exit reason 0x80000021, VM-entry failure due to invalid "
		      "guest state, exit qualification 0x0");
	EXPECT_STRING(lines[4],
		      "VM entry failed: exit reason 0x80000021, VM-entry failure due to invalid "
		      "guest state, exit qualification 0x4, VMCS link pointer");
	EXPECT_STRING(lines[5],
		      "VM entry failed: exit reason 0x80000022, VM-entry failure due to MSR "
		      "loading, exit qualification 3, the entry of the VM-entry MSR-load list");
	EXPECT_STRING(lines[6], "VM entry failed: exit reason 0x80000029, VM-entry failure due to "
				"machine-check event, exit qualification 0x0");
}

TEST(every_exit_reason_has_a_name)
{
	// Those that the SDM leaves out, or gives to what KVM does not know.
	constexpr u16 gaps[] = {35, 38, 42, 69, 70, 71, 72, 73};

	for (u16 n = 0; n < exit_reasons; n++) {
		bool gap = false;
		for (const u16 g : gaps)
			gap |= g == n;
		EXPECT_EQ(unit::same(exit_reason_name(static_cast<Reason>(n)), "unknown"), gap);
	}
	EXPECT_STRING(exit_reason_name(static_cast<Reason>(0xffff)), "unknown");
}

TEST(values_in_words)
{
	EXPECT_TEXT(append_rights, 0xa09bu,
		    "code execute/read accessed, DPL 0, present, 64-bit, limit in pages");
	EXPECT_TEXT(append_rights, 0xf3u, "data read/write accessed, DPL 3, present");
	EXPECT_TEXT(append_rights, 0x8bu, "TSS busy, DPL 0, present");
	EXPECT_TEXT(append_rights, 0x1002u, "LDT, DPL 0, not present, AVL");
	EXPECT_TEXT(append_rights, 0x10060u, "unusable, DPL 3");
	EXPECT_TEXT(append_interruption, (Interruption{0}), "none");
	EXPECT_TEXT(append_interruption, (Interruption{0x80000b0e}),
		    "hardware exception #PF with error code");
	EXPECT_TEXT(append_interruption, (Interruption{0x800000ec}), "external interrupt 236");
	EXPECT_TEXT(append_interruption, (Interruption{0x80000202}), "NMI 2");
	EXPECT_TEXT(append_interruption, (Interruption{0x80000603}), "software exception #BP");
	EXPECT_TEXT(append_interruption, (Interruption{0x8000130d}),
		    "hardware exception #GP, NMIs unblocked by IRET");
	EXPECT_TEXT(append_interruptibility, 0u, "none");
	EXPECT_TEXT(append_interruptibility, 0x29u, "blocking by STI blocking by NMI others 0x20");
	EXPECT_TEXT(append_activity, 2u, "shutdown");
	EXPECT_TEXT(append_activity, 4u, "unknown");
	EXPECT_TEXT(append_pending_debug, u64{0x5002}, "B1 enabled breakpoint BS");
	EXPECT_TEXT(append_cr0, u64{0x80000031}, "PE ET NE PG");
	EXPECT_TEXT(append_cr4, u64{0x2020}, "PAE VMXE");
	EXPECT_TEXT(append_efer, u64{0x502}, "LME LMA others 0x2");
	EXPECT_TEXT(append_rflags, u64{0x20302}, "fixed TF IF VM");
	EXPECT_TEXT(append_debugctl, u64{0x4001}, "LBR FREEZE_WHILE_SMM");
	EXPECT_TEXT(append_exceptions, 0x8042u | 1u << 31, "#DB #UD 15 31");
	EXPECT_TEXT(append_pat, u64{0x0107050600070406}, "WB WT UC- UC WB WP UC- WC");
	EXPECT_TEXT(append_pat, u64{0xff02}, "reserved reserved UC UC UC UC UC UC");
	EXPECT_TEXT(append_eptp, u64{0x1234505e}, "root at 0x12345000, WB, 4 levels, A/D flags");
	EXPECT_TEXT(append_interrupt_status, u16{0x3051}, "requesting 81, servicing 48");
	EXPECT_STRING(msr_name(0xc0000080), "IA32_EFER");
	EXPECT(msr_name(0xdead) == nullptr);
}

TEST(whole_vmcs)
{
	const MsrEntry guest[] = {{0x38f, 0, 7}, {0xdead, 0, 8}};
	const MsrEntry host[] = {{0x38f, 0, 0x70000000f}};
	unit::Lines lines;

	print_vmcs(source,
		   {.region = 0x82bd000,
		    .revision = 0x2b,
		    .vcpu = 3,
		    .last_cpu = 1,
		    .entry_load = {guest, 2},
		    .exit_load = {host, 1}},
		   lines.sink());

	EXPECT_STRING(lines[0],
		      "VMCS of vCPU 3 at 0x82bd000, revision 0x2b, last entered on CPU 1");
	EXPECT_STRING(lines[1], "guest-state area");
	EXPECT_STRING(lines.find("guest_ss "),
		      "  guest_ss    selector 0x0018 base 0x0000000000000000 limit "
		      "0xffffffff rights 0x0c09b code execute/read accessed, DPL 0, "
		      "present, 32-bit, limit in pages");
	EXPECT_STRING(lines.find("guest_ldtr "),
		      "  guest_ldtr  selector 0x0000 base 0x0000000000000000 limit "
		      "0x00000000 rights 0x10000 unusable, DPL 0");
	EXPECT_STRING(lines.find("guest_rip "),
		      "  guest_rip                           0xffffffff81000000");
	EXPECT_STRING(lines.find("guest_rflags "),
		      "  guest_rflags                        0x0000000000000202  fixed IF");
	EXPECT_STRING(lines.find("guest_pat "),
		      "  guest_pat                           0x0007040600070406  not in use");
	EXPECT_STRING(lines.find("guest_efer "),
		      "  guest_efer                          0x0000000000000501  SCE LME LMA");
	EXPECT_STRING(lines.find("guest_activity_state "),
		      "  guest_activity_state                0x00000001          HLT");
	EXPECT_STRING(lines.find("vmcs_link_pointer "),
		      "  vmcs_link_pointer                   0xffffffffffffffff  none");
	EXPECT_STRING(lines.find("host_cr4 "),
		      "  host_cr4                            0x0000000000002020  PAE VMXE");
	EXPECT_STRING(lines.find("virtual_processor_id "),
		      "  virtual_processor_id                0x0007              not in use");
	EXPECT_STRING(lines.find("exception_bitmap "),
		      "  exception_bitmap                    0x00060042          #DB #UD #AC #MC");
	EXPECT_STRING(
		lines.find("entry_interruption_info "),
		"  entry_interruption_info             0x80000b0d          hardware exception #GP with "
		"error code");
	EXPECT_STRING(lines.find("exit_reason "),
		      "  exit_reason                         0x80000021");
	EXPECT(lines.has("    1 virtual NMIs") && lines.has("    0 VMX-preemption timer"));
	EXPECT(lines.has("    1 bit 1, bit 2, bit 4"));
	EXPECT(lines.has("    1 unrestricted guest") && lines.has("    1 IA-32e mode guest"));
	EXPECT_STRING(
		lines.find("VM-entry MSR-load 1"),
		"  VM-entry MSR-load 1                 0x0000038f = 0x0000000000000007 IA32_PERF_GLOBAL_CTRL");
	EXPECT_STRING(lines.find("VM-entry MSR-load 2"),
		      "  VM-entry MSR-load 2                 0x0000dead = 0x0000000000000008");
	EXPECT(lines.has("VM-exit MSR-load 1"));
	// What the CPU lacks is not there.
	EXPECT(!lines.has("pml_index") && !lines.has("guest_cr3"));
}

SUITE(dump, field_names, failures_in_one_line, every_exit_reason_has_a_name, values_in_words,
      whole_vmcs);
