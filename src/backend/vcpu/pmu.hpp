// SPDX-License-Identifier: GPL-2.0-only
#pragma once

#include "kernel/bindings.hpp"
#include "vmx/types.hpp"

/// The guest's performance counters, architectural version 2: kvm.ko has an event of perf behind
/// each, this says what CPUID, MSRs and RDPMC mean. Where the host has no counters, kvm_pmu_cap
/// says zero, and no MSR or index is one of theirs.
namespace backend::pmu {

using vmx::u32;
using vmx::u64;

bool hw_event_available(kernel::kvm_pmc *pmc);
bool pmc_is_enabled(kernel::kvm_pmc *pmc);
kernel::kvm_pmc *pmc_idx_to_pmc(kernel::kvm_pmu *pmu, int index);
kernel::kvm_pmc *rdpmc_ecx_to_pmc(kernel::kvm_vcpu *kvm, u32 index, u64 *mask);
kernel::kvm_pmc *msr_idx_to_pmc(kernel::kvm_vcpu *kvm, u32 msr);
bool is_valid_rdpmc_ecx(kernel::kvm_vcpu *kvm, u32 index);
bool is_valid_msr(kernel::kvm_vcpu *kvm, u32 msr);

/// @return 0, or 1: #GP.
int get_msr(kernel::kvm_vcpu *kvm, kernel::msr_data *msr);
int set_msr(kernel::kvm_vcpu *kvm, kernel::msr_data *msr);

void refresh(kernel::kvm_vcpu *kvm);
void init(kernel::kvm_vcpu *kvm);
void reset(kernel::kvm_vcpu *kvm);

/// IA32_PERF_CAPABILITIES that a guest may have. Counters can be written in their full width; PEBS
/// and branch records are not virtualised.
u64 supported_capabilities();

} // namespace backend::pmu
