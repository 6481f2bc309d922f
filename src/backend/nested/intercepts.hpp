// SPDX-License-Identifier: GPL-2.0-only
#pragma once

#include "backend/vcpu/vcpu.hpp"

/// Who an exit of L2 is for.
namespace backend::nested {

/// L0 has to deal with it first, whatever L1 wants: it is L0's own doing, or may turn out to be
/// nothing that L1 would know of.
[[nodiscard]] bool is_for_l0(Vcpu &vcpu);

/// The vmcs12 asks for it (SDM, "VM Exits").
[[nodiscard]] bool l1_wants(Vcpu &vcpu);

/// L1 wants this exception of L2's (SDM, "Exceptions and NMIs": the error code of a page fault
/// counts).
[[nodiscard]] bool l1_intercepts_exception(const Vcpu &vcpu, u8 vector, u32 error_code);

/// L2's exception bitmap, with L0's needs in `l0`; the filter for page faults goes into vmcs02,
/// which is in use.
[[nodiscard]] u32 merge_exception_bitmap(Vcpu &vcpu, u32 l0);

/// L1 wants accesses of `size` bytes to that port.
[[nodiscard]] bool l1_intercepts_io(Vcpu &vcpu, u16 port, u32 size);

} // namespace backend::nested
