// SPDX-License-Identifier: GPL-2.0-only
#include "core/config/config.hpp"

#include "baseline.hpp"
#include "lines.hpp"

using namespace vmx::config;
using vmx::Msr;
using vmx::VmcsConfig;
using vmx::VmxCapabilities;

namespace {

VmcsConfig reference()
{
	Report report;

	return compute(unit::baseline(), {}, report);
}

} // namespace

TEST(equal_configurations_differ_in_nothing)
{
	unit::Lines lines;

	EXPECT_EQ(compare(reference(), reference(), lines.sink()), 0u);
	EXPECT_EQ(lines.count(), 0u);
	EXPECT(reference() == reference());
}

TEST(each_field_that_differs_is_named_with_both_values)
{
	struct Row {
		const char *name;
		void (*change)(VmcsConfig &config);
	};
	constexpr Row rows[] = {
		{"pin-based controls", [](VmcsConfig &c) { c.pin &= ~vmx::pin::virtual_nmis; }},
		{"primary controls",
		 [](VmcsConfig &c) { c.primary &= ~vmx::primary::use_msr_bitmaps; }},
		{"secondary controls",
		 [](VmcsConfig &c) { c.secondary &= ~vmx::secondary::enable_vpid; }},
		{"tertiary controls",
		 [](VmcsConfig &c) { c.tertiary |= vmx::tertiary::ipi_virtualization; }},
		{"vm-exit controls", [](VmcsConfig &c) { c.exit &= ~vmx::exit::load_pat; }},
		{"vm-entry controls", [](VmcsConfig &c) { c.entry &= ~vmx::entry::load_pat; }},
		{"EPT and VPID capabilities",
		 [](VmcsConfig &c) { c.ept_vpid &= ~vmx::ept_vpid_cap::page_1g; }},
		{"VMCS revision identifiers", [](VmcsConfig &c) { c.revision++; }},
		{"VMCS region sizes", [](VmcsConfig &c) { c.region_size *= 2; }},
		{"IA32_VMX_BASIC", [](VmcsConfig &c) { c.basic ^= 1; }},
		{"IA32_VMX_MISC", [](VmcsConfig &c) { c.misc ^= 1; }},
		{"IA32_VMX_VMFUNC", [](VmcsConfig &c) { c.vmfunc ^= 1; }},
		{"IA32_VMX_CR0_FIXED0", [](VmcsConfig &c) { c.cr0_fixed0 ^= 1; }},
		{"IA32_VMX_CR0_FIXED1", [](VmcsConfig &c) { c.cr0_fixed1 ^= 1; }},
		{"IA32_VMX_CR4_FIXED0", [](VmcsConfig &c) { c.cr4_fixed0 ^= 1; }},
		{"IA32_VMX_CR4_FIXED1", [](VmcsConfig &c) { c.cr4_fixed1 ^= 1; }},
	};

	for (const Row &row : rows) {
		VmcsConfig changed = reference();
		row.change(changed);
		unit::Lines lines;
		EXPECT(!(changed == reference()));
		EXPECT_EQ(compare(reference(), changed, lines.sink()), 1u);
		EXPECT_CONTAINS(lines[0], row.name);
		EXPECT_CONTAINS(lines[0], "expected 0x");
		EXPECT_CONTAINS(lines[0], "found 0x");
		EXPECT_EQ(lines.severity(0), Severity::reject);
	}
}

TEST(controls_that_differ_are_named)
{
	VmcsConfig changed = reference();
	changed.exit &= ~(vmx::exit::load_pat | vmx::exit::load_efer);
	changed.ept_vpid &= ~vmx::ept_vpid_cap::page_1g;
	unit::Lines lines;

	EXPECT_EQ(compare(reference(), changed, lines.sink()), 2u);
	EXPECT_STRING(
		lines[0],
		"vm-exit controls differ: expected 0x00abffff, found 0x0083ffff: IA32_PAT load, "
		"IA32_EFER load");
	EXPECT_STRING(lines[1],
		      "EPT and VPID capabilities differ: expected 0x00000f0106734141, found "
		      "0x00000f0106714141: bit 17");
}

TEST(missing_msrs_are_named_with_the_reason)
{
	VmxCapabilities caps = unit::baseline();
	unit::Lines none;
	EXPECT_EQ(report_missing(caps, none.sink()), 0u);

	caps.forget(Msr::true_exit_ctls);
	caps.forget(Msr::ept_vpid_cap);
	caps.forget(Msr::vmfunc);
	unit::Lines lines;
	EXPECT_EQ(report_missing(caps, lines.sink()), 3u);
	EXPECT_STRING(lines.find("TRUE_EXIT"),
		      "IA32_VMX_TRUE_EXIT_CTLS (0x48f) is missing: IA32_VMX_BASIC bit 55 is 1");
	EXPECT_STRING(lines.find("EPT_VPID"),
		      "IA32_VMX_EPT_VPID_CAP (0x48c) is missing: EPT or VPID is supported");
	EXPECT_STRING(lines.find("VMFUNC"),
		      "IA32_VMX_VMFUNC (0x491) is missing: VM functions are supported");

	// A CPU without secondary controls needs none of what they bring.
	VmxCapabilities old = unit::baseline();
	unit::doctor(old, Msr::procbased_ctls, 32 + 31, false);
	old.set(Msr::basic, old.get(Msr::basic) & ~vmx::bit(55));
	for (const Msr msr :
	     {Msr::procbased_ctls2, Msr::ept_vpid_cap, Msr::vmfunc, Msr::true_pinbased_ctls,
	      Msr::true_procbased_ctls, Msr::true_exit_ctls, Msr::true_entry_ctls})
		old.forget(msr);
	unit::Lines quiet;
	EXPECT_EQ(report_missing(old, quiet.sink()), 0u);
}

TEST(the_printed_configuration_names_every_word)
{
	Report report;
	const VmcsConfig config = compute(unit::baseline(), {}, report);
	unit::Lines lines;

	print_config(unit::baseline(), config, lines.sink());
	EXPECT_CONTAINS(lines.find("0x484 IA32_VMX_ENTRY_CTLS"), "0x0003ffff000011ff");
	EXPECT_CONTAINS(lines.find("vm-entry controls"), "0x0001f1ff");
	EXPECT_CONTAINS(lines.find("load debug controls"), "0 or 1      1");
	EXPECT_CONTAINS(lines.find("IA-32e mode guest"), "0 or 1      0");
	EXPECT_CONTAINS(lines.find("CET state load"), "always 0    0");
	EXPECT_CONTAINS(lines.find("IPI virtualization"), "always 0    0");
	EXPECT_CONTAINS(lines.find("VMCS region size"), "1024");
}

SUITE(config_compare, equal_configurations_differ_in_nothing,
      each_field_that_differs_is_named_with_both_values, controls_that_differ_are_named,
      missing_msrs_are_named_with_the_reason, the_printed_configuration_names_every_word);
