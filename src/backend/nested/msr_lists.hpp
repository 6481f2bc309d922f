// SPDX-License-Identifier: GPL-2.0-only
#pragma once

#include "backend/vcpu/vcpu.hpp"
#include "core/check/msr_list.hpp"

/// The lists of MSRs that L1 has loaded and stored at entries and exits of L2.
namespace backend::nested {

/// @return 0, or the number of the entry, counted from 1, that could not be loaded.
[[nodiscard]] u32 load_msr_list(Vcpu &vcpu, check::MsrList list, u64 address, u32 count);

/// @return 0, or the number of the entry, counted from 1, that could not be stored.
[[nodiscard]] u32 store_msr_list(Vcpu &vcpu, u64 address, u32 count);

} // namespace backend::nested
