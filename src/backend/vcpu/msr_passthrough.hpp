// SPDX-License-Identifier: GPL-2.0-only
#pragma once

#include "backend/vcpu/vcpu.hpp"

namespace backend {

/// Lets the guest read and write an MSR of the table in msr_passthrough.cpp without an exit, or
/// takes that back. Userspace's MSR filter has the last word.
void allow_msr(Vcpu &vcpu, u32 msr, bool read, bool write);

/// The bitmap of a new vCPU: everything exits.
void initialise_msr_bitmap(Vcpu &vcpu);

} // namespace backend
