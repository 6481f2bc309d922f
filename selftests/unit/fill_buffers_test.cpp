// SPDX-License-Identifier: GPL-2.0-only
#include "core/decode/fill_buffers.hpp"

#include "unit.hpp"

using namespace vmx;

namespace {

constexpr u64 immune = arch_cap::mds_no | arch_cap::taa_no | arch_cap::sbdr_ssdp_no |
		       arch_cap::fbsdp_no | arch_cap::psdp_no;

} // namespace

TEST(only_with_the_switch)
{
	EXPECT(verw_may_spare_fill_buffers(arch_cap::fb_clear_ctrl, false, 0));
	EXPECT(!verw_may_spare_fill_buffers(arch_cap::fb_clear, false, 0));
	EXPECT(!verw_may_spare_fill_buffers(arch_cap::fb_clear_ctrl, true, 0));
}

TEST(guest_that_relies_on_it_gets_it)
{
	EXPECT(!verw_may_spare_fill_buffers(arch_cap::fb_clear_ctrl, false, arch_cap::fb_clear));
}

TEST(guest_that_never_asks_costs_nothing)
{
	EXPECT(!verw_may_spare_fill_buffers(arch_cap::fb_clear_ctrl, false, immune));
	EXPECT(verw_may_spare_fill_buffers(arch_cap::fb_clear_ctrl, false,
					   immune & ~arch_cap::psdp_no));
}

SUITE(fill_buffers, only_with_the_switch, guest_that_relies_on_it_gets_it,
      guest_that_never_asks_costs_nothing);
