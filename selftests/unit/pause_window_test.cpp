// SPDX-License-Identifier: GPL-2.0-only
#include "core/timing/pause_window.hpp"

#include "unit.hpp"

using namespace vmx;

namespace {

constexpr u32 unlimited = ~u32{0};

} // namespace

TEST(defaults)
{
	constexpr PauseWindow window{.base = 4096, .grow = 2, .shrink = 0, .max = unlimited};

	EXPECT_EQ(window.grown(4096), 8192u);
	EXPECT_EQ(window.grown(8192), 16384u);
	EXPECT_EQ(window.grown(0x80000000), unlimited);
	EXPECT_EQ(window.shrunk(16384), 4096u);
}

TEST(factors_and_differences)
{
	constexpr PauseWindow window{.base = 4096, .grow = 4096, .shrink = 4, .max = 10000};

	EXPECT_EQ(window.grown(4096), 8192u);
	EXPECT_EQ(window.grown(8192), 10000u);
	EXPECT_EQ(window.shrunk(10000), 4096u);
	EXPECT_EQ(window.shrunk(40000), 10000u);

	constexpr PauseWindow steps{.base = 100, .grow = 0, .shrink = 300, .max = unlimited};

	EXPECT_EQ(steps.grown(5000), 100u);
	EXPECT_EQ(steps.shrunk(5000), 4700u);
	EXPECT_EQ(steps.shrunk(300), 100u);
	EXPECT_EQ(steps.shrunk(200), 100u);
}

TEST(no_window)
{
	constexpr PauseWindow window{.base = 0, .grow = 2, .shrink = 2, .max = 5};

	EXPECT_EQ(window.grown(0), 2u);
	EXPECT_EQ(window.grown(unlimited), 5u);
	EXPECT_EQ(window.shrunk(0), 0u);
}

SUITE(pause_window, defaults, factors_and_differences, no_window);
