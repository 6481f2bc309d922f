// SPDX-License-Identifier: GPL-2.0-only
#include "core/config/config.hpp"

#include "baseline.hpp"
#include "core/config/adjust.hpp"
#include "core/config/errata.hpp"
#include "lines.hpp"

using namespace vmx::config;
using vmx::Msr;
using vmx::VmcsConfig;
using vmx::VmxCapabilities;

namespace {

constexpr unsigned a1(unsigned control)
{
	return 32 + control;
}

VmcsConfig compute_quietly(const VmxCapabilities &caps, Verdict *verdict = nullptr)
{
	Report report;
	const VmcsConfig config = compute(caps, {.error_on_inconsistent = false}, report);

	if (verdict)
		*verdict = report.verdict;
	return config;
}

} // namespace

TEST(adjust_meets_wishes_and_settings)
{
	EXPECT(adjust({.required = 0x1, .optional = 0x6, .forced = 0x10, .allowed = 0x13}) ==
	       (Adjusted{.value = 0x13, .missing = 0}));
	EXPECT(adjust({.required = 0x9, .optional = 0, .forced = 0, .allowed = 0x1}) ==
	       (Adjusted{.value = 0x1, .missing = 0x8}));
	EXPECT(adjust({.required = 0, .optional = ~0ull, .forced = 0, .allowed = 1ull << 63}) ==
	       (Adjusted{.value = 1ull << 63, .missing = 0}));
	EXPECT(adjust({.required = 0, .optional = 0, .forced = 0x5, .allowed = 0xf}) ==
	       (Adjusted{.value = 0x5, .missing = 0}));
}

TEST(the_configuration_of_a_cascade_lake)
{
	Report report;
	const VmcsConfig config = compute(unit::baseline(), {}, report);

	EXPECT_EQ(report.verdict, Verdict::ok);
	EXPECT_EQ(config.pin.bits, 0x000000ffu);
	EXPECT_EQ(config.primary.bits, 0xb5a1effau);
	EXPECT_EQ(config.secondary.bits, 0x02135fffu);
	EXPECT_EQ(config.tertiary.bits, 0ull);
	EXPECT_EQ(config.exit.bits, 0x00abffffu);
	EXPECT_EQ(config.entry.bits, 0x0001f1ffu);
	EXPECT_EQ(config.ept_vpid.bits, 0x00000f0106734141ull);
	EXPECT_EQ(config.revision, 4u);
	EXPECT_EQ(config.region_size, 1024u);
	EXPECT_EQ(config.basic, 0x00da040000000004ull);
	EXPECT_EQ(config.misc, 0x7004c1e7ull);
	EXPECT_EQ(config.vmfunc, 1ull);
	EXPECT_EQ(config.cr0_fixed0, 0x80000021ull);
	EXPECT_EQ(config.cr0_fixed1, 0xffffffffull);
	EXPECT_EQ(config.cr4_fixed0, 0x2000ull);
	EXPECT_EQ(config.cr4_fixed1, 0x7767ffull);
}

TEST(without_ept_nothing_that_needs_it_is_used)
{
	VmxCapabilities caps = unit::baseline();
	unit::doctor(caps, Msr::procbased_ctls2, a1(1), false);
	unit::Lines lines;
	Report report{.sink = lines.sink()};
	const VmcsConfig config = compute(caps, {.error_on_inconsistent = false}, report);

	EXPECT_EQ(report.verdict, Verdict::ok);
	EXPECT(!config.secondary.has_any(vmx::secondary::enable_ept |
					 vmx::secondary::unrestricted_guest |
					 vmx::secondary::enable_pml));
	EXPECT(config.secondary.has(vmx::secondary::enable_vpid));
	EXPECT_EQ(config.ept_vpid.bits, 0x00000f0100000000ull);
}

TEST(ept_is_not_used_without_what_the_backend_needs)
{
	struct Row {
		Msr msr;
		unsigned bit;
		bool value;
	};
	constexpr Row rows[] = {
		{Msr::ept_vpid_cap, 6, false},	      // 4-level page walk
		{Msr::ept_vpid_cap, 14, false},	      // write-back
		{Msr::ept_vpid_cap, 26, false},	      // all-context INVEPT
		{Msr::true_procbased_ctls, 15, true}, // CR3-load exits that cannot be cleared
	};

	for (const Row &row : rows) {
		VmxCapabilities caps = unit::baseline();
		Verdict verdict;
		// So that no rule rejects: 5-level walk and uncacheable are enough for the SDM.
		unit::doctor(caps, Msr::ept_vpid_cap, 7, true);
		unit::doctor(caps, Msr::ept_vpid_cap, 8, true);
		unit::doctor(caps, row.msr, row.bit, row.value);
		const VmcsConfig config = compute_quietly(caps, &verdict);

		EXPECT_EQ(verdict, Verdict::ok);
		EXPECT(!config.secondary.has(vmx::secondary::enable_ept));
		EXPECT(!config.secondary.has_any(vmx::secondary::unrestricted_guest |
						 vmx::secondary::enable_pml));
		EXPECT_EQ(config.ept_vpid & vmx::ept_vpid_cap::ept_half, vmx::EptVpidCap{});
	}
}

TEST(vpid_is_not_used_without_invvpid)
{
	VmxCapabilities caps = unit::baseline();
	unit::doctor(caps, Msr::ept_vpid_cap, 32, false);
	VmcsConfig config = compute_quietly(caps);
	EXPECT(!config.secondary.has(vmx::secondary::enable_vpid));
	EXPECT_EQ(config.ept_vpid & vmx::ept_vpid_cap::vpid_half, vmx::EptVpidCap{});
	EXPECT(config.secondary.has(vmx::secondary::enable_ept));

	caps = unit::baseline();
	unit::doctor(caps, Msr::ept_vpid_cap, 41, false);
	EXPECT(compute_quietly(caps).secondary.has(vmx::secondary::enable_vpid));
	unit::doctor(caps, Msr::ept_vpid_cap, 42, false);
	EXPECT(!compute_quietly(caps).secondary.has(vmx::secondary::enable_vpid));
}

TEST(without_a_tpr_shadow_no_apic_virtualization_is_used)
{
	VmxCapabilities caps = unit::baseline();
	unit::doctor(caps, Msr::procbased_ctls, a1(21), false);
	const VmcsConfig config = compute_quietly(caps);

	EXPECT(!config.secondary.has_any(vmx::secondary::virtualize_apic_accesses |
					 vmx::secondary::virtualize_x2apic |
					 vmx::secondary::apic_register_virtualization |
					 vmx::secondary::virtual_interrupt_delivery));
	EXPECT(!config.pin.has(vmx::pin::posted_interrupts));
}

TEST(tertiary_controls_are_used_for_ipi_virtualization)
{
	VmxCapabilities caps = unit::baseline();
	unit::doctor(caps, Msr::procbased_ctls, a1(17), true);
	caps.set(Msr::procbased_ctls3, 0x9f);
	VmcsConfig config = compute_quietly(caps);
	EXPECT_EQ(config.tertiary, vmx::tertiary::ipi_virtualization);
	EXPECT(config.primary.has(vmx::primary::activate_tertiary));

	// Without posted interrupts there is nothing to send an IPI to.
	unit::doctor(caps, Msr::pinbased_ctls, a1(7), false);
	config = compute_quietly(caps);
	EXPECT_EQ(config.tertiary, vmx::Tertiary{});
	EXPECT(!config.primary.has(vmx::primary::activate_tertiary));

	// A dump that lacks the MSR: not used, but no reason to give up.
	caps = unit::baseline();
	unit::doctor(caps, Msr::procbased_ctls, a1(17), true);
	Verdict verdict;
	config = compute_quietly(caps, &verdict);
	EXPECT_EQ(verdict, Verdict::ok);
	EXPECT(!config.primary.has(vmx::primary::activate_tertiary));
}

TEST(a_cpu_without_secondary_controls_is_usable)
{
	VmxCapabilities caps = unit::baseline();
	unit::doctor(caps, Msr::procbased_ctls, a1(31), false);
	unit::doctor(caps, Msr::pinbased_ctls, a1(7), false);
	caps.forget(Msr::procbased_ctls2);
	caps.forget(Msr::ept_vpid_cap);
	caps.forget(Msr::vmfunc);
	caps.cpu.features_known = false;
	unit::Lines lines;
	Report report{.sink = lines.sink()};
	const VmcsConfig config = compute(caps, {}, report);

	EXPECT_EQ(report.verdict, Verdict::ok);
	EXPECT_EQ(report.rejects, 0u);
	EXPECT_EQ(config.secondary, vmx::Secondary{});
	EXPECT_EQ(config.ept_vpid, vmx::EptVpidCap{});
	EXPECT(!config.primary.has(vmx::primary::activate_secondary));
}

TEST(what_cannot_be_cleared_cannot_be_dropped)
{
	VmxCapabilities caps = unit::baseline();
	unit::doctor(caps, Msr::exit_ctls, a1(21), false);
	unit::doctor(caps, Msr::entry_ctls, 15, true);
	unit::Lines lines;
	Report report{.sink = lines.sink()};
	(void)compute(caps, {.error_on_inconsistent = false}, report);

	EXPECT_EQ(report.verdict, Verdict::unsupported);
	EXPECT_CONTAINS(lines.find("cannot be cleared"), "IA32_EFER load");
}

namespace {

/// EAX of CPUID leaf 1.
constexpr vmx::u32 signature(vmx::u32 model)
{
	return 6u << 8 | (model & 0xf) << 4 | model >> 4 << 16 | 2;
}

VmxCapabilities baseline_of(vmx::u32 model)
{
	VmxCapabilities caps = unit::baseline();
	caps.cpu.signature = signature(model);
	return caps;
}

} // namespace

TEST(errata_cpus_lose_perf_global_ctrl)
{
	constexpr vmx::u32 models[] = {26, 30, 37, 44, 46};
	constexpr vmx::u32 others[] = {23, 28, 42, 45, 85};

	for (const vmx::u32 model : models) {
		unit::Lines lines;
		Report report{.sink = lines.sink()};
		const VmcsConfig config = compute(baseline_of(model), {}, report);
		EXPECT_EQ(report.verdict, Verdict::ok);
		EXPECT_EQ(report.rejects, 0u);
		EXPECT(!config.entry.has(vmx::entry::load_perf_global_ctrl));
		EXPECT(!config.exit.has(vmx::exit::load_perf_global_ctrl));
		EXPECT(lines.has("errata"));
	}
	for (const vmx::u32 model : others) {
		const VmcsConfig config = compute_quietly(baseline_of(model));
		EXPECT(config.entry.has(vmx::entry::load_perf_global_ctrl));
		EXPECT(config.exit.has(vmx::exit::load_perf_global_ctrl));
	}

	// The pair is judged on what the CPU reports, before the erratum takes both halves.
	VmxCapabilities caps = baseline_of(26);
	unit::doctor(caps, Msr::exit_ctls, a1(12), false);
	Report report;
	(void)compute(caps, {}, report);
	EXPECT_EQ(report.verdict, Verdict::inconsistent);

	EXPECT(!perf_global_ctrl_erratum({.signature = signature(26), .signature_known = false}));
	EXPECT(!perf_global_ctrl_erratum(
		{.signature = 0xfu << 8 | 10u << 4 | 1u << 16, .signature_known = true}));
}

TEST(a_preemption_timer_of_another_rate_is_not_used)
{
	for (const vmx::u32 model : {26u, 30u, 37u, 46u}) {
		unit::Lines lines;
		Report report{.sink = lines.sink()};
		const VmcsConfig config = compute(baseline_of(model), {}, report);
		EXPECT_EQ(report.verdict, Verdict::ok);
		EXPECT(!config.pin.has(vmx::pin::preemption_timer));
		EXPECT(lines.has("preemption timer"));
	}
	for (const vmx::u32 model : {23u, 42u, 44u, 85u})
		EXPECT(compute_quietly(baseline_of(model)).pin.has(vmx::pin::preemption_timer));
}

TEST(what_this_module_cannot_do_is_refused)
{
	VmxCapabilities caps = unit::baseline();
	caps.set(Msr::basic, caps.get(Msr::basic) & ~(0xfull << 50));
	unit::Lines lines;
	Report report{.sink = lines.sink()};
	(void)compute(caps, {}, report);
	EXPECT_EQ(report.verdict, Verdict::unsupported);
	EXPECT(lines.has("uncacheable"));

	caps = unit::baseline();
	caps.set(Msr::basic, caps.get(Msr::basic) | vmx::bit(48));
	unit::Lines more;
	report = {.sink = more.sink()};
	(void)compute(caps, {}, report);
	EXPECT_EQ(report.verdict, Verdict::unsupported);
	EXPECT(more.has("below 4 GiB"));

	// Not even when told to overlook inconsistencies.
	caps = unit::baseline();
	caps.set(Msr::basic, (caps.get(Msr::basic) & ~(0x1fffull << 32)) | 8191ull << 32);
	caps.set(Msr::cr4_fixed1, 0x27ff);
	unit::doctor(caps, Msr::cr4_fixed1, 13, false);
	unit::Lines both;
	report = {.sink = both.sink()};
	(void)compute(caps, {.error_on_inconsistent = false}, report);
	EXPECT_EQ(report.verdict, Verdict::unsupported);
	EXPECT(both.has("1 to 4096 bytes"));
	EXPECT(both.has("CR4.VMXE cannot be set"));
}

namespace {

/// Numbers that look random and are the same in every run (xorshift64).
class Numbers {
public:
	vmx::u64 next()
	{
		state_ ^= state_ << 13;
		state_ ^= state_ >> 7;
		state_ ^= state_ << 17;
		return state_;
	}

private:
	vmx::u64 state_ = 0x2545f4914f6cdd1d;
};

/// The baseline with up to 16 bits turned over and some MSRs gone.
VmxCapabilities mutated(Numbers &numbers)
{
	VmxCapabilities caps = unit::baseline();

	for (unsigned turns = numbers.next() % 17; turns; turns--) {
		const vmx::u64 number = numbers.next();
		const Msr msr = vmx::capability_msrs[number % vmx::capability_msr_count].msr;
		const unsigned bit = number >> 8 & 63;
		unit::doctor(caps, msr, bit, !(caps.get(msr) >> bit & 1));
		if ((number >> 16 & 15) == 0)
			caps.forget(msr);
	}
	caps.cpu.features = {static_cast<vmx::u32>(numbers.next())};
	return caps;
}

bool is_paired(const VmcsConfig &config)
{
	namespace entry = vmx::entry;
	namespace exit = vmx::exit;

	return config.entry.has(entry::load_perf_global_ctrl) ==
		       config.exit.has(exit::load_perf_global_ctrl) &&
	       config.entry.has(entry::load_pat) == config.exit.has(exit::load_pat) &&
	       config.entry.has(entry::load_efer) == config.exit.has(exit::load_efer) &&
	       config.entry.has(entry::load_bndcfgs) == config.exit.has(exit::clear_bndcfgs);
}

} // namespace

TEST(whatever_the_words_a_usable_configuration_is_sound)
{
	Numbers numbers;
	unsigned usable = 0;
	unsigned inconsistent = 0;

	for (unsigned round = 0; round < 5000; round++) {
		const VmxCapabilities caps = mutated(numbers);
		Report strict;
		(void)compute(caps, {.error_on_inconsistent = true}, strict);
		Report lenient;
		const VmcsConfig config = compute(caps, {.error_on_inconsistent = false}, lenient);

		EXPECT(strict.violated == lenient.violated);
		EXPECT_EQ(strict.rejects != 0 && strict.verdict == Verdict::ok, false);
		EXPECT(lenient.verdict != Verdict::inconsistent);
		inconsistent += strict.verdict == Verdict::inconsistent;
		if (!lenient.usable())
			continue;
		usable++;
		EXPECT(caps.pin().allowed1.has(config.pin));
		EXPECT(config.pin.has(caps.pin().allowed0));
		EXPECT(caps.primary().allowed1.has(config.primary));
		EXPECT(config.primary.has(caps.primary().allowed0));
		EXPECT(caps.secondary().allowed1.has(config.secondary));
		EXPECT(caps.tertiary().allowed1.has(config.tertiary));
		EXPECT(caps.exit().allowed1.has(config.exit));
		EXPECT(config.exit.has(caps.exit().allowed0));
		EXPECT(caps.entry().allowed1.has(config.entry));
		EXPECT(config.entry.has(caps.entry().allowed0));
		EXPECT(is_paired(config));
		EXPECT(config.secondary.empty() ||
		       config.primary.has(vmx::primary::activate_secondary));
		EXPECT(config.secondary.has(vmx::secondary::enable_ept) ||
		       !config.secondary.has_any(vmx::secondary::unrestricted_guest |
						 vmx::secondary::enable_pml));
	}
	// The rounds must reach both sides.
	EXPECT(usable > 500);
	EXPECT(inconsistent > 500);
}

TEST(a_needed_msr_that_is_absent_is_named)
{
	constexpr Msr needed[] = {Msr::basic, Msr::procbased_ctls2, Msr::ept_vpid_cap};

	for (const Msr msr : needed) {
		VmxCapabilities caps = unit::baseline();
		caps.forget(msr);
		unit::Lines lines;
		Report report{.sink = lines.sink()};
		(void)compute(caps, {}, report);
		EXPECT_EQ(report.verdict, Verdict::unknown);
		EXPECT_CONTAINS(lines.find("is not known"), vmx::name_of(msr));
	}
}

TEST(violations_are_all_reported_before_the_summary)
{
	VmxCapabilities caps = unit::baseline();
	for (const unsigned control : {13u, 14u, 15u, 16u})
		unit::doctor(caps, Msr::entry_ctls, a1(control), false);
	unit::Lines lines;
	Report report{.sink = lines.sink()};
	(void)compute(caps, {}, report);

	EXPECT_EQ(report.rejects, 4u);
	for (const char *name : {"IA32_PERF_GLOBAL_CTRL", "IA32_PAT", "IA32_EFER", "IA32_BNDCFGS"})
		EXPECT(lines.has(name));
	EXPECT_CONTAINS(lines[4], "violations 4, warnings 0");
	EXPECT_EQ(lines.severity(4), Severity::reject);
}

SUITE(config_compute, adjust_meets_wishes_and_settings, the_configuration_of_a_cascade_lake,
      without_ept_nothing_that_needs_it_is_used, ept_is_not_used_without_what_the_backend_needs,
      vpid_is_not_used_without_invvpid, without_a_tpr_shadow_no_apic_virtualization_is_used,
      tertiary_controls_are_used_for_ipi_virtualization, a_cpu_without_secondary_controls_is_usable,
      what_cannot_be_cleared_cannot_be_dropped, errata_cpus_lose_perf_global_ctrl,
      a_preemption_timer_of_another_rate_is_not_used, what_this_module_cannot_do_is_refused,
      a_needed_msr_that_is_absent_is_named, violations_are_all_reported_before_the_summary,
      whatever_the_words_a_usable_configuration_is_sound);
