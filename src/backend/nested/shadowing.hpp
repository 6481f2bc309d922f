// SPDX-License-Identifier: GPL-2.0-only
#pragma once

#include "backend/vcpu/vcpu.hpp"

/// VMCS shadowing for L1 (SDM, "VMCS Shadowing"): what hypervisors read and write around every exit
/// is in a shadow VMCS of vmcs01, where the CPU does it without an exit. While that is on and L1
/// runs, the shadow alone is right about those fields; at any other time the vmcs12 is.
namespace backend::nested {

/// Once per load of the module, before the first vCPU; without the parameter or the CPU's help
/// nothing. @return 0 or -ENOMEM.
int create_shadowing();
void destroy_shadowing();

/// A vCPU's shadow VMCS, from VMXON on. @return 0 or -ENOMEM.
int allocate_shadow(Vcpu &vcpu);
void free_shadow(Vcpu &vcpu);

/// The vmcs12 is current and L1 goes on: its fields into the shadow, and shadowing on. On vmcs01.
void give_to_shadow(Vcpu &vcpu);

/// What L1 has written, into the vmcs12, and into Nested::dirty. On vmcs01. Shadowing stays on:
/// before L1 runs on with another vmcs12 it is to be given or turned off.
void take_from_shadow(Vcpu &vcpu);

/// L1 has no current VMCS, or must not know of it.
void turn_shadowing_off(Vcpu &vcpu);

/// What has to be done because of a field that L1 has changed: of Dirty.
u32 dirtied_by(u64 encoding);

} // namespace backend::nested
