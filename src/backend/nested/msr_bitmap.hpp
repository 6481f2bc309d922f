// SPDX-License-Identifier: GPL-2.0-only
#pragma once

#include "backend/vcpu/vcpu.hpp"

/// MSRs of L2: no exit only where neither L0 nor L1 wants one.
namespace backend::nested {

/// A bit of a bitmap in L1's memory, as it is now. Memory that is not there intercepts.
[[nodiscard]] bool bit_in_guest(Vcpu &vcpu, u64 bitmap, u32 number);

/// L2's bitmap, from L1's as it is now and L0's.
void merge_msr_bitmap(Vcpu &vcpu);

/// Whether L1 wants the exit of RDMSR or WRMSR (SDM, "Instructions That Cause VM Exits
/// Conditionally"). MSRs that no bitmap covers always exit.
[[nodiscard]] bool l1_intercepts_msr(Vcpu &vcpu, u32 msr, hw::MsrBitmap::Access access);

} // namespace backend::nested
