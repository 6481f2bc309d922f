// SPDX-License-Identifier: GPL-2.0-only
#pragma once

#include "backend/vcpu/vcpu.hpp"

/// What a VMCS tells Hyper-V besides its fields. All of it does nothing where VMCSs are not
/// enlightened.
namespace backend::hyperv {

/// For a VMCS that has just been made: Hyper-V need not look for changes of the MSR bitmap, since
/// it is told of them. Of vmcs01 only: L2's bitmap is merged anew at every entry.
void initialise_enlightenments(Vcpu &vcpu);

/// The MSR bitmap of vmcs01 has changed.
void msr_bitmap_changed(Vcpu &vcpu);

/// KVM_CAP_HYPERV_DIRECT_TLBFLUSH: the guest's TLB-flush hypercalls are Hyper-V's to handle.
/// @return 0 or -ENOMEM.
int enable_direct_flush(kernel::kvm_vcpu *kvm);

/// The guest runs on that root from now on: flushes by hypercall speak of it.
void track_root(Vcpu &vcpu, u64 root, int level);

/// What of the table of operations depends on Hyper-V.
void choose_operations(kernel::kvm_x86_ops &ops);

} // namespace backend::hyperv
