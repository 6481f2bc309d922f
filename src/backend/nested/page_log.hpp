// SPDX-License-Identifier: GPL-2.0-only
#pragma once

#include "backend/vcpu/vcpu.hpp"

namespace backend::nested {

/// PML for L1 (SDM, "Page-Modification Logging"): kvm.ko's walk of L1's EPT is about to set a dirty
/// flag for a guest-physical address of L2. @return 0, or 1 if the log is full, and L1 has its exit
/// first.
int write_log_dirty(kernel::kvm_vcpu *kvm, u64 l2_address);

} // namespace backend::nested
