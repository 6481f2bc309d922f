// SPDX-License-Identifier: GPL-2.0-only
#pragma once

#include "backend/vcpu/vcpu.hpp"

/// Instructions that a VMX control switches, because the guest's CPUID cannot: what it does not
/// show must be #UD, and where the CPU lacks UMIP the guest may have it all the same.
namespace backend {

/// What the guest's CPUID makes of the controls that follow it.
[[nodiscard]] Secondary instruction_controls(Vcpu &vcpu);

/// After CPUID changed.
void update_instruction_controls(Vcpu &vcpu);

/// At load: CPUID bits that stand and fall with a control.
void offer_instructions();

/// Whether CR4.UMIP is emulated: the CPU does not know it, but can exit for SGDT and its kin.
[[nodiscard]] bool umip_is_emulated();

/// The guest's CR4 changes: what of it the CPU is to have.
[[nodiscard]] u64 emulate_umip(Vcpu &vcpu, u64 cr4);

} // namespace backend
