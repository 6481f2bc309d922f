// SPDX-License-Identifier: GPL-2.0-only
//
// L2 in other modes than the 64-bit one that it begins in.
#pragma once

#include "nested_ept.hpp"

namespace kvm {

// Where the page tables are.
constexpr std::uint32_t pae_tables = 0x5b000, legacy_tables = 0x5a000;

void write_segment(L1 &l1, vmx::field::Segment which, std::uint16_t selector, std::uint64_t base,
		   std::uint32_t limit, std::uint32_t rights);

// L2 in protected mode with 32-bit segments, and PAE paging that maps the first 4 GiB.
void leave_long_mode(L1 &l1);
// Then instead of that: pages of 4 MiB; no paging; real mode with its code segment at L2's code.
// The latter two need unrestricted guest, and skip.
void use_legacy_paging(L1 &l1);
void use_no_paging(L1 &l1, const Ept &ept);
void enter_real_mode(L1 &l1, const Ept &ept);

// L2 reads and writes MSRs by itself.
void free_msrs(L1 &l1);

} // namespace kvm
