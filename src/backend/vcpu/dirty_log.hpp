// SPDX-License-Identifier: GPL-2.0-only
#pragma once

#include "backend/vcpu/vcpu.hpp"

/// Page-modification logging: the CPU itself notes which pages the guest makes dirty (SDM,
/// "Page-Modification Logging").
namespace backend {

/// What fits into the log, a page of addresses.
inline constexpr u16 dirty_log_entries = 512;

/// A vCPU's log. Nothing is allocated where the CPU has none, or the parameter turns it off.
/// @return 0 or -ENOMEM.
[[nodiscard]] int create_dirty_log(Vcpu &vcpu);
void free_dirty_log(Vcpu &vcpu);

/// Empty, and off: kvm.ko is asked for what the VM wants before the first entry.
void initialise_dirty_log(Vcpu &vcpu);

/// kvm.ko's hook: a slot with logging came or went.
void update_cpu_dirty_logging(kernel::kvm_vcpu *kvm);

/// Tells kvm.ko of the pages in the log and empties it. With interrupts on and the slots held.
void empty_dirty_log(Vcpu &vcpu);

/// After an exit: nothing but a look at a cached word while logging is off.
inline void flush_dirty_log(Vcpu &vcpu)
{
	if (vcpu.vmcs().secondary.get().has(secondary::enable_pml)) [[unlikely]]
		empty_dirty_log(vcpu);
}

} // namespace backend
