// SPDX-License-Identifier: GPL-2.0-only
#pragma once

#include "backend/vcpu/vcpu.hpp"

/// kvm.ko's page tables for L2: a shadow of L1's EPT, or where L1 has none the same as for L1.
namespace backend::nested {

/// For L2, whose CR0, CR4 and EFER are in place. @return false if the PDPTEs that its CR3 leads to
/// are bad.
[[nodiscard]] bool enter_guest_mmu(Vcpu &vcpu);

/// Those PDPTEs, which without a second level of translation are in memory, unless userspace has
/// brought them (KVM_SET_SREGS2). @return false likewise.
[[nodiscard]] bool load_pdptes(Vcpu &vcpu);

/// L2's EPT pointer is another one from here on.
void use_ept(Vcpu &vcpu);

/// For L1 again, whose CR0, CR4 and EFER are in place. @return false likewise.
[[nodiscard]] bool leave_guest_mmu(Vcpu &vcpu, u64 cr3);

/// L2's PDPTEs into the vmcs12, where the CPU has them.
void save_pdptes(Vcpu &vcpu);

/// Forgets what has been shadowed of one of L1's EPT hierarchies, or of all.
void forget_ept(Vcpu &vcpu, u64 ept_pointer);
void forget_all_ept(Vcpu &vcpu);

} // namespace backend::nested
