// SPDX-License-Identifier: GPL-2.0-only
#pragma once

#include "backend/vcpu/vcpu.hpp"
#include "core/vmcs12/lookup.hpp"

/// The enlightened VMCS of a Hyper-V L1 (TLFS, "Enlightened VMCS"). It is taken at VM entry into
/// the same Vmcs12 as any other VMCS, each byte of the page fetched at most once, and what a VM
/// exit changes goes back.
namespace backend::nested {

/// KVM_CAP_HYPERV_ENLIGHTENED_VMCS: userspace lets the vCPU have them. @return 0 or -errno
int enable_evmcs(kernel::kvm_vcpu *kvm, u16 *versions);

/// Highest and lowest version, a byte each; 0: none. @param kvm null: of any vCPU
u16 get_evmcs_version(kernel::kvm_vcpu *kvm);

enum class Taken : u8 {
	no_evmcs,    ///< the entry is by the current VMCS
	yes,	     ///< the page is in Nested::vmcs12
	no_memory,   ///< no memory at its address, or not to write to
	bad_version, ///< its first word is neither the version nor the vCPU's revision
};

/// For VMLAUNCH and VMRESUME: the enlightened VMCS that L1's VP assist page names is in use from
/// here on, and none if it names none.
[[nodiscard]] Taken take_evmcs(Vcpu &vcpu, bool vmlaunch);

// Nothing happens in these if none is in use.

/// What a VM exit changes, to the page.
void write_back_evmcs(Vcpu &vcpu);
/// What a failed VM entry changes: exit reason and qualification.
void write_back_failure(Vcpu &vcpu);
/// What VMfailValid changes: the VM-instruction error.
void write_back_error(Vcpu &vcpu);

/// None is in use any more. The page is left as it is.
void drop_evmcs(Vcpu &vcpu);

/// The page of the one that saved state had in use. @return false if it cannot be found.
[[nodiscard]] bool find_saved_evmcs(Vcpu &vcpu);

/// A field of the page as it is now, for VMREAD. @return false if it has no such field
[[nodiscard]] bool read_evmcs(Vcpu &vcpu, vmcs12::Place place, u64 &value);

/// L1 leaves hypercalls that flush L2's TLB to L0, as far as the page has a say.
[[nodiscard]] bool delegates_flushes(const Vcpu &vcpu);

/// L1 says by the clean fields when it has changed the MSR bitmap of L2 (TLFS, "Enlightened MSR
/// Bitmap").
[[nodiscard]] bool tells_of_msr_bitmap(const Vcpu &vcpu);

} // namespace backend::nested
