// SPDX-License-Identifier: GPL-2.0-only
#pragma once

#include "backend/vcpu/vcpu.hpp"
#include "vmx/hyperv_features.hpp"

/// The VMX capability MSRs of a guest, which is L1 if its CPUID has VMX.
namespace backend::nested {

/// The layout that guests are told of. @return 0, or -EINVAL for a parameter that names none.
[[nodiscard]] int choose_revision();

/// At load, once CPUID is decided.
void choose_offer();

/// The most that a guest can be shown. Constant after load.
[[nodiscard]] const vmx::nested::Capabilities &offered_capabilities();

[[nodiscard]] bool offers_vmx(Vcpu &vcpu);

/// What of Hyper-V's nested features L1's CPUID has.
[[nodiscard]] vmx::hyperv::Offer hyperv_offer(Vcpu &vcpu);

/// L1's CPUID says that an enlightened VMCS carries IA32_PERF_GLOBAL_CTRL.
[[nodiscard]] bool evmcs_has_perf_global_ctrl(Vcpu &vcpu);

/// @return 0, or 1: #GP.
[[nodiscard]] int get_capability(Vcpu &vcpu, kernel::msr_data &msr);
[[nodiscard]] int set_capability(Vcpu &vcpu, const kernel::msr_data &msr);

/// What this host can offer, for KVM_GET_MSRS on /dev/kvm. @return 0, or 1: there is no such MSR.
[[nodiscard]] int get_offered(kernel::kvm_msr_entry &entry);

/// The guest's CPUID is a new one.
void follow_cpuid(Vcpu &vcpu);

} // namespace backend::nested
