// SPDX-License-Identifier: GPL-2.0-only
#pragma once

#include "backend/vcpu/vcpu.hpp"

/// IPI virtualization: the CPU posts a guest's IPIs itself, through a table of the descriptors of
/// all vCPUs of the machine (SDM, "IPI Virtualization").
namespace backend {

/// The table, before a machine's first vCPU. May sleep. @return 0 or -ENOMEM.
int vcpu_precreate(kernel::kvm *kvm);
void vm_destroy(kernel::kvm *kvm);

/// The vCPU's descriptor into the table; out of it, when the vCPU could not be created.
void enter_pid_table(Vcpu &vcpu);
void leave_pid_table(Vcpu &vcpu);

/// Into a VMCS that has just been cleared.
void initialise_ipi_virtualization(Vcpu &vcpu);

} // namespace backend
