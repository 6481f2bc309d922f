// SPDX-License-Identifier: GPL-2.0-only
#pragma once

#include "backend/vcpu/vcpu.hpp"

/// Memory protection extensions for guests: IA32_BNDCFGS is switched by VM entry and exit. The
/// kernel itself has no use for them any more.
namespace backend {

/// At load: whether CPUID and XCR0 of guests have them. Takes the bits from kvm.ko's where not.
void offer_bounds();

/// IA32_BNDCFGS. @return 0, or 1: #GP.
int get_bndcfgs(Vcpu &vcpu, kernel::msr_data &msr);
int set_bndcfgs(Vcpu &vcpu, const kernel::msr_data &msr);

void reset_bounds(Vcpu &vcpu);

} // namespace backend
