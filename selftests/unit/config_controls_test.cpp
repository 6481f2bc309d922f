// SPDX-License-Identifier: GPL-2.0-only
#include "core/config/table.hpp"

#include "baseline.hpp"
#include "core/config/config.hpp"
#include "core/config/facts.hpp"
#include "lines.hpp"

using namespace vmx::config;
using vmx::Msr;
using vmx::u64;
using vmx::VmcsConfig;

namespace {

/// The MSR whose upper half holds the allowed-1 settings of a word.
Msr msr_of(Word word)
{
	switch (word) {
	case Word::pin:
		return Msr::pinbased_ctls;
	case Word::primary:
		return Msr::procbased_ctls;
	case Word::secondary:
		return Msr::procbased_ctls2;
	case Word::exit:
		return Msr::exit_ctls;
	default:
		return Msr::entry_ctls;
	}
}

unsigned bit_number(u64 mask)
{
	unsigned n = 0;

	while (!(mask >> n & 1))
		n++;
	return n;
}

} // namespace

TEST(each_control_is_one_bit_and_stands_once)
{
	for (const Control &control : controls()) {
		unsigned same = 0;
		EXPECT_EQ(control.bit.mask & (control.bit.mask - 1), u64{0});
		for (const Control &other : controls())
			same += other.bit == control.bit;
		EXPECT_EQ(same, 1u);
		EXPECT(*control.name && *control.feature);
	}
}

TEST(the_required_controls)
{
	u64 required[control_words]{};

	for (const Control &control : controls())
		if (control.use == Use::required || control.use == Use::runtime)
			required[index(control.bit.word)] |= control.bit.mask;

	// SDM bit numbers: external interrupts and NMIs; HLT, INVLPG, MWAIT, RDPMC, CR3, MOV DR,
	// I/O and MONITOR exits, TSC offsetting, interrupt window; debug controls, 64-bit host,
	// acknowledge; debug controls, IA-32e mode.
	EXPECT_EQ(required[index(Word::pin)], u64{0x00000009});
	EXPECT_EQ(required[index(Word::primary)], u64{0x21818e8c});
	EXPECT_EQ(required[index(Word::secondary)], u64{0});
	EXPECT_EQ(required[index(Word::tertiary)], u64{0});
	EXPECT_EQ(required[index(Word::exit)], u64{0x00008204});
	EXPECT_EQ(required[index(Word::entry)], u64{0x00000204});
}

TEST(a_required_control_that_is_missing_is_named)
{
	for (const Control &control : controls()) {
		if (control.use != Use::required && control.use != Use::runtime)
			continue;
		vmx::VmxCapabilities caps = unit::baseline();
		unit::doctor(caps, msr_of(control.bit.word), 32 + bit_number(control.bit.mask),
			     false);
		unit::Lines lines;
		Report report{.sink = lines.sink()};
		(void)compute(caps, {.error_on_inconsistent = false}, report);

		EXPECT_EQ(report.verdict, Verdict::unsupported);
		EXPECT_CONTAINS(lines.find("lack what this module requires"), control.name);
		EXPECT_CONTAINS(lines.find("lack what this module requires"),
				info(control.bit.word).name);
	}
}

TEST(cr8_exits_are_required_only_without_a_tpr_shadow)
{
	vmx::VmxCapabilities caps = unit::baseline();
	Report report;
	VmcsConfig config = compute(caps, {}, report);
	EXPECT(!config.primary.has_any(vmx::primary::cr8_load_exiting |
				       vmx::primary::cr8_store_exiting));

	// Penryn and later without the features that need a TPR shadow.
	unit::doctor(caps, Msr::procbased_ctls, 32 + 21, false);
	for (const unsigned bit : {0u, 4u, 8u, 9u})
		unit::doctor(caps, Msr::procbased_ctls2, 32 + bit, false);
	unit::doctor(caps, Msr::pinbased_ctls, 32 + 7, false);
	report = {};
	config = compute(caps, {}, report);
	EXPECT_EQ(report.verdict, Verdict::ok);
	EXPECT(config.primary.has(vmx::primary::cr8_load_exiting |
				  vmx::primary::cr8_store_exiting));

	unit::doctor(caps, Msr::procbased_ctls, 32 + 20, false);
	unit::Lines lines;
	report = {.sink = lines.sink()};
	(void)compute(caps, {}, report);
	EXPECT_EQ(report.verdict, Verdict::unsupported);
	EXPECT(lines.has("CR8-store exiting"));
}

TEST(optional_controls_are_used_where_there)
{
	const vmx::VmxCapabilities caps = unit::baseline();
	const Facts facts{caps};
	Report report;
	const VmcsConfig config = compute(caps, {}, report);

	for (const Control &control : controls()) {
		const bool chosen = value_of(config, control.bit.word) & control.bit.mask;
		switch (control.use) {
		case Use::required:
			EXPECT_EQ(chosen, true);
			break;
		case Use::optional:
			// The baseline has no SGX, so that there is nothing to intercept.
			EXPECT_EQ(chosen,
				  facts.has(control.bit) &&
					  !(control.bit == Bit{vmx::secondary::encls_exiting}));
			break;
		case Use::runtime:
		case Use::unused:
			EXPECT_EQ(chosen, false);
			break;
		case Use::required_without:
			break;
		}
	}
}

TEST(optional_controls_are_left_where_not_there)
{
	for (const Control &control : controls()) {
		if (control.use != Use::optional || control.bit.word == Word::tertiary)
			continue;
		vmx::VmxCapabilities caps = unit::baseline();
		unit::doctor(caps, msr_of(control.bit.word), 32 + bit_number(control.bit.mask),
			     false);
		Report report;
		const VmcsConfig config = compute(caps, {.error_on_inconsistent = false}, report);
		EXPECT_EQ(report.verdict, Verdict::ok);
		EXPECT_EQ(value_of(config, control.bit.word) & control.bit.mask, u64{0});
	}
}

TEST(bits_that_must_be_set_are_set)
{
	vmx::VmxCapabilities caps = unit::baseline();
	// A hypervisor may force exits that are not in the default-1 class.
	unit::doctor(caps, Msr::procbased_ctls, 12, true);
	Report report;
	const VmcsConfig config = compute(caps, {}, report);

	EXPECT_EQ(report.verdict, Verdict::ok);
	EXPECT_EQ(config.primary & caps.primary().allowed0, caps.primary().allowed0);
	EXPECT(config.primary.has(vmx::primary::rdtsc_exiting));
	EXPECT_EQ(config.exit & caps.exit().allowed0, caps.exit().allowed0);
	EXPECT_EQ(config.entry & caps.entry().allowed0, caps.entry().allowed0);
	EXPECT_EQ(config.pin & caps.pin().allowed0, caps.pin().allowed0);
	EXPECT_EQ(config.primary & ~caps.primary().allowed1, vmx::Primary{});
}

SUITE(config_controls, each_control_is_one_bit_and_stands_once, the_required_controls,
      a_required_control_that_is_missing_is_named, cr8_exits_are_required_only_without_a_tpr_shadow,
      optional_controls_are_used_where_there, optional_controls_are_left_where_not_there,
      bits_that_must_be_set_are_set);
