// SPDX-License-Identifier: GPL-2.0-only
#include "core/pmu/architectural.hpp"

#include "unit.hpp"

using namespace vmx;
using namespace vmx::pmu;

namespace {

// Skylake: version 4, four general counters of 48 bits, three fixed ones of 48 bits, seven events.
constexpr Counters skylake = Counters::decode(0x07300404, 0, 0x00000603);
constexpr Counters version2{.version = 2,
			    .general = 4,
			    .fixed = 3,
			    .general_width = 48,
			    .fixed_width = 48,
			    .events = 0x7f};

constexpr bool same(const Target &a, Kind kind, u32 number)
{
	return a == Target{kind, number};
}

} // namespace

TEST(leaf)
{
	EXPECT_EQ(skylake.version, 4u);
	EXPECT_EQ(skylake.general, 4u);
	EXPECT_EQ(skylake.fixed, 3u);
	EXPECT_EQ(skylake.general_width, 48u);
	EXPECT_EQ(skylake.fixed_width, 48u);
	EXPECT_EQ(skylake.events, 0x7fu);

	// Version 1 without the last two of seven events.
	constexpr auto first = Counters::decode(0x07280201, 0x60, 0x603);
	EXPECT_EQ(first.fixed, 0u);
	EXPECT_EQ(first.events, 0x1fu);
	EXPECT_EQ(Counters::decode(0, 0, 0).version, 0u);
	EXPECT_EQ(Counters::decode(0xff000001, 0, 0).events, ~u32{0});
}

TEST(no_more_than_the_cpu_has)
{
	constexpr auto greedy = Counters::decode(0x20400c05, 0, 0x0000081f);
	constexpr auto guest = greedy.within(skylake);

	EXPECT_EQ(guest.general, 4u);
	EXPECT_EQ(guest.fixed, 3u);
	EXPECT_EQ(guest.general_width, 48u);
	EXPECT_EQ(guest.fixed_width, 48u);
	EXPECT_EQ(guest.events, 0x7fu);
	EXPECT_EQ(greedy.within(greedy).general, max_general);
	EXPECT_EQ(greedy.within(greedy).fixed, max_fixed);
	EXPECT_EQ(greedy.within({}).general, 0u);
	EXPECT_EQ(greedy.within({}).version, 0u);
}

TEST(masks)
{
	EXPECT_EQ(version2.all(), u64{0x70000000f});
	EXPECT_EQ(version2.fixed_control_bits(), u64{0xbbb});
	EXPECT_EQ(version2.overflow_control_bits(), u64{0xc00000070000000f});
	EXPECT_EQ(version2.general_mask(), u64{0xffffffffffff});
	EXPECT_EQ(Counters{}.all(), u64{0});
	EXPECT_EQ(Counters{}.general_mask(), u64{0});
	Counters wide = version2;
	wide.general_width = 64;
	EXPECT_EQ(wide.general_mask(), ~u64{0});
}

TEST(msrs)
{
	EXPECT(same(target_of_msr(0xc1, version2, false), Kind::general_counter, 0));
	EXPECT(same(target_of_msr(0xc4, version2, false), Kind::general_counter, 3));
	EXPECT(same(target_of_msr(0xc5, version2, false), Kind::none, 0));
	EXPECT(same(target_of_msr(0xc0, version2, false), Kind::none, 0));
	EXPECT(same(target_of_msr(0x189, version2, false), Kind::event_select, 3));
	EXPECT(same(target_of_msr(0x18a, version2, false), Kind::none, 0));
	EXPECT(same(target_of_msr(0x30b, version2, false), Kind::fixed_counter, 2));
	EXPECT(same(target_of_msr(0x30c, version2, false), Kind::none, 0));
	EXPECT(same(target_of_msr(0x4c2, version2, true), Kind::general_counter_full_width, 1));
	EXPECT(same(target_of_msr(0x4c2, version2, false), Kind::none, 0));
	EXPECT(same(target_of_msr(0x38d, version2, false), Kind::fixed_control, 0));
	EXPECT(same(target_of_msr(0x38e, version2, false), Kind::global_status, 0));
	EXPECT(same(target_of_msr(0x38f, version2, false), Kind::global_control, 0));
	EXPECT(same(target_of_msr(0x390, version2, false), Kind::global_overflow_control, 0));

	Counters version1 = version2;
	version1.version = 1;
	EXPECT(same(target_of_msr(0x38f, version1, false), Kind::none, 0));
	for (u32 index = 0; index < 0x1000; index++)
		EXPECT(same(target_of_msr(index, {}, true), Kind::none, 0));
}

TEST(rdpmc)
{
	EXPECT(same(target_of_rdpmc(3, version2), Kind::general_counter, 3));
	EXPECT(same(target_of_rdpmc(4, version2), Kind::none, 0));
	EXPECT(same(target_of_rdpmc(0x40000002, version2), Kind::fixed_counter, 2));
	EXPECT(same(target_of_rdpmc(0x40000003, version2), Kind::none, 0));
	EXPECT(same(target_of_rdpmc(0x80000001, version2), Kind::general_counter, 1));
	EXPECT(same(target_of_rdpmc(0xffffffff, version2), Kind::none, 0));
	EXPECT(rdpmc_is_fast(0x80000001) && !rdpmc_is_fast(0x40000001));
}

TEST(events)
{
	EXPECT(event_available(0x4100c0, 0x7f));
	EXPECT(!event_available(0x4100c0, 0x7d));
	EXPECT(event_available(0x01d1, 0));
	EXPECT(!event_available(0x412e, 0xf));
}

SUITE(pmu, leaf, no_more_than_the_cpu_has, masks, msrs, rdpmc, events);
