// SPDX-License-Identifier: GPL-2.0-only
#include "core/hyperv/capabilities.hpp"

#include "baseline.hpp"
#include "core/config/config.hpp"
#include "core/vmcs12/evmcs.hpp"
#include "core/vmcs12/evmcs_slot.hpp"
#include "lines.hpp"
#include "vmx/field_list.hpp"

using namespace vmx;
using namespace vmx::vmcs12;
using hyperv::Features;
using hyperv::Offer;

namespace {

constexpr Features with_perf{.enlightened_vmcs = true, .perf_global_ctrl = true};
constexpr Features without_perf{.enlightened_vmcs = true};

constexpr u64 allowed1(u32 controls)
{
	return u64{controls} << 32;
}

/// A Hyper-V that has everything of version 1.
constexpr Offer everything{{1u << 14}, {0x000e0101}, {1}};

} // namespace

TEST(slots_are_those_of_the_table)
{
	for (const field::Info &info : field::list) {
		EvmcsSlot expected;

		for (const Row &row : rows)
			if (row.encoding == info.encoding && row.evmcs != no_slot)
				expected = {row.evmcs, static_cast<u8>(row.size),
					    clean_bits(row.clean)};
		const EvmcsSlot found = find_evmcs_slot(info.encoding);

		if (found.offset != expected.offset || found.size != expected.size ||
		    found.clean != expected.clean)
			test.fail(__FILE__, __LINE__, info.name);
	}
	// High halves are no fields, nor is the encoding of the two words beside them.
	EXPECT(!find_evmcs_slot(0x2011).exists());
	EXPECT(!find_evmcs_slot(no_encoding).exists());
	static_assert(evmcs_slot(0x681e).offset == 816 && evmcs_slot(0x681e).size == 8);
	static_assert(!evmcs_slot(0x482e).exists());
}

TEST(a_written_field_is_decoded_again)
{
	alignas(8) static u8 page[4096];
	static Vmcs12 vmcs12;

	// Whoever clears a slot's bits makes the codec on the other side read that slot.
	for (const Row &row : rows) {
		if (row.encoding == no_encoding || row.evmcs == no_slot ||
		    group_of(row.encoding) == Group::exit_info)
			continue;
		const EvmcsSlot slot = find_evmcs_slot(row.encoding);

		__builtin_memset(page, 0, sizeof(page));
		__builtin_memset(&vmcs12, 0, sizeof(vmcs12));
		page[slot.offset] = 0x5a;
		decode_evmcs(page, evmcs::all_clean & ~slot.clean, vmcs12);
		if (reinterpret_cast<const u8 *>(&vmcs12)[row.member] != 0x5a)
			test.fail(__FILE__, __LINE__, "a slot and its clean fields disagree");
	}
}

TEST(groups_have_their_bits)
{
	EXPECT_EQ(clean_bits(Clean::io_bitmap), 1u);
	EXPECT_EQ(clean_bits(Clean::host_pointer), 1u << 13);
	EXPECT_EQ(clean_bits(Clean::enlightenments_control), 1u << 15);
	EXPECT_EQ(clean_bits(Clean::all), 0xffffu);
	EXPECT_EQ(clean_bits(Clean::none), 0u);
	EXPECT_EQ(clean_bits(Clean::absent), 0u);
}

TEST(version_1_must_be_recommended_and_offered)
{
	const auto used = [](u32 recommendations, u32 nested) {
		return hyperv::choose({{recommendations}, {nested}, {1}}).enlightened_vmcs;
	};

	EXPECT(used(1u << 14, 0x0101));
	EXPECT(used(1u << 14, 0x0301));
	EXPECT(!used(1u << 14, 0x0302));
	EXPECT(!used(1u << 14, 0));
	EXPECT(!used(~(1u << 14), 0x0101));
	EXPECT(!used(0, 0));
}

TEST(features_need_the_enlightened_vmcs)
{
	const Features all = hyperv::choose(everything);

	EXPECT(all.enlightened_vmcs && all.perf_global_ctrl && all.msr_bitmap && all.remote_flush &&
	       all.direct_flush);

	const Features none = hyperv::choose({{}, everything.nested, everything.nested2});

	EXPECT(!none.enlightened_vmcs && !none.perf_global_ctrl && !none.msr_bitmap &&
	       !none.remote_flush && !none.direct_flush);
	EXPECT(hyperv::choose({{1u << 14}, {0x00080101}, {}}).msr_bitmap);
	EXPECT(hyperv::choose({{1u << 14}, {0x00040101}, {}}).remote_flush);
	EXPECT(hyperv::choose({{1u << 14}, {0x00020101}, {}}).direct_flush);
}

TEST(what_the_page_lacks_is_not_allowed)
{
	// The SDM's bit numbers: preemption timer and posted interrupts; APIC accesses, virtual-
	// interrupt delivery, PLE, VM functions, shadowing, PML, #VE; timer save; tertiary.
	constexpr u32 pin = 1u << 6 | 1u << 7;
	constexpr u32 secondary =
		1u << 0 | 1u << 9 | 1u << 10 | 1u << 13 | 1u << 14 | 1u << 17 | 1u << 18;
	unit::Lines lines;
	VmxCapabilities expected = unit::baseline();
	const auto take = [&](Msr msr, u32 controls) {
		expected.set(msr, expected.get(msr) & ~allowed1(controls));
	};

	take(Msr::pinbased_ctls, pin);
	take(Msr::true_pinbased_ctls, pin);
	take(Msr::procbased_ctls2, secondary);
	take(Msr::exit_ctls, 1u << 22);
	take(Msr::true_exit_ctls, 1u << 22);
	take(Msr::procbased_ctls, 1u << 17);
	take(Msr::true_procbased_ctls, 1u << 17);
	expected.forget(Msr::vmfunc);

	const VmxCapabilities found =
		hyperv::carried_capabilities(unit::baseline(), with_perf, lines.sink());

	for (const MsrInfo &info : capability_msrs)
		if (found.has(info.msr) != expected.has(info.msr) ||
		    found.get(info.msr) != expected.get(info.msr))
			test.fail(__FILE__, __LINE__, info.name);
	EXPECT(lines.has("PAUSE-loop exiting"));
	EXPECT(lines.has("process posted interrupts"));
}

TEST(what_is_left_is_consistent)
{
	for (const Features &features : {with_perf, without_perf}) {
		unit::Lines lines;
		config::Report report{.sink = lines.sink()};
		const VmxCapabilities carried =
			hyperv::carried_capabilities(unit::baseline(), features, {});
		const VmcsConfig config = config::compute(carried, {}, report);

		EXPECT(report.usable());
		EXPECT_EQ(report.rejects, 0u);
		EXPECT_EQ(report.warnings, 0u);
		EXPECT(config.secondary.has(secondary::enable_ept | secondary::enable_vpid |
					    secondary::use_tsc_scaling));
		EXPECT_EQ(config.entry.has(entry::load_perf_global_ctrl),
			  features.perf_global_ctrl);
		EXPECT_EQ(config.exit.has(exit::load_perf_global_ctrl), features.perf_global_ctrl);
		EXPECT(!config.pin.has_any(pin::preemption_timer | pin::posted_interrupts));
	}
}

TEST(what_every_pair_lacks_goes_on_both_sides)
{
	VmxCapabilities caps = unit::baseline();

	// All that the words can hold, CET, PKRS, LBRs, UINV and Intel PT among it.
	for (const Msr msr :
	     {Msr::exit_ctls, Msr::true_exit_ctls, Msr::entry_ctls, Msr::true_entry_ctls})
		caps.set(msr, caps.get(msr) | allowed1(~0u));
	caps.set(Msr::exit_ctls2, ~u64{0});

	const VmxCapabilities carried = hyperv::carried_capabilities(caps, without_perf, {});
	const Exit exit = carried.exit().allowed1;
	const Entry entry = carried.entry().allowed1;

	EXPECT(!exit.has_any(exit::load_cet | exit::load_pkrs | exit::clear_lbr_ctl |
			     exit::clear_uinv | exit::clear_rtit_ctl | exit::activate_secondary |
			     exit::save_perf_global_ctrl | exit::load_perf_global_ctrl));
	EXPECT(!entry.has_any(entry::load_cet | entry::load_pkrs | entry::load_guest_lbr_ctl |
			      entry::load_uinv | entry::load_rtit_ctl | entry::load_fred |
			      entry::load_perf_global_ctrl));
	EXPECT(!carried.has(Msr::exit_ctls2));
	EXPECT(exit.has(exit::load_efer | exit::load_pat | exit::clear_bndcfgs));
	EXPECT(entry.has(entry::load_efer | entry::load_pat | entry::load_bndcfgs));
}

SUITE(hyperv, slots_are_those_of_the_table, a_written_field_is_decoded_again,
      groups_have_their_bits, version_1_must_be_recommended_and_offered,
      features_need_the_enlightened_vmcs, what_the_page_lacks_is_not_allowed,
      what_is_left_is_consistent, what_every_pair_lacks_goes_on_both_sides);
