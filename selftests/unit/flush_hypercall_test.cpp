// SPDX-License-Identifier: GPL-2.0-only
#include "core/hyperv/flush_hypercall.hpp"

#include "unit.hpp"

using namespace vmx;
using hyperv::FlushHypercall;

namespace {

constexpr u64 repetitions(u64 count)
{
	return count << 32;
}

constexpr u64 first(u64 index)
{
	return index << 48;
}

} // namespace

TEST(four_are_known)
{
	unsigned known = 0;

	for (u32 code = 0; code <= 0xffff; code++) {
		const FlushHypercall call{code};
		known += call.known();
		EXPECT(!(call.of_space() && call.of_list()));
	}
	EXPECT_EQ(known, 4u);
	EXPECT(FlushHypercall{0x2}.of_space() && FlushHypercall{0x13}.of_space());
	EXPECT(FlushHypercall{0x3}.of_list() && FlushHypercall{0x14}.of_list());
	// The code is all that counts.
	EXPECT(FlushHypercall{~u64{0} << 16 | 0x2}.known());
}

TEST(a_list_is_gone_through_a_space_has_none)
{
	for (const u64 code : {u64{0x2}, u64{0x13}}) {
		EXPECT_EQ(FlushHypercall{code}.result(), 0u);
		EXPECT_EQ(FlushHypercall{code | repetitions(1)}.result(), 3u);
		EXPECT_EQ(FlushHypercall{code | first(1)}.result(), 3u);
		EXPECT(FlushHypercall{code}.valid() && !FlushHypercall{code | first(1)}.valid());
	}
	for (const u64 code : {u64{0x3}, u64{0x14}}) {
		EXPECT_EQ(FlushHypercall{code}.result(), 3u);
		EXPECT_EQ(FlushHypercall{code | repetitions(7)}.result(), repetitions(7));
		EXPECT_EQ(FlushHypercall{code | repetitions(7) | first(6)}.result(),
			  repetitions(7));
		EXPECT_EQ(FlushHypercall{code | repetitions(7) | first(7)}.result(), 3u);
		EXPECT_EQ(FlushHypercall{code | repetitions(0xfff)}.result(), repetitions(0xfff));
	}
}

SUITE(flush_hypercall, four_are_known, a_list_is_gone_through_a_space_has_none);
