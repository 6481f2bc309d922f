// SPDX-License-Identifier: GPL-2.0-only
#include "core/decode/memory_operand.hpp"

#include "unit.hpp"

using namespace vmx;
using decode::MemoryOperand;
using decode::within_limit;

TEST(all_parts)
{
	// invpcid 8(%rbx,%r9,4), %rcx through FS
	constexpr auto operand =
		MemoryOperand::decode(2 | 2 << 7 | 4 << 15 | 9 << 18 | 3 << 23 | 1 << 28);

	EXPECT_EQ(unsigned{operand.scale}, 2u);
	EXPECT_EQ(unsigned{operand.address_size}, 8u);
	EXPECT_EQ(unsigned{operand.segment}, 4u);
	EXPECT(operand.has_index && operand.has_base);
	EXPECT_EQ(unsigned{operand.index}, 9u);
	EXPECT_EQ(unsigned{operand.base}, 3u);
	EXPECT_EQ(unsigned{operand.register_operand}, 1u);
	EXPECT_EQ(operand.offset(8, 0x1000, 0x10), u64{0x1048});
}

TEST(without_index_and_base)
{
	constexpr auto operand = MemoryOperand::decode(3 | 2 << 7 | 1u << 22 | 1u << 27);

	EXPECT_EQ(operand.offset(~u64{15}, 0x1000, 0x10), ~u64{15});
}

TEST(address_size_cuts)
{
	constexpr auto word = MemoryOperand::decode(0 << 7 | 1u << 22);
	constexpr auto dword = MemoryOperand::decode(1 << 7 | 1u << 22);

	EXPECT_EQ(unsigned{word.address_size}, 2u);
	EXPECT_EQ(word.offset(0x20, 0xfff0, 0), u64{0x10});
	EXPECT_EQ(dword.offset(0x20, 0xfffffff0, 0), u64{0x10});
	EXPECT_EQ(dword.offset(~u64{0}, 0x10, 0), u64{0xf});
}

TEST(no_address_size)
{
	const MemoryOperand operand = MemoryOperand::decode(3 << 7);

	EXPECT_EQ(unsigned{operand.address_size}, 8u);
	EXPECT_EQ(operand.offset(0x123456789abcdef0, 0, 0), 0x123456789abcdef0u);
}

TEST(limits)
{
	EXPECT(within_limit(0xff0, 16, 0xfff, false, true));
	EXPECT(!within_limit(0xff1, 16, 0xfff, false, true));
	EXPECT(!within_limit(0xfff, 16, 0xfff, true, true));
	EXPECT(within_limit(0x1000, 16, 0xfff, true, true));
	EXPECT(within_limit(0xfff0, 16, 0xfff, true, false));
	EXPECT(!within_limit(0xfff1, 16, 0xfff, true, false));
	EXPECT(!within_limit(0xfffffff1, 16, 0xffffffff, false, true));
}

SUITE(memory_operand, all_parts, without_index_and_base, address_size_cuts, no_address_size,
      limits);
