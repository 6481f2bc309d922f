// SPDX-License-Identifier: GPL-2.0-only
#pragma once

#include "backend/vcpu/vcpu.hpp"

/// The virtual APIC. Interrupts are injected by software: APIC virtualization (enable_apicv) is
/// off.
namespace backend {

/// @return whether APIC virtualization can live with that reason to inhibit it.
bool check_apicv_inhibit_reasons(kernel::kvm_apicv_inhibit reason);
void refresh_apicv_exec_ctrl(kernel::kvm_vcpu *kvm);

} // namespace backend
