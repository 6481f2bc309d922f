// SPDX-License-Identifier: GPL-2.0-only
#include "core/check/enterable.hpp"

#include "unit.hpp"

using vmx::u16;
using vmx::u32;
using vmx::u64;
using vmx::check::SegmentState;
using vmx::check::SegmentStates;
using vmx::field::Segment;

namespace {

constexpr u32 unusable = vmx::rights::unusable;

struct State {
	SegmentStates segments;

	SegmentState &operator[](Segment which) { return segments[static_cast<u32>(which)]; }
};

constexpr Segment code_and_data[] = {Segment::es, Segment::cs, Segment::ss,
				     Segment::ds, Segment::fs, Segment::gs};

/// Flat 32-bit segments of ring 0.
State flat()
{
	State state{};

	for (Segment which : code_and_data)
		state[which] = {0, 0xffffffff, 0xc093, 0x10};
	state[Segment::cs] = {0, 0xffffffff, 0xc09b, 0x8};
	state[Segment::ldtr] = {0, 0, unusable, 0};
	state[Segment::tr] = {0x1000, 0x67, 0x8b, 0x18};
	return state;
}

State real_mode()
{
	State state = flat();

	for (Segment which : code_and_data)
		state[which] = {0x12340, 0xffff, 0xf3, 0x1234};
	return state;
}

bool enterable(const State &state, bool ia32e = false)
{
	return vmx::check::segments_enterable(state.segments, ia32e);
}

} // namespace

TEST(flat_segments)
{
	EXPECT(enterable(flat()));
}

TEST(code_segment)
{
	auto with = [](SegmentState cs) {
		State state = flat();

		state[Segment::cs] = cs;
		return enterable(state);
	};

	EXPECT(with({0, 0xffffffff, 0xc09f, 0x8}));  // conforming
	EXPECT(!with({0, 0xffffffff, 0xc093, 0x8})); // data, as just after real mode
	EXPECT(!with({0, 0xffffffff, 0xc09a, 0x8})); // not accessed
	EXPECT(!with({0, 0xffffffff, 0xc01b, 0x8})); // not present
	EXPECT(!with({0, 0xffffffff, 0xc08b, 0x8})); // a system segment
	EXPECT(!with({0, 0xffffffff, 0xc0fb, 0x8})); // DPL 3 with a stack of ring 0
	EXPECT(!with({0, 0xffffffff, 0x409b, 0x8})); // 4 GByte in bytes
	EXPECT(!with({0, 0xfffff000, 0xc09b, 0x8})); // a fraction of a page in pages
	EXPECT(!with({0, 0xffffffff, 0xc19b, 0x8})); // a reserved bit
	EXPECT(!with({u64{1} << 32, 0xffffffff, 0xc09b, 0x8}));
	EXPECT(!with({0, 0xffffffff, unusable, 0x8}));
}

TEST(long_mode_code_is_64_bit_or_32_bit)
{
	State state = flat();

	state[Segment::cs].rights = 0xa09b;
	EXPECT(enterable(state, true));
	state[Segment::cs].rights = 0xe09b;
	EXPECT(!enterable(state, true));
	EXPECT(enterable(state, false));
}

TEST(stack_and_code_have_one_privilege)
{
	State state = flat();

	state[Segment::ss].selector = 0x13;
	EXPECT(!enterable(state));
	state[Segment::ss].rights = 0xc0f3;
	EXPECT(!enterable(state));
	state[Segment::cs] = {0, 0xffffffff, 0xc0fb, 0xb};
	EXPECT(enterable(state));
	state[Segment::ss].rights = 0xc0f1; // read-only
	EXPECT(!enterable(state));
	state[Segment::ss].rights = unusable | 3 << 5;
	EXPECT(enterable(state));
}

TEST(data_segments)
{
	for (Segment which : {Segment::ds, Segment::es, Segment::fs, Segment::gs}) {
		State state = flat();

		state[which].rights = 0xc092; // not accessed
		EXPECT(!enterable(state));
		state[which].rights = 0xc099; // code that cannot be read
		EXPECT(!enterable(state));
		state[which].rights = 0xc09b;
		EXPECT(enterable(state));
		state[which].selector = 0x13; // RPL above DPL, as real mode may leave it
		EXPECT(!enterable(state));
		state[which].rights = 0xc09f; // conforming code does not mind
		EXPECT(enterable(state));
		state[which] = {~u64{0}, 1, unusable, 0xffff};
		EXPECT(enterable(state));
	}
}

TEST(only_fs_and_gs_have_high_bases)
{
	for (Segment which : code_and_data) {
		State state = flat();

		state[which].base = u64{0xffff8000} << 32;
		EXPECT_EQ(enterable(state), which == Segment::fs || which == Segment::gs);
	}
}

TEST(task_register)
{
	State state = flat();

	state[Segment::tr].rights = 0x83; // 16 bits
	EXPECT(enterable(state, false));
	EXPECT(!enterable(state, true));
	state[Segment::tr].rights = 0x89; // available
	EXPECT(!enterable(state));
	state[Segment::tr].rights = unusable;
	EXPECT(!enterable(state));
	state = flat();
	state[Segment::tr].selector = 0x1c; // in the LDT
	EXPECT(!enterable(state));
}

TEST(ldtr)
{
	State state = flat();

	state[Segment::ldtr] = {0, 0xffff, 0x82, 0x20};
	EXPECT(enterable(state));
	state[Segment::ldtr].selector = 0x24;
	EXPECT(!enterable(state));
	state[Segment::ldtr] = {0, 0xffff, 0x83, 0x20};
	EXPECT(!enterable(state));
}

TEST(real_mode_runs_as_a_task)
{
	EXPECT(vmx::check::runs_as_virtual_8086(real_mode().segments));
	for (Segment which : code_and_data) {
		State big = real_mode(), moved = real_mode(), other = real_mode();

		big[which].limit = 0xffffffff;
		EXPECT(!vmx::check::runs_as_virtual_8086(big.segments));
		moved[which].base += 1;
		EXPECT(!vmx::check::runs_as_virtual_8086(moved.segments));
		other[which].rights = 0x93;
		EXPECT(vmx::check::runs_as_virtual_8086(other.segments));
		EXPECT(!vmx::check::virtual_8086_enterable(other.segments));
	}
	EXPECT(vmx::check::virtual_8086_enterable(real_mode().segments));
}

SUITE(check_enterable, flat_segments, code_segment, long_mode_code_is_64_bit_or_32_bit,
      stack_and_code_have_one_privilege, data_segments, only_fs_and_gs_have_high_bases,
      task_register, ldtr, real_mode_runs_as_a_task);
