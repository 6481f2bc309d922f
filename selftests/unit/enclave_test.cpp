// SPDX-License-Identifier: GPL-2.0-only
#include "core/sgx/enclave.hpp"

#include "unit.hpp"

using namespace vmx;
using sgx::Limits;
using sgx::Secs;

namespace {

/// As on a client of 2018: EXINFO, 2 GiB and 64 GiB, DEBUG MODE64BIT PROVISIONKEY EINITTOKENKEY,
/// x87 SSE AVX.
constexpr Limits limits = Limits::decode({.eax = 1, .ebx = 1, .ecx = 0, .edx = 0x241f},
					 {.eax = 0x36, .ebx = 0, .ecx = 0x7, .edx = 0});

constexpr Secs good{.size = u64{1} << 36,
		    .miscselect = 1,
		    .attributes = sgx::attribute::mode_64bit,
		    .xfrm = 3};

template <typename Change> bool allowed(Change change, bool provisioning = false)
{
	Secs secs = good;

	change(secs);
	return limits.allow(secs, provisioning);
}

} // namespace

TEST(nothing_without_enclaves)
{
	EXPECT_EQ(sgx::exiting_leaves({.usable = false, .sgx2 = true}, false), ~u64{0});
}

TEST(leaves_of_sgx1)
{
	EXPECT_EQ(sgx::exiting_leaves({.usable = true}, true), ~u64{0x1ffa});
	EXPECT_EQ(sgx::exiting_leaves({.usable = true}, false), ~u64{0x1ffe});
}

TEST(leaves_of_sgx2)
{
	EXPECT_EQ(sgx::exiting_leaves({.usable = true, .sgx2 = true}, true), ~u64{0xfffa});
}

TEST(limits_decoded)
{
	EXPECT_EQ(limits.miscselect, 1u);
	EXPECT_EQ(unsigned{limits.size}, 31u);
	EXPECT_EQ(unsigned{limits.size_64bit}, 36u);
	EXPECT_EQ(limits.attributes, u64{0x36});
	constexpr Limits high = Limits::decode({}, {.ebx = 1, .edx = 2});
	EXPECT_EQ(high.attributes, u64{1} << 32);
	EXPECT_EQ(high.xfrm, u64{2} << 32);
}

TEST(within_the_limits)
{
	EXPECT(allowed([](Secs &) {}));
	EXPECT(allowed([](Secs &secs) { secs.xfrm = 7; }));
}

TEST(miscselect)
{
	EXPECT(!allowed([](Secs &secs) { secs.miscselect = 2; }));
}

TEST(attributes)
{
	EXPECT(!allowed([](Secs &secs) { secs.attributes |= bit(7); }));
	EXPECT(!allowed([](Secs &secs) { secs.attributes |= bit(63); }));
}

TEST(provision_key)
{
	auto ask = [](Secs &secs) { secs.attributes |= sgx::attribute::provision_key; };

	EXPECT(!allowed(ask));
	EXPECT(allowed(ask, true));
	// Nobody gets what CPUID does not have.
	Secs secs = good;
	ask(secs);
	EXPECT(!Limits::decode({.ebx = 1, .edx = 0x241f}, {.eax = 6, .ecx = 3}).allow(secs, true));
}

TEST(xfrm)
{
	EXPECT(!allowed([](Secs &secs) { secs.xfrm = 0xe7; }));
	EXPECT(!allowed([](Secs &secs) { secs.xfrm |= bit(63); }));
}

TEST(size)
{
	EXPECT(!allowed([](Secs &secs) { secs.size += 1; }));
	auto out_of_64bit = [](Secs &secs) { secs.attributes = 0; };
	EXPECT(!allowed(out_of_64bit));
	EXPECT(allowed([&](Secs &secs) {
		out_of_64bit(secs);
		secs.size = u64{1} << 31;
	}));
	// A guest's CPUID is userspace's: any byte may stand there.
	Secs largest{.size = ~u64{0}, .attributes = sgx::attribute::mode_64bit};
	EXPECT(Limits::decode({.edx = 0xff00}, {.eax = 4}).allow(largest, false));
	EXPECT(!Limits::decode({.edx = 0x3f00}, {.eax = 4}).allow(largest, false));
}

SUITE(enclave, nothing_without_enclaves, leaves_of_sgx1, leaves_of_sgx2, limits_decoded,
      within_the_limits, miscselect, attributes, provision_key, xfrm, size);
