// SPDX-License-Identifier: GPL-2.0-only
#pragma once

#include "backend/vcpu/vcpu.hpp"

namespace backend {

/// Everything cached for this guest on this CPU.
void flush_tlb_all(kernel::kvm_vcpu *kvm);

/// What was cached under the current root.
void flush_tlb_current(kernel::kvm_vcpu *kvm);

/// One linear address.
void flush_tlb_gva(kernel::kvm_vcpu *kvm, unsigned long address);

/// The guest's own linear mappings, L1's and those of the L2 that runs.
void flush_tlb_guest(kernel::kvm_vcpu *kvm);

/// @return the memory type bits of an EPT leaf (SDM, "EPT and Memory Typing").
u8 get_mt_mask(kernel::kvm_vcpu *kvm, u64 gfn, bool is_mmio);

} // namespace backend
