// SPDX-License-Identifier: GPL-2.0-only
#pragma once

#include "backend/vcpu/vcpu.hpp"

namespace backend {

/// Lets the guest read and write an MSR of the table in msr_passthrough.cpp without an exit, or
/// takes that back. Userspace's MSR filter has the last word.
void allow_msr(Vcpu &vcpu, u32 msr, bool read, bool write);

/// Where in a bitmap those of the table's MSRs are that L2 may have too: words of the half for
/// reads. All else but the x2APIC's always exits.
struct BitmapWords {
	u32 first, count;
};
inline constexpr BitmapWords passthrough_words[] = {{0, 8}, {132, 1}};

/// The bitmap of a new vCPU: everything exits.
void initialise_msr_bitmap(Vcpu &vcpu);

} // namespace backend
