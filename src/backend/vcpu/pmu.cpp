// SPDX-License-Identifier: GPL-2.0-only
#include "backend/vcpu/pmu.hpp"

namespace backend::pmu {

bool hw_event_available(kernel::kvm_pmc *)
{
	return false;
}

bool pmc_is_enabled(kernel::kvm_pmc *)
{
	return false;
}

kernel::kvm_pmc *pmc_idx_to_pmc(kernel::kvm_pmu *, int)
{
	return nullptr;
}

kernel::kvm_pmc *rdpmc_ecx_to_pmc(kernel::kvm_vcpu *, u32, u64 *)
{
	return nullptr;
}

kernel::kvm_pmc *msr_idx_to_pmc(kernel::kvm_vcpu *, u32)
{
	return nullptr;
}

bool is_valid_rdpmc_ecx(kernel::kvm_vcpu *, u32)
{
	return false;
}

bool is_valid_msr(kernel::kvm_vcpu *, u32)
{
	return false;
}

int get_msr(kernel::kvm_vcpu *, kernel::msr_data *)
{
	return 1;
}

int set_msr(kernel::kvm_vcpu *, kernel::msr_data *)
{
	return 1;
}

void refresh(kernel::kvm_vcpu *kvm)
{
	auto &pmu = kvm->arch.pmu;

	pmu.nr_arch_gp_counters = 0;
	pmu.nr_arch_fixed_counters = 0;
	pmu.version = 0;
}

void init(kernel::kvm_vcpu *)
{
	// No counters to set up.
}

void reset(kernel::kvm_vcpu *)
{
	// No counters to stop.
}

} // namespace backend::pmu
