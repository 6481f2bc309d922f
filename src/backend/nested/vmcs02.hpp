// SPDX-License-Identifier: GPL-2.0-only
#pragma once

#include "backend/vcpu/vcpu.hpp"

/// vmcs02, on which the CPU runs L2: L1's wishes from the vmcs12, and what L0 needs on top. It
/// keeps L2's state from one run to the next, so that only what changed is written.
namespace backend::nested {

/// The guest runs on `vmcs` from here on: vmcs01 or vmcs02. Registers that kvm.ko has not asked for
/// are those of the new one.
void switch_to(Vcpu &vcpu, hw::Vmcs &vmcs);

/// All of vmcs02 but for registers that kvm.ko's caches hold. It is the one in use.
void write_vmcs02(Vcpu &vcpu);

/// MOV DR exits, or does not, by what kvm.ko believes, which may have changed on the other VMCS.
void update_mov_dr_exiting(Vcpu &vcpu);

} // namespace backend::nested
