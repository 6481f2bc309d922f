// SPDX-License-Identifier: GPL-2.0-only
#pragma once

#include "backend/vcpu/vcpu.hpp"

/// L2's hypercalls that flush its TLB, which L1 leaves to L0 (TLFS, "Direct Virtual Flush").
namespace backend::nested {

/// The VMCALL that L2 has executed is one, and L1 has delegated them.
[[nodiscard]] bool is_direct_flush(Vcpu &vcpu);

/// Acts on it, and exits to L1 behind it if L1 has its TLB locked. @return what the handler does
int handle_direct_flush(Vcpu &vcpu);

/// What L2's VPID has cached goes if L2 has asked for that on some vCPU since the last entry.
[[nodiscard]] bool must_flush_for_l2(Vcpu &vcpu);

} // namespace backend::nested
