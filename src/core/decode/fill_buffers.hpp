// SPDX-License-Identifier: GPL-2.0-only
#pragma once

#include "vmx/types.hpp"

/// VERW and the fill buffers (the kernel's
/// Documentation/admin-guide/hw-vuln/processor_mmio_stale_data.rst).
namespace vmx {

namespace arch_cap {
inline constexpr u64 mds_no = bit(5), taa_no = bit(8), sbdr_ssdp_no = bit(13), fbsdp_no = bit(14),
		     psdp_no = bit(15), fb_clear = bit(17), fb_clear_ctrl = bit(18);
}

/// Whether VERW in a guest may do without: the CPU has the switch; the host's own VERW, the last
/// thing before VM entry and so behind the switch, need not do the whole of its work; the guest has
/// not been told that VERW clears fill buffers, and would execute it at all, because something is
/// wrong with its CPU.
constexpr bool verw_may_spare_fill_buffers(u64 host, bool host_needs_verw, u64 guest)
{
	constexpr u64 nothing_wrong = arch_cap::mds_no | arch_cap::taa_no | arch_cap::sbdr_ssdp_no |
				      arch_cap::fbsdp_no | arch_cap::psdp_no;

	return host & arch_cap::fb_clear_ctrl && !host_needs_verw &&
	       !(guest & arch_cap::fb_clear) && (guest & nothing_wrong) != nothing_wrong;
}

} // namespace vmx
