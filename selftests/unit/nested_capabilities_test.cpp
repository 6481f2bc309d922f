// SPDX-License-Identifier: GPL-2.0-only
// What a guest hypervisor is shown, against what the distribution's module shows on the same CPU
// (selftests/golden/nested_caps.json), and what userspace may make of it.
#include "core/hyperv/capabilities.hpp"
#include "core/nested/capabilities.hpp"
#include "core/nested/evmcs_controls.hpp"

#include "baseline.hpp"
#include "unit.hpp"

using namespace vmx;
using nested::Capabilities;
using nested::GuestCpuid;
using nested::Offer;
using unit::Hex;
using unit::Text;

namespace {

struct Golden {
	const char *name;
	const char *parameters; ///< of the module, one at most
	VmxCapabilities cpu;
	VmxCapabilities shown;
};

constexpr Golden golden[] = {
#include "nested.inc"
};

/// What the module's parameters make of a configuration.
void apply(const char *parameters, VmcsConfig &config, Offer &offer)
{
	const auto given = [&](const char *parameter) { return unit::same(parameters, parameter); };

	offer.ept_ad = config.ept_vpid.has(ept_vpid_cap::accessed_dirty);
	if (given("ept=0"))
		config.secondary &= ~(secondary::enable_ept | secondary::unrestricted_guest);
	if (given("ept=0") || given("eptad=0"))
		offer.ept_ad = false;
	if (given("unrestricted_guest=0"))
		config.secondary &= ~secondary::unrestricted_guest;
	if (given("vpid=0"))
		config.secondary &= ~secondary::enable_vpid;
	if (given("flexpriority=0"))
		config.secondary &= ~secondary::virtualize_apic_accesses;
}

VmcsConfig configure(const VmxCapabilities &cpu)
{
	config::Report report;

	return config::compute(cpu, {}, report);
}

Capabilities offered_to(const Golden &row)
{
	VmcsConfig config = configure(row.cpu);
	Offer offer;

	apply(row.parameters, config, offer);
	return nested::offered(row.cpu, config, offer);
}

/// The baseline with all that depends on the backend.
Capabilities rich()
{
	VmxCapabilities cpu = unit::baseline();

	unit::doctor(cpu, Msr::procbased_ctls2, 32 + 15, true); // ENCLS exiting
	return nested::offered(cpu, configure(cpu), {.ept_ad = true, .mpx = true, .sgx = true});
}

constexpr u64 high(u64 bits)
{
	return bits << 32;
}

/// A guest's CPUID that has all.
constexpr GuestCpuid everything = {.leaf_1_ecx = ~0u,
				   .leaf_1_edx = ~0u,
				   .leaf_7_ebx = ~0u,
				   .leaf_7_ecx = ~0u,
				   .leaf_d_1_eax = ~0u,
				   .leaf_80000001_edx = ~0u};

/// Refused, and nothing has changed.
bool refuses(Capabilities &caps, Msr msr, u64 value, const Capabilities &offered)
{
	const Capabilities before = caps;

	if (caps.set(msr, value, offered))
		return false;
	for (const MsrInfo &info : capability_msrs)
		if (caps.get(info.msr) != before.get(info.msr))
			return false;
	return true;
}

bool takes(Capabilities &caps, Msr msr, u64 value, const Capabilities &offered)
{
	return caps.set(msr, value, offered) && caps.get(msr) == value;
}

} // namespace

TEST(every_cpu_of_the_lab_shows_what_it_shows_under_the_distributions_module)
{
	for (const Golden &row : golden) {
		const Capabilities found = offered_to(row);

		for (u32 n = static_cast<u32>(Msr::basic); n <= static_cast<u32>(Msr::vmfunc);
		     n++) {
			const Msr msr = static_cast<Msr>(n);

			EXPECT(found.shown.has(msr) && row.shown.has(msr));
			if (found.get(msr) == row.shown.get(msr))
				continue;
			Text text;
			text << row.name << ": " << name_of(msr) << ": found "
			     << Hex{found.get(msr), 16} << ", golden "
			     << Hex{row.shown.get(msr), 16};
			test.fail(__FILE__, __LINE__, text.c_str());
		}
	}
	EXPECT_EQ(sizeof(golden) / sizeof(golden[0]), 16u);
}

TEST(what_the_backend_has_decides)
{
	const VmxCapabilities cpu = unit::baseline();
	const Capabilities less = nested::offered(cpu, configure(cpu), {});
	const Capabilities more = rich();
	const Secondary in_question = secondary::enable_pml | secondary::encls_exiting;

	EXPECT(more.shown.pin().allowed1.has(pin::posted_interrupts));
	EXPECT(more.shown.entry().allowed1.has(entry::load_bndcfgs));
	EXPECT(more.shown.exit().allowed1.has(exit::clear_bndcfgs));
	EXPECT(more.shown.secondary().allowed1.has(in_question));
	EXPECT(more.shown.ept_vpid().has(ept_vpid_cap::accessed_dirty));
	EXPECT(!less.shown.entry().allowed1.has_any(entry::load_bndcfgs));
	EXPECT(!less.shown.exit().allowed1.has_any(exit::clear_bndcfgs));
	EXPECT(!less.shown.secondary().allowed1.has_any(in_question));
	EXPECT(!less.shown.ept_vpid().has_any(ept_vpid_cap::accessed_dirty));
}

TEST(ept_of_5_levels_where_the_cpu_has_it)
{
	VmxCapabilities cpu = unit::baseline();
	const EptVpidCap walk = ept_vpid_cap::page_walk_5;

	EXPECT(!nested::offered(cpu, configure(cpu), {}).shown.ept_vpid().has_any(walk));
	cpu.set(Msr::ept_vpid_cap, cpu.get(Msr::ept_vpid_cap) | walk.bits);
	EXPECT(nested::offered(cpu, configure(cpu), {}).shown.ept_vpid().has(walk));
}

TEST(the_revision_is_the_hosts_choice)
{
	const VmxCapabilities cpu = unit::baseline();
	const Capabilities caps =
		nested::offered(cpu, configure(cpu), {.revision = vmcs12::Revision::enlightened});

	EXPECT_EQ(caps.get(Msr::basic), 0x00d8100011e586b1u);
}

TEST(halves_of_pairs_are_not_shown)
{
	const struct {
		Msr msr;
		unsigned bit;
	} halves[] = {{Msr::entry_ctls, 13}, {Msr::exit_ctls, 12}, {Msr::entry_ctls, 14},
		      {Msr::exit_ctls, 18},  {Msr::exit_ctls, 19}, {Msr::entry_ctls, 16},
		      {Msr::exit_ctls, 23}};
	const Capabilities whole = rich();

	for (const auto &half : halves) {
		VmxCapabilities cpu = unit::baseline();
		const VmcsConfig config = configure(cpu);
		unit::doctor(cpu, half.msr, 32 + half.bit, false);
		const Capabilities caps = nested::offered(cpu, config, {.mpx = true});
		const Entry entry = whole.shown.entry().allowed1 & ~caps.shown.entry().allowed1;
		const Exit exit = whole.shown.exit().allowed1 & ~caps.shown.exit().allowed1;

		if (entry == entry::load_pat)
			EXPECT_EQ(exit, exit::load_pat | exit::save_pat);
		else if (entry == entry::load_bndcfgs)
			EXPECT_EQ(exit, exit::clear_bndcfgs);
		else
			EXPECT(entry == entry::load_perf_global_ctrl &&
			       exit == exit::load_perf_global_ctrl);
		EXPECT(caps.shown.entry().allowed1.has(entry::load_efer));
	}
}

TEST(an_old_cpu_has_no_secondary_word)
{
	VmxCapabilities cpu = unit::baseline();

	unit::doctor(cpu, Msr::procbased_ctls, 32 + 31, false);
	cpu.forget(Msr::procbased_ctls2);
	const Capabilities caps = nested::offered(cpu, configure(cpu), {});
	EXPECT(!caps.shown.primary().allowed1.has(primary::activate_secondary));
	EXPECT_EQ(caps.get(Msr::procbased_ctls2), 0u);
	EXPECT_EQ(caps.get(Msr::ept_vpid_cap), 0u);
	EXPECT_EQ(caps.get(Msr::vmfunc), 0u);
}

TEST(controls_are_taken_away_and_forced)
{
	const Capabilities offered = rich();
	const struct {
		Msr true_msr, plain;
		u32 default1;
	} words[] = {
		{Msr::true_pinbased_ctls, Msr::pinbased_ctls, pin::default1.bits},
		{Msr::true_procbased_ctls, Msr::procbased_ctls, primary::default1.bits},
		{Msr::true_exit_ctls, Msr::exit_ctls, exit::default1.bits},
		{Msr::true_entry_ctls, Msr::entry_ctls, entry::default1.bits},
		{Msr::procbased_ctls2, Msr::procbased_ctls2, 0},
	};

	for (const auto &word : words) {
		const u64 most = offered.get(word.true_msr);

		for (unsigned n = 0; n < 32; n++) {
			Capabilities caps = offered;
			const u64 allowed = most ^ high(bit(n)), forced = most ^ bit(n);

			if (most & high(bit(n)))
				EXPECT(takes(caps, word.true_msr, allowed, offered));
			else
				EXPECT(refuses(caps, word.true_msr, allowed, offered));
			if (word.plain != word.true_msr) {
				const u64 now = caps.get(word.true_msr);
				EXPECT_EQ(caps.get(word.plain), now | word.default1);
			}
			// From there back to all, by one control.
			EXPECT(takes(caps, word.true_msr, most, offered));

			if (most & bit(n))
				EXPECT(refuses(caps, word.true_msr, forced, offered));
			else
				EXPECT(takes(caps, word.true_msr, forced, offered));
		}
		Capabilities caps = offered;
		EXPECT(takes(caps, word.true_msr, most, offered));
		EXPECT(refuses(caps, word.true_msr, ~u64{0}, offered));
		if (word.plain == word.true_msr)
			continue;
		// The one that follows cannot be set, not even to what it is.
		EXPECT(refuses(caps, word.plain, caps.get(word.plain), offered));
		EXPECT(refuses(caps, word.true_msr, 0, offered));
	}
}

TEST(basic_keeps_its_shape)
{
	const Capabilities offered = rich();
	const u64 value = offered.get(Msr::basic);
	Capabilities caps = offered;

	EXPECT_EQ(value, 0x00d8100011e57ed0u);
	EXPECT(takes(caps, Msr::basic, 0x00d8100011e586b1, offered));
	EXPECT(takes(caps, Msr::basic, value, offered));
	EXPECT(takes(caps, Msr::basic, value & ~bit(54), offered));
	EXPECT(takes(caps, Msr::basic, value & ~bit(55), offered));
	EXPECT(takes(caps, Msr::basic, value & ~(u64{0xf} << 50), offered));
	for (const u64 bad :
	     {u64{0}, ~u64{0}, value | bit(31), value | bit(48), value | bit(49), value | bit(56),
	      value | bit(63), (value & ~u64{0x7fffffff}) | 1, (value & ~u64{0x7fffffff}) | 0x2b,
	      value ^ 1, value | high(1), value & ~high(0x1000),
	      (value & ~high(0x1000)) | high(0x400), value ^ bit(50)})
		EXPECT(refuses(caps, Msr::basic, bad, offered));
}

TEST(basic_gives_what_the_host_has)
{
	VmxCapabilities cpu = unit::baseline();

	cpu.set(Msr::basic, cpu.get(Msr::basic) & ~bit(54));
	const Capabilities less = nested::offered(cpu, configure(cpu), {});
	Capabilities caps = less;
	EXPECT_EQ(less.get(Msr::basic), 0x0098100011e57ed0u);
	EXPECT(refuses(caps, Msr::basic, 0x00d8100011e57ed0, less));
}

TEST(misc_features_are_taken_away)
{
	const Capabilities offered = rich();
	const u64 value = offered.get(Msr::misc);

	EXPECT_EQ(value, 0x20000165u);
	for (unsigned n = 0; n < 64; n++) {
		Capabilities caps = offered;
		if (value & bit(n) && n > 4)
			EXPECT(takes(caps, Msr::misc, value ^ bit(n), offered));
		else
			EXPECT(refuses(caps, Msr::misc, value ^ bit(n), offered));
	}

	// Without the timer its rate means nothing.
	Capabilities caps = offered;
	const u64 timer = high(pin::preemption_timer.bits);
	EXPECT(takes(caps, Msr::true_pinbased_ctls, offered.get(Msr::true_pinbased_ctls) & ~timer,
		     offered));
	EXPECT(takes(caps, Msr::misc, value ^ 1, offered));
}

TEST(fixed_bits_grow_only)
{
	const Capabilities offered = rich();

	for (const Msr msr : {Msr::cr0_fixed0, Msr::cr4_fixed0})
		for (unsigned n = 0; n < 64; n++) {
			Capabilities caps = offered;
			const u64 value = offered.get(msr);
			if (value & bit(n))
				EXPECT(refuses(caps, msr, value ^ bit(n), offered));
			else
				EXPECT(takes(caps, msr, value ^ bit(n), offered));
		}
	for (const Msr msr : {Msr::cr0_fixed1, Msr::cr4_fixed1}) {
		Capabilities caps = offered;
		EXPECT(refuses(caps, msr, offered.get(msr), offered));
		EXPECT(refuses(caps, msr, ~u64{0}, offered));
	}
}

TEST(features_are_subsets)
{
	const Capabilities offered = rich();

	for (const Msr msr : {Msr::ept_vpid_cap, Msr::vmfunc})
		for (unsigned n = 0; n < 64; n++) {
			Capabilities caps = offered;
			const u64 value = offered.get(msr);
			if (value & bit(n))
				EXPECT(takes(caps, msr, value ^ bit(n), offered));
			else
				EXPECT(refuses(caps, msr, value ^ bit(n), offered));
			EXPECT(takes(caps, msr, 0, offered));
			EXPECT(takes(caps, msr, value, offered));
		}
	Capabilities caps = offered;
	EXPECT_EQ(caps.get(Msr::vmcs_enum), 0x32u);
	EXPECT(takes(caps, Msr::vmcs_enum, 0x2e, offered) &&
	       takes(caps, Msr::vmcs_enum, 0, offered));
	// The kernel's own vmx_msrs_test wants any number taken.
	EXPECT(takes(caps, Msr::vmcs_enum, ~u64{0}, offered));
}

TEST(what_is_shown)
{
	EXPECT(!nested::is_shown(0x47f) && nested::is_shown(0x480) && nested::is_shown(0x491));
	EXPECT(!nested::is_shown(0x492) && !nested::is_shown(0x3a));
}

TEST(cr4_follows_cpuid)
{
	const Capabilities offered = rich();
	Capabilities caps = offered;

	caps.follow({}, offered);
	EXPECT_EQ(caps.get(Msr::cr4_fixed1), 0x100u);
	caps.follow(everything, offered);
	EXPECT_EQ(caps.get(Msr::cr4_fixed1), 0x777fffu);

	GuestCpuid cpuid = everything;
	cpuid.leaf_7_ebx &= ~u32{1 << 7}; // SMEP
	caps.follow(cpuid, offered);
	EXPECT_EQ(caps.get(Msr::cr4_fixed1), 0x677fffu);
	// IA32_VMX_CR4_FIXED1 is all that can grow beyond the offer.
	for (u32 n = static_cast<u32>(Msr::basic); n <= static_cast<u32>(Msr::vmfunc); n++)
		if (static_cast<Msr>(n) != Msr::cr4_fixed1)
			EXPECT_EQ(caps.get(static_cast<Msr>(n)), offered.get(static_cast<Msr>(n)));
}

TEST(controls_follow_cpuid)
{
	constexpr Secondary followers = secondary::enable_rdtscp | secondary::enable_invpcid |
					secondary::rdrand_exiting | secondary::rdseed_exiting |
					secondary::enable_xsaves | secondary::encls_exiting;
	const Capabilities offered = rich();
	Capabilities caps = offered;

	EXPECT(offered.shown.secondary().allowed1.has(followers));
	caps.follow({}, offered);
	EXPECT_EQ(caps.shown.secondary().allowed1, offered.shown.secondary().allowed1 & ~followers);
	EXPECT(!caps.shown.entry().allowed1.has_any(entry::load_bndcfgs));
	EXPECT(!caps.shown.exit().allowed1.has_any(exit::clear_bndcfgs));
	EXPECT_EQ(caps.get(Msr::entry_ctls) >> 32, caps.get(Msr::true_entry_ctls) >> 32);
	caps.follow(everything, offered);
	EXPECT_EQ(caps.get(Msr::procbased_ctls2), offered.get(Msr::procbased_ctls2));
	EXPECT_EQ(caps.get(Msr::true_entry_ctls), offered.get(Msr::true_entry_ctls));

	// RDPID needs the control as well.
	GuestCpuid cpuid;
	cpuid.leaf_7_ecx = 1 << 22;
	caps.follow(cpuid, offered);
	EXPECT(caps.shown.secondary().allowed1.has(secondary::enable_rdtscp));
	cpuid = everything;
	cpuid.leaf_1_ecx &= ~u32{1 << 26};
	caps.follow(cpuid, offered);
	EXPECT(!caps.shown.secondary().allowed1.has_any(secondary::enable_xsaves));
}

TEST(an_enlightened_vmcs_lacks_fields)
{
	constexpr u64 everything_allowed = ~u64{0};
	const auto allowed = [](Msr msr, bool perf_global_ctrl) {
		return static_cast<u32>(
			nested::evmcs_capability(msr, everything_allowed, perf_global_ctrl) >> 32);
	};
	const u32 secondary = allowed(Msr::procbased_ctls2, true);

	for (const Secondary lacking :
	     {secondary::virtualize_apic_accesses, secondary::virtual_interrupt_delivery,
	      secondary::apic_register_virtualization, secondary::enable_vmfunc,
	      secondary::vmcs_shadowing, secondary::enable_pml, secondary::ept_violation_ve,
	      secondary::pause_loop_exiting, secondary::use_tsc_scaling})
		EXPECT(!Secondary{secondary}.has_any(lacking));
	EXPECT(Secondary{secondary}.has(secondary::enable_ept | secondary::enable_vpid |
					secondary::unrestricted_guest | secondary::enable_xsaves));
	for (const Msr msr : {Msr::pinbased_ctls, Msr::true_pinbased_ctls}) {
		EXPECT(!Pin{allowed(msr, true)}.has_any(pin::preemption_timer |
							pin::posted_interrupts));
		EXPECT(Pin{allowed(msr, true)}.has(pin::default1 | pin::virtual_nmis));
	}
	for (const bool yes : {false, true}) {
		EXPECT_EQ(Exit{allowed(Msr::true_exit_ctls, yes)}.has(exit::load_perf_global_ctrl),
			  yes);
		EXPECT_EQ(Entry{allowed(Msr::entry_ctls, yes)}.has(entry::load_perf_global_ctrl),
			  yes);
	}
	EXPECT(!Exit{allowed(Msr::exit_ctls, true)}.has_any(exit::save_preemption_timer));
	EXPECT(Primary{allowed(Msr::procbased_ctls, true)}.has(primary::default1));
	EXPECT_EQ(nested::evmcs_capability(Msr::vmfunc, 1, true), 0u);
	// Nothing that is forced gets lost, and what no control is about stays.
	EXPECT_EQ(nested::evmcs_capability(Msr::true_pinbased_ctls, 0xffff'ffff, true),
		  0xffff'ffffu);
	for (const Msr msr : {Msr::basic, Msr::misc, Msr::cr4_fixed1, Msr::ept_vpid_cap})
		EXPECT_EQ(nested::evmcs_capability(msr, 0x1234'5678'9abc'def0, false),
			  0x1234'5678'9abc'def0u);

	// Each of them has its fields in the page.
	VmxCapabilities open;
	for (u32 n = static_cast<u32>(Msr::basic); n <= static_cast<u32>(Msr::vmfunc); n++)
		open.set(static_cast<Msr>(n), everything_allowed);
	const VmxCapabilities carried =
		hyperv::carried_capabilities(open, {.perf_global_ctrl = true}, {});
	for (const Msr msr : {Msr::true_pinbased_ctls, Msr::true_procbased_ctls,
			      Msr::procbased_ctls2, Msr::true_exit_ctls, Msr::true_entry_ctls})
		EXPECT_EQ(allowed(msr, true) & ~static_cast<u32>(carried.get(msr) >> 32), 0u);

	const Capabilities offered = rich();
	const VmxCapabilities all = nested::evmcs_capabilities(offered.shown, true);
	for (u32 n = static_cast<u32>(Msr::basic); n <= static_cast<u32>(Msr::vmfunc); n++)
		EXPECT_EQ(all.get(static_cast<Msr>(n)),
			  nested::evmcs_capability(static_cast<Msr>(n),
						   offered.get(static_cast<Msr>(n)), true));
}

SUITE(nested_capabilities, every_cpu_of_the_lab_shows_what_it_shows_under_the_distributions_module,
      what_the_backend_has_decides, ept_of_5_levels_where_the_cpu_has_it,
      the_revision_is_the_hosts_choice, halves_of_pairs_are_not_shown,
      an_old_cpu_has_no_secondary_word, controls_are_taken_away_and_forced, basic_keeps_its_shape,
      basic_gives_what_the_host_has, misc_features_are_taken_away, fixed_bits_grow_only,
      features_are_subsets, what_is_shown, cr4_follows_cpuid, controls_follow_cpuid,
      an_enlightened_vmcs_lacks_fields);
