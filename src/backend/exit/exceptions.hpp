// SPDX-License-Identifier: GPL-2.0-only
#pragma once

#include "backend/vcpu/vcpu.hpp"

namespace backend {

/// Of an exit for #AC: the host's split-lock detection has hit, which no guest would know what to
/// do with.
[[nodiscard]] bool is_split_lock(Vcpu &vcpu);

/// Of an exit for #PF: shadow paging's, or the hypervisor under this host has used the exit to say
/// that a page of the host's is not there yet (KVM_ASYNC_PF_DELIVERY_AS_PF_VMEXIT).
[[nodiscard]] bool is_page_fault_for_host(const Vcpu &vcpu);

} // namespace backend
