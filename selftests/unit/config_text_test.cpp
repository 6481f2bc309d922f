// SPDX-License-Identifier: GPL-2.0-only
#include "core/config/text.hpp"

#include "unit.hpp"

using namespace vmx::config;
using vmx::u32;
using vmx::u64;

namespace {

unsigned length_of(const char *text)
{
	unsigned n = 0;

	while (text[n])
		n++;
	return n;
}

} // namespace

TEST(numbers)
{
	Text text;

	text << u32{0} << " " << u32{4096} << " " << ~u64{0};
	EXPECT_STRING(text.c_str(), "0 4096 18446744073709551615");
	text.clear();
	text << Hex{0} << " " << Hex{0x1f, 4} << " " << Hex{0x123456789, 8} << " "
	     << Hex{~u64{0}, 16} << " " << Hex{0, 1};
	EXPECT_STRING(text.c_str(), "0x00000000 0x001f 0x123456789 0xffffffffffffffff 0x0");
}

TEST(columns)
{
	Text text;

	text << "a" << Column{4} << "b" << Column{2} << "c";
	EXPECT_STRING(text.c_str(), "a   bc");
	text.clear();
	text << Column{10 * Text::capacity};
	EXPECT_EQ(text.length(), Text::capacity - 1);
}

TEST(a_full_line_is_cut_and_says_so)
{
	Text text;

	for (unsigned n = 0; n < Text::capacity - 1; n++)
		text << "x";
	EXPECT_EQ(text.length(), Text::capacity - 1);
	EXPECT_EQ(length_of(text.c_str()), Text::capacity - 1);
	EXPECT_STRING(text.c_str() + Text::capacity - 4, "xxx");

	text << Hex{0x1234};
	EXPECT_EQ(text.length(), Text::capacity - 1);
	EXPECT_EQ(length_of(text.c_str()), Text::capacity - 1);
	EXPECT_STRING(text.c_str() + Text::capacity - 5, "x...");

	text.clear();
	EXPECT_STRING(text.c_str(), "");
	text << "again";
	EXPECT_STRING(text.c_str(), "again");
}

SUITE(config_text, numbers, columns, a_full_line_is_cut_and_says_so);
