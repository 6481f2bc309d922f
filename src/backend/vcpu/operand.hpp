// SPDX-License-Identifier: GPL-2.0-only
#pragma once

#include "backend/vcpu/vcpu.hpp"
#include "core/decode/memory_operand.hpp"

namespace backend {

enum class Access : u8 { read, write };

/// Where the memory operand of the instruction that exited lies, as a linear address of the guest.
/// @return false if the guest has got an exception for it instead.
[[nodiscard]] bool linear_address(Vcpu &vcpu, const decode::MemoryOperand &operand, u32 size,
				  Access access, u64 &address);

/// The same for one at an offset within a segment.
[[nodiscard]] bool linear_address(Vcpu &vcpu, f::Segment segment, u64 offset, u32 size,
				  Access access, u64 &address);

} // namespace backend
