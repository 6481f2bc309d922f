// SPDX-License-Identifier: GPL-2.0-only
#include "core/config/rules.hpp"

#include "baseline.hpp"
#include "core/config/config.hpp"
#include "lines.hpp"

using namespace vmx::config;
using vmx::Msr;
using vmx::u64;
using vmx::VmcsConfig;
using vmx::VmxCapabilities;

namespace {

constexpr bool on = true;
constexpr bool off = false;

/// Sets or clears a raw bit of an MSR (and of its TRUE MSR). `a1(n)` is control n's allowed-1
/// setting.
struct Step {
	Msr msr = Msr{0}; ///< 0: no step
	unsigned bit = 0;
	bool value = off;
};

constexpr unsigned a1(unsigned control)
{
	return 32 + control;
}

/// What to do to the baseline so that a rule is violated, in the SDM's bit numbers: the tables' own
/// constants are not used, so a wrong one in them is found.
struct Row {
	const char *rule;
	Step steps[4]{};
};

constexpr Msr pin = Msr::pinbased_ctls, primary = Msr::procbased_ctls,
	      secondary = Msr::procbased_ctls2, tertiary = Msr::procbased_ctls3,
	      vm_exit = Msr::exit_ctls, vm_entry = Msr::entry_ctls, cap = Msr::ept_vpid_cap;

// clang-format off
constexpr Row rows[] = {
	{"perf-global-ctrl-pair", {{vm_entry, a1(13), off}}},
	{"perf-global-ctrl-pair", {{vm_exit,  a1(12), off}}},
	{"pat-pair",      {{vm_entry, a1(14), off}}},
	{"pat-pair",      {{vm_exit,  a1(19), off}}},
	{"efer-pair",     {{vm_entry, a1(15), off}}},
	{"efer-pair",     {{vm_exit,  a1(21), off}}},
	{"bndcfgs-pair",  {{vm_entry, a1(16), off}}},
	{"bndcfgs-pair",  {{vm_exit,  a1(23), off}}},
	{"rtit-ctl-pair", {{vm_entry, a1(18), on}}},
	{"rtit-ctl-pair", {{vm_exit,  a1(25), on}}},
	{"cet-pair",      {{vm_entry, a1(20), on}}},
	{"cet-pair",      {{vm_exit,  a1(28), on}}},
	{"pkrs-pair",     {{vm_entry, a1(22), on}}},
	{"pkrs-pair",     {{vm_exit,  a1(29), on}}},
	{"lbr-ctl-pair",  {{vm_entry, a1(21), on}}},
	{"lbr-ctl-pair",  {{vm_exit,  a1(26), on}}},
	{"uinv-pair",     {{vm_entry, a1(19), on}}},
	{"uinv-pair",     {{vm_exit,  a1(27), on}}},
	{"conceal-pt-pair", {{vm_entry, a1(17), off}}},
	{"conceal-pt-pair", {{vm_exit,  a1(24), off}}},
	{"fred-entry-exit-save", {{vm_entry, a1(23), on}, {vm_exit, a1(31), on}, {Msr::exit_ctls2, 1, on}}},
	{"fred-entry-exit-load", {{vm_entry, a1(23), on}, {vm_exit, a1(31), on}, {Msr::exit_ctls2, 0, on}}},
	{"fred-exit-entry",      {{vm_exit, a1(31), on}, {Msr::exit_ctls2, 0, on}, {Msr::exit_ctls2, 1, on}}},
	{"ept-capability-without-ept",   {{secondary, a1(1), off}}},
	{"vpid-capability-without-vpid", {{secondary, a1(5), off}}},
	{"ept-page-walk",   {{cap, 6, off}, {cap, 7, off}}},
	{"ept-memory-type", {{cap, 14, off}, {cap, 8, off}}},
	{"invept-type",     {{cap, 25, off}, {cap, 26, off}}},
	{"invvpid-type",    {{cap, 40, off}, {cap, 41, off}, {cap, 42, off}, {cap, 43, off}}},
	{"pml-ept",                 {{secondary, a1(1), off}}},
	{"pml-accessed-dirty",      {{cap, 21, off}}},
	{"unrestricted-guest-ept",  {{secondary, a1(1), off}}},
	{"unrestricted-guest-lma",  {{Msr::misc, 5, off}}},
	{"ve-ept",                  {{secondary, a1(1), off}, {secondary, a1(18), on}}},
	{"mode-based-execute-ept",  {{secondary, a1(1), off}, {secondary, a1(22), on}}},
	{"sub-page-write-ept",      {{secondary, a1(1), off}, {secondary, a1(23), on}}},
	{"pt-gpa-ept",              {{secondary, a1(1), off}, {secondary, a1(24), on}}},
	{"hlat-ept",                {{secondary, a1(1), off}, {primary, a1(17), on}, {tertiary, 1, on}}},
	{"ept-paging-write-ept",    {{secondary, a1(1), off}, {primary, a1(17), on}, {tertiary, 2, on}}},
	{"guest-paging-ept",        {{secondary, a1(1), off}, {primary, a1(17), on}, {tertiary, 3, on}}},
	{"eptp-switching-ept",      {{secondary, a1(1), off}}},
	{"x2apic-tpr-shadow",             {{primary, a1(21), off}}},
	{"apic-register-tpr-shadow",      {{primary, a1(21), off}}},
	{"interrupt-delivery-tpr-shadow", {{primary, a1(21), off}}},
	{"interrupt-delivery-exiting",    {{pin, a1(0), off}}},
	{"ipi-virtualization-tpr-shadow", {{primary, a1(21), off}, {primary, a1(17), on}, {tertiary, 4, on}}},
	{"posted-interrupt-delivery",     {{secondary, a1(9), off}}},
	{"posted-interrupt-ack",          {{vm_exit, a1(15), off}}},
	{"virtual-nmi-exiting",           {{pin, a1(3), off}}},
	{"pin-impossible",          {{Msr::pinbased_ctls, 8, on}}},
	{"primary-impossible",      {{Msr::procbased_ctls, 0, on}}},
	{"secondary-impossible",    {{secondary, 31, on}}},
	{"exit-impossible",         {{Msr::exit_ctls, 31, on}}},
	{"entry-impossible",        {{Msr::entry_ctls, 31, on}}},
	{"true-pin-impossible",     {{Msr::true_pinbased_ctls, 8, on}}},
	{"true-primary-impossible", {{Msr::true_procbased_ctls, 0, on}}},
	{"true-exit-impossible",    {{Msr::true_exit_ctls, 31, on}}},
	{"true-entry-impossible",   {{Msr::true_entry_ctls, 31, on}}},
	{"secondary-forced",        {{secondary, 7, on}}},
	{"pin-default1",            {{pin, 1, off}}},
	{"primary-default1",        {{primary, 15, off}}},
	{"exit-default1",           {{vm_exit, 2, off}}},
	{"entry-default1",          {{vm_entry, 2, off}}},
	{"true-pin-forces-more",     {{Msr::true_pinbased_ctls, 3, on}}},
	{"true-primary-forces-more", {{Msr::true_procbased_ctls, 7, on}}},
	{"true-exit-forces-more",    {{Msr::true_exit_ctls, 15, on}}},
	{"true-entry-forces-more",   {{Msr::true_entry_ctls, 15, on}}},
	{"secondary-without-activation", {{primary, a1(31), off}}},
	{"tertiary-without-activation",  {{tertiary, 4, on}}},
	{"exit2-without-activation",     {{Msr::exit_ctls2, 0, on}}},
	{"vmfunc-without-activation",    {{secondary, a1(13), off}}},
	{"basic-bit-31",    {{Msr::basic, 31, on}}},
	{"region-size",     {{Msr::basic, 42, off}}},
	{"region-size",     {{Msr::basic, 44, on}}},
	{"memory-type",     {{Msr::basic, 50, on}}},
	{"cr0-fixed",       {{Msr::cr0_fixed1, 5, off}}},
	{"cr4-fixed",       {{Msr::cr4_fixed0, 30, on}}},
	{"cr4-vmxe",        {{Msr::cr4_fixed1, 13, off}, {Msr::cr4_fixed0, 13, off}}},
	{"vmcs-enum",            {{Msr::vmcs_enum, 4, off}}},
	{"true-pin-differs",     {{Msr::true_pinbased_ctls, a1(7), off}}},
	{"true-primary-differs", {{Msr::true_procbased_ctls, a1(27), off}}},
	{"true-exit-differs",    {{Msr::true_exit_ctls, a1(22), off}}},
	{"true-entry-differs",   {{Msr::true_entry_ctls, a1(10), off}}},
	{"pat-save-load",        {{vm_exit, a1(18), off}}},
	{"efer-save-load",       {{vm_exit, a1(20), off}}},
	{"preemption-timer-save", {{vm_exit, a1(22), off}}},
	{"preemption-timer-save", {{pin, a1(6), off}}},
	{"virtual-nmi-window",   {{primary, a1(22), off}}},
	{"nmi-window-virtual",   {{pin, a1(5), off}}},
	{"shadowing-vmwrite",    {{Msr::misc, 29, off}}},
	{"rtit-ctl-misc",        {{vm_entry, a1(18), on}, {vm_exit, a1(25), on}, {Msr::misc, 14, off}}},
	{"ept-paging-exits",     {{Msr::true_procbased_ctls, 15, on}}},
	{"ept-paging-exits",     {{Msr::true_procbased_ctls, 16, on}}},
	{"cpuid-waitpkg",        {}},
	{"cpuid-sgx",            {{secondary, a1(15), off}}},
	{"waitpkg-cpuid",        {{secondary, a1(26), on}}},
	{"bndcfgs-cpuid",        {}},
	{"rtit-ctl-cpuid",       {{vm_entry, a1(18), on}, {vm_exit, a1(25), on}}},
	{"rdtscp-cpuid",         {}},
	{"invpcid-cpuid",        {}},
	{"xsaves-cpuid",         {}},
	{"cpuid-rdtscp",         {{secondary, a1(3), off}}},
	{"cpuid-invpcid",        {{secondary, a1(12), off}}},
	{"cpuid-xsaves",         {{secondary, a1(20), off}}},
	{"cpuid-rdrand",         {{secondary, a1(11), off}}},
	{"cpuid-rdseed",         {{secondary, a1(16), off}}},
};

/// Rules that CPUID must be changed for, besides.
struct CpuRow {
	const char *rule;
	vmx::CpuFeatures feature;
	bool value;
};

constexpr CpuRow cpu_rows[] = {
	{"bndcfgs-cpuid",  vmx::cpu_feature::mpx,      off},
	{"rtit-ctl-cpuid", vmx::cpu_feature::intel_pt, off},
	{"rdtscp-cpuid",   vmx::cpu_feature::rdtscp,   off},
	{"invpcid-cpuid",  vmx::cpu_feature::invpcid,  off},
	{"xsaves-cpuid",   vmx::cpu_feature::xsaves,   off},
	{"waitpkg-cpuid",  vmx::cpu_feature::waitpkg,  off},
	{"cpuid-waitpkg",  vmx::cpu_feature::waitpkg,  on},
	{"cpuid-sgx",      vmx::cpu_feature::sgx,      on},
};
// clang-format on

VmxCapabilities doctored(const Row &row)
{
	VmxCapabilities caps = unit::baseline();

	for (const Step &step : row.steps)
		if (step.msr != Msr{0})
			unit::doctor(caps, step.msr, step.bit, step.value);
	for (const CpuRow &cpu_row : cpu_rows) {
		if (!unit::same(cpu_row.rule, row.rule))
			continue;
		if (cpu_row.value)
			caps.cpu.features |= cpu_row.feature;
		else
			caps.cpu.features &= ~cpu_row.feature;
	}
	return caps;
}

/// `rules().count` if there is no such rule.
unsigned position_of(const char *id)
{
	unsigned n = 0;

	while (n < rules().count && !unit::same(rules()[n].id, id))
		n++;
	return n;
}

void check_row(unit::Test &test, const Row &row)
{
	const unsigned n = position_of(row.rule);
	if (n == rules().count) {
		test.fail(__FILE__, __LINE__, row.rule);
		return;
	}

	const VmxCapabilities caps = doctored(row);
	const bool rejects = rules()[n].severity == Severity::reject;
	unit::Lines lines;
	Report report{.sink = lines.sink()};
	(void)compute(caps, {}, report);

	if (!report.violated.contains(n)) {
		unit::Text text;
		text << "rule " << row.rule << " is not violated";
		test.fail(__FILE__, __LINE__, text.c_str());
		return;
	}

	unit::Text tag;
	tag << "[" << row.rule << "]";
	EXPECT(lines.has(tag.c_str()));
	EXPECT_CONTAINS(lines.find(tag.c_str()), "0x");
	EXPECT_EQ(rejects ? report.rejects != 0 : report.warnings != 0, true);
	if (rejects)
		EXPECT_EQ(report.verdict, Verdict::inconsistent);
}

} // namespace

TEST(baseline_violates_nothing)
{
	unit::Lines lines;
	Report report{.sink = lines.sink()};
	(void)compute(unit::baseline(), {}, report);

	EXPECT_EQ(report.rejects, 0u);
	EXPECT_EQ(report.warnings, 0u);
	EXPECT_EQ(report.verdict, Verdict::ok);
	EXPECT(report.violated == RuleSet{});
	for (unsigned n = 0; n < lines.count(); n++)
		if (lines.severity(n) != Severity::info)
			test.fail(__FILE__, __LINE__, lines[n]);
}

TEST(each_rule_is_violated_when_its_words_are_doctored)
{
	for (const Row &row : rows)
		check_row(test, row);
}

TEST(each_rule_has_a_row)
{
	for (const Rule &rule : rules()) {
		bool found = rule.severity == Severity::info;
		for (const Row &row : rows)
			found = found || unit::same(row.rule, rule.id);
		if (!found)
			test.fail(__FILE__, __LINE__, rule.id);
	}
}

TEST(ids_are_unique)
{
	for (unsigned n = 0; n < rules().count; n++)
		EXPECT_EQ(position_of(rules()[n].id), n);
}

TEST(every_bit_has_a_name)
{
	for (const Rule &rule : rules()) {
		if (rule.kind == Kind::word)
			continue;
		EXPECT(!unit::same(name_of(rule.a), "unnamed"));
		EXPECT(!unit::same(name_of(rule.b), "unnamed"));
	}
}

TEST(word_rules_have_a_check_and_the_others_none)
{
	for (const Rule &rule : rules()) {
		EXPECT_EQ(rule.check != nullptr, rule.kind == Kind::word);
		EXPECT(*rule.why);
	}
}

TEST(loading_anyway_drops_both_halves_of_a_pair)
{
	struct PairRow {
		Msr msr;
		unsigned control;
		vmx::Entry entry;
		vmx::Exit exit;
	};
	constexpr PairRow pairs[] = {
		{vm_entry, 13, vmx::entry::load_perf_global_ctrl, vmx::exit::load_perf_global_ctrl},
		{vm_exit, 12, vmx::entry::load_perf_global_ctrl, vmx::exit::load_perf_global_ctrl},
		{vm_entry, 14, vmx::entry::load_pat, vmx::exit::load_pat},
		{vm_exit, 19, vmx::entry::load_pat, vmx::exit::load_pat},
		{vm_entry, 15, vmx::entry::load_efer, vmx::exit::load_efer},
		{vm_exit, 21, vmx::entry::load_efer, vmx::exit::load_efer},
		{vm_entry, 16, vmx::entry::load_bndcfgs, vmx::exit::clear_bndcfgs},
		{vm_exit, 23, vmx::entry::load_bndcfgs, vmx::exit::clear_bndcfgs},
	};

	for (const PairRow &row : pairs) {
		Report whole;
		const VmcsConfig before = compute(unit::baseline(), {}, whole);
		EXPECT(before.entry.has(row.entry) && before.exit.has(row.exit));

		VmxCapabilities caps = unit::baseline();
		unit::doctor(caps, row.msr, a1(row.control), off);
		unit::Lines lines;
		Report report{.sink = lines.sink()};
		const VmcsConfig config = compute(caps, {.error_on_inconsistent = false}, report);

		EXPECT_EQ(report.verdict, Verdict::ok);
		EXPECT_EQ(report.rejects, 1u);
		EXPECT_EQ(config.entry, before.entry & ~row.entry);
		EXPECT_EQ(config.exit, before.exit & ~row.exit);
		EXPECT(lines.has("is supported but"));
		EXPECT(lines.has("continuing without"));
	}
}

TEST(a_pair_is_named_with_both_words)
{
	VmxCapabilities caps = unit::baseline();
	unit::doctor(caps, vm_entry, a1(15), off);
	unit::doctor(caps, vm_exit, a1(19), off);
	unit::Lines lines;
	Report report{.sink = lines.sink()};
	(void)compute(caps, {}, report);

	EXPECT_EQ(report.rejects, 2u);
	EXPECT_STRING(lines.find("IA32_EFER load"),
		      "vm-exit IA32_EFER load is supported but vm-entry IA32_EFER load is not "
		      "(exit allowed-1 "
		      "0x01f7ffff, entry allowed-1 0x00037fff) [efer-pair]");
	EXPECT_STRING(lines.find("[pat-pair]"),
		      "vm-entry IA32_PAT load is supported but vm-exit IA32_PAT load is not (entry "
		      "allowed-1 "
		      "0x00037fff, exit allowed-1 0x01f7ffff) [pat-pair]");
	EXPECT_STRING(lines.find("VMX capabilities:"),
		      "VMX capabilities: violations 2, warnings 1; refused "
		      "(error_on_inconsistent_vmcs_config=0 loads without what they name)");
}

TEST(a_rule_about_an_unknown_word_is_silent)
{
	constexpr Msr pairs[][2] = {{Msr::exit_ctls, Msr::true_exit_ctls},
				    {Msr::entry_ctls, Msr::true_entry_ctls}};

	for (const auto &pair : pairs) {
		VmxCapabilities caps = unit::baseline();
		caps.forget(pair[0]);
		caps.forget(pair[1]);
		Report report;
		(void)compute(caps, {}, report);
		EXPECT_EQ(report.rejects, 0u);
		EXPECT_EQ(report.warnings, 0u);
		EXPECT_EQ(report.verdict, Verdict::unknown);
	}

	VmxCapabilities caps = unit::baseline();
	caps.forget(Msr::misc);
	caps.forget(Msr::vmfunc);
	caps.forget(Msr::cr4_fixed1);
	caps.forget(Msr::vmcs_enum);
	caps.cpu.features_known = false;
	caps.cpu.features = {};
	Report report;
	(void)compute(caps, {}, report);
	EXPECT_EQ(report.rejects + report.warnings, 0u);
	EXPECT_EQ(report.verdict, Verdict::ok);
}

TEST(a_warning_never_refuses)
{
	for (const Row &row : rows) {
		const unsigned n = position_of(row.rule);
		if (rules()[n].severity != Severity::warn)
			continue;
		Report report;
		(void)compute(doctored(row), {}, report);
		if (report.verdict != Verdict::ok && !report.rejects)
			test.fail(__FILE__, __LINE__, row.rule);
	}
}

SUITE(config_rules, baseline_violates_nothing, each_rule_is_violated_when_its_words_are_doctored,
      each_rule_has_a_row, ids_are_unique, every_bit_has_a_name,
      word_rules_have_a_check_and_the_others_none, loading_anyway_drops_both_halves_of_a_pair,
      a_pair_is_named_with_both_words, a_rule_about_an_unknown_word_is_silent,
      a_warning_never_refuses);
