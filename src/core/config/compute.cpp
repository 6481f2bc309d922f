// SPDX-License-Identifier: GPL-2.0-only
#include "core/config/adjust.hpp"
#include "core/config/config.hpp"
#include "core/config/errata.hpp"
#include "core/config/rules.hpp"
#include "vmx/arch.hpp"

namespace vmx::config {

namespace {

/// Without these MSRs nothing can be chosen. (Tertiary controls are all optional: if their MSR is
/// not known they stay clear.) @return whether all are there.
bool has_what_it_needs(const VmxCapabilities &caps, const Sink &sink)
{
	const Facts facts{caps};
	bool complete = true;

	const auto need = [&](bool is_there, Msr msr) {
		if (is_there)
			return;
		Text text;
		text << name_of(msr) << " (" << Hex{static_cast<u32>(msr), 3}
		     << ") is not known: no VMCS configuration without it";
		sink(Severity::reject, text.c_str());
		complete = false;
	};

	need(caps.has(Msr::basic), Msr::basic);
	need(facts.knows(Word::pin), Msr::pinbased_ctls);
	need(facts.knows(Word::primary), Msr::procbased_ctls);
	need(facts.knows(Word::exit), Msr::exit_ctls);
	need(facts.knows(Word::entry), Msr::entry_ctls);
	if (facts.knows(Word::primary))
		need(facts.knows(Word::secondary), Msr::procbased_ctls2);
	if (facts.knows(Word::secondary))
		need(facts.knows(Word::ept_vpid), Msr::ept_vpid_cap);
	return complete;
}

void drop_what_rule_says(const Rule &rule, Facts &available)
{
	if (rule.drop == Drop::nothing)
		return;
	available.drop(rule.a);
	if (rule.drop == Drop::both)
		available.drop(rule.b);
}

/// Judges every rule on what the CPU reports, and takes from `available` what the violated ones
/// say.
void apply_rules(const VmxCapabilities &caps, const Options &options, Facts &available,
		 Report &report)
{
	const Facts reported{caps};
	Text text;

	for (unsigned n = 0; n < rules().count; n++) {
		const Rule &rule = rules()[n];

		if (rule.severity == Severity::info || !violated(rule, caps, reported, text))
			continue;
		report.sink(rule.severity, text.c_str());
		report.violated.insert(n);
		(rule.severity == Severity::reject ? report.rejects : report.warnings)++;
		if (rule.severity == Severity::warn || !options.error_on_inconsistent)
			drop_what_rule_says(rule, available);
	}
}

void summarize(const Options &options, Report &report)
{
	if (!report.rejects && !report.warnings)
		return;

	Text text;
	text << "VMX capabilities: violations " << report.rejects << ", warnings "
	     << report.warnings;
	if (report.rejects && options.error_on_inconsistent) {
		report.verdict = Verdict::inconsistent;
		text << "; refused (error_on_inconsistent_vmcs_config=0 loads without what they "
			"name)";
	} else if (report.rejects) {
		text << "; continuing without what they name";
	}
	report.sink(report.rejects ? Severity::reject : Severity::warn, text.c_str());
}

/// Takes away what a feature that is gone leaves behind, until nothing changes: dropping EPT takes
/// unrestricted guest and PML with it, dropping one half of a pair the other.
void resolve_dependencies(Facts &available, const Sink &sink)
{
	Text text;
	bool changed = true;

	const auto drop = [&](const Rule &rule, Bit bit, Bit without) {
		available.drop(bit);
		changed = true;
		text.clear();
		text << bit << " is not used without " << without << " [" << rule.id << "]";
		sink(Severity::info, text.c_str());
	};

	while (changed) {
		changed = false;
		for (const Rule &rule : rules()) {
			if (rule.kind == Kind::word || rule.drop == Drop::nothing ||
			    !available.knows(rule.a.word) || !available.knows(rule.b.word))
				continue;
			if (available.has(rule.a) && !available.has(rule.b))
				drop(rule, rule.a, rule.b);
			else if (rule.kind == Kind::pair && available.has(rule.b) &&
				 !available.has(rule.a))
				drop(rule, rule.b, rule.a);
		}
	}
}

void drop_preemption_timer(const VmxCapabilities &caps, Facts &available, const Sink &sink)
{
	if (!has_preemption_timer_erratum(caps.cpu) || !available.has(pin::preemption_timer))
		return;
	available.drop(pin::preemption_timer);
	sink(Severity::info, "the VMX-preemption timer is not used: an erratum of this CPU makes "
			     "it count at another rate than it says");
}

void drop_perf_global_ctrl(const VmxCapabilities &caps, Facts &available, const Sink &sink)
{
	const char *erratum = perf_global_ctrl_erratum(caps.cpu);

	if (!erratum || !available.has(exit::load_perf_global_ctrl))
		return;
	available.drop(entry::load_perf_global_ctrl);
	available.drop(exit::load_perf_global_ctrl);
	available.drop(exit::save_perf_global_ctrl);

	Text text;
	text << "IA32_PERF_GLOBAL_CTRL controls are not used: VM exit may clear bits 34:32 on this "
		"CPU (errata "
	     << erratum << ")";
	sink(Severity::info, text.c_str());
}

/// What of one control word to ask for.
struct Wanted {
	u64 required[control_words]{};
	u64 optional[control_words]{};
	u64 runtime[control_words]{};
};

Wanted choose(const Facts &available)
{
	Wanted wanted;

	for (const Control &control : controls()) {
		const unsigned n = index(control.bit.word);

		switch (control.use) {
		case Use::required:
			wanted.required[n] |= control.bit.mask;
			break;
		case Use::required_without:
			if (!available.has(control.instead))
				wanted.required[n] |= control.bit.mask;
			break;
		case Use::optional:
			wanted.optional[n] |= control.bit.mask;
			break;
		case Use::runtime:
			wanted.runtime[n] |= control.bit.mask;
			break;
		case Use::unused:
			break;
		}
	}
	return wanted;
}

/// Settles one control word. @return its value; names in the report what keeps it from being used.
u64 settle(Word word, const Wanted &wanted, const Facts &available, Report &report)
{
	const unsigned n = index(word);
	const u64 have = available.have[n];
	const Adjusted adjusted = adjust({.required = wanted.required[n],
					  .optional = wanted.optional[n],
					  .forced = available.forced[n],
					  .allowed = have});
	const u64 missing = adjusted.missing | (wanted.runtime[n] & ~have);
	// A rule took away what the CPU does not let go of.
	const u64 stuck = available.forced[n] & ~have;

	const auto refuse = [&](const char *what, u64 bits) {
		if (!bits)
			return;
		Text text;
		text << info(word).name << what << " (" << info(word).label << " "
		     << Hex{have, info(word).digits} << "): ";
		append_names(text, word, bits);
		report.sink(Severity::reject, text.c_str());
		if (report.verdict == Verdict::ok)
			report.verdict = Verdict::unsupported;
	};

	refuse(" lack what this module requires", missing);
	refuse(" cannot be cleared though they may not be used", stuck);
	return adjusted.value;
}

/// What must hold beyond the controls, whatever the rules are told to overlook: without it VMXON
/// would fault or fail.
void require_ground(const VmxCapabilities &caps, Report &report)
{
	const Basic basic = caps.basic();
	const auto refuse = [&](const char *what, Msr msr) {
		Text text;
		text << what << " (" << name_of(msr) << " " << Hex{caps.get(msr), 16} << ")";
		report.sink(Severity::reject, text.c_str());
		if (report.verdict == Verdict::ok)
			report.verdict = Verdict::unsupported;
	};

	if (basic.memory_type() == 0)
		refuse("VMCS regions must be uncacheable: this module keeps them in write-back "
		       "memory",
		       Msr::basic);
	if (basic.addresses_32bit())
		refuse("VMCS regions must lie below 4 GiB: this module runs on 64-bit hosts only",
		       Msr::basic);
	if (basic.region_size() == 0 || basic.region_size() > 4096)
		refuse("VMCS regions are not 1 to 4096 bytes: this module gives each a page",
		       Msr::basic);
	if (caps.has(Msr::cr4_fixed1) && !(caps.get(Msr::cr4_fixed1) & cr4::vmxe))
		refuse("CR4.VMXE cannot be set", Msr::cr4_fixed1);
}

u64 masked_ept_vpid(const Facts &available, Secondary secondary)
{
	EptVpidCap caps{available.have[index(Word::ept_vpid)]};

	if (!secondary.has(secondary::enable_ept))
		caps &= ~ept_vpid_cap::ept_half;
	if (!secondary.has(secondary::enable_vpid))
		caps &= ~ept_vpid_cap::vpid_half;
	return caps.bits;
}

} // namespace

VmcsConfig compute(const VmxCapabilities &caps, const Options &options, Report &report)
{
	Facts available{caps};

	apply_rules(caps, options, available, report);
	summarize(options, report);

	if (!has_what_it_needs(caps, report.sink)) {
		report.verdict = Verdict::unknown;
		return {};
	}

	// What would be done without is of no interest where nothing will be done.
	const Sink choices = report.verdict == Verdict::inconsistent ? Sink{} : report.sink;

	drop_perf_global_ctrl(caps, available, choices);
	drop_preemption_timer(caps, available, choices);
	resolve_dependencies(available, choices);

	const Wanted wanted = choose(available);
	const auto value = [&](Word word) { return settle(word, wanted, available, report); };
	const auto narrow = [&](Word word) { return static_cast<u32>(value(word)); };

	require_ground(caps, report);

	VmcsConfig config{
		.pin = {narrow(Word::pin)},
		.primary = {narrow(Word::primary)},
		.secondary = {narrow(Word::secondary)},
		.tertiary = {value(Word::tertiary)},
		.exit = {narrow(Word::exit)},
		.entry = {narrow(Word::entry)},
		.revision = caps.basic().revision(),
		.region_size = caps.basic().region_size(),
		.basic = caps.get(Msr::basic),
		.misc = caps.get(Msr::misc),
		.vmfunc = caps.get(Msr::vmfunc),
		.cr0_fixed0 = caps.get(Msr::cr0_fixed0),
		.cr0_fixed1 = caps.get(Msr::cr0_fixed1),
		.cr4_fixed0 = caps.get(Msr::cr4_fixed0),
		.cr4_fixed1 = caps.get(Msr::cr4_fixed1),
	};

	// Activating a word of which nothing is wanted would only cost.
	const Primary forced = caps.primary().allowed0;

	if (config.secondary.empty())
		config.primary &= ~primary::activate_secondary | forced;
	if (config.tertiary.empty())
		config.primary &= ~primary::activate_tertiary | forced;
	config.ept_vpid = {masked_ept_vpid(available, config.secondary)};
	return config;
}

} // namespace vmx::config
