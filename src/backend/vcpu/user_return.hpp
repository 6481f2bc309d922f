// SPDX-License-Identifier: GPL-2.0-only
#pragma once

#include "backend/vcpu/vcpu.hpp"

/// MSRs that a guest uses directly and the host kernel does not: they keep the guest's value until
/// the CPU returns to userspace, where kvm.ko restores the host's.
namespace backend {

/// The slot of an MSR in this vCPU, or null if the MSR is not switched that way on this CPU.
UserReturnMsr *find_user_return(Vcpu &vcpu, u32 msr);

/// Takes a new value, and loads it if the guest's are loaded. @return 0, or kvm.ko's error.
int set_user_return(Vcpu &vcpu, UserReturnMsr &slot, u64 data);

/// Which of them this guest needs in its present mode.
void choose_user_return_msrs(Vcpu &vcpu);

/// IA32_TSX_CTRL of a new CPUID: without RTM in it the guest has none, and believes itself safe
/// from what TSX lets others see.
void choose_tsx_ctrl(Vcpu &vcpu);

/// At vCPU creation: host values as a start would leak them, so zero.
void initialise_user_return(Vcpu &vcpu);

} // namespace backend
