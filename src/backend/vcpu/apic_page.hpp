// SPDX-License-Identifier: GPL-2.0-only
#pragma once

#include "backend/vcpu/vcpu.hpp"

/// The APIC-access page: a page of memory at the address of the guest's APIC. What the CPU cannot
/// do itself of an access to it exits with the place and the kind of the access, instead of as an
/// access to unknown memory.
namespace backend {

/// The memory slot for it, once for each machine. May sleep. @return 0 or -errno.
[[nodiscard]] int create_apic_page(Vm &vm);

/// The page is new, or has moved (KVM_REQ_APIC_PAGE_RELOAD).
void set_apic_access_page_addr(kernel::kvm_vcpu *kvm);

bool has_apic_page(const Vcpu &vcpu);

} // namespace backend
