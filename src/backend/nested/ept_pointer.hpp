// SPDX-License-Identifier: GPL-2.0-only
#pragma once

#include "backend/vcpu/vcpu.hpp"

namespace backend::nested {

/// A value that VM entry takes for L1's EPT pointer (SDM, "Extended-Page-Table Pointer (EPTP)").
[[nodiscard]] bool is_ept_pointer(const Vcpu &vcpu, u64 value);

} // namespace backend::nested
