// SPDX-License-Identifier: GPL-2.0-only
#pragma once

#include "backend/vcpu/vcpu.hpp"

/// CR0, CR3, CR4 and EFER of the guest.
namespace backend {

bool is_valid_cr0(kernel::kvm_vcpu *kvm, unsigned long value);
void set_cr0(kernel::kvm_vcpu *kvm, unsigned long value);
/// The value alone, without what the architecture does at a change: for VM entries and exits of a
/// nested guest.
void load_cr0(Vcpu &vcpu, u64 value);

bool is_valid_cr4(kernel::kvm_vcpu *kvm, unsigned long value);
/// UMIP may be emulated; the guest's CPUID follows.
void set_cr4(kernel::kvm_vcpu *kvm, unsigned long value);

/// @return 0; kvm.ko has checked the value.
int set_efer(kernel::kvm_vcpu *kvm, u64 value);

/// Loads the root of the page tables: the EPT pointer, or CR3 of the shadow page tables.
void load_mmu_pgd(kernel::kvm_vcpu *kvm, u64 root, int level);

/// CR3 and the PDPTEs that kvm.ko has changed since the last entry, into the VMCS. Only with EPT.
void write_dirty_paging(Vcpu &vcpu);

/// With EPT and unrestricted guest MOV CR3 never exits.
bool guest_owns_cr3(Vcpu &vcpu);

u64 ept_pointer(const Vcpu &vcpu, u64 root, int level);

/// The bits of CR0 and CR4 that the guest may change without an exit, into the VMCS.
void write_guest_host_masks(Vcpu &vcpu);

} // namespace backend
