// SPDX-License-Identifier: GPL-2.0-only
#pragma once

#include "backend/vcpu/vcpu.hpp"

namespace backend {

/// Of an exit for #AC: the host's split-lock detection has hit, which no guest would know what to
/// do with.
[[nodiscard]] bool is_split_lock(Vcpu &vcpu);

} // namespace backend
