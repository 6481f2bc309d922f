// SPDX-License-Identifier: GPL-2.0-only
#pragma once

#include "backend/vcpu/vcpu.hpp"

/// Operands of the guest's VMX instructions.
namespace backend::nested {

/// `size` bytes of the memory operand that the exit's instruction information describes, read once.
/// @return false if that was not possible: `result` is what the handler of the exit returns then.
[[nodiscard]] bool read_memory(Vcpu &vcpu, u32 info, void *to, u32 size, int &result);
[[nodiscard]] bool write_memory(Vcpu &vcpu, u32 info, const void *from, u32 size, int &result);

/// The 64-bit pointer to a VMXON region or VMCS.
[[nodiscard]] bool read_pointer(Vcpu &vcpu, u64 &pointer, int &result);

} // namespace backend::nested
