// SPDX-License-Identifier: GPL-2.0-only
#include "backend/vcpu/cpuid.hpp"

#include "backend/nested/capabilities.hpp"
#include "backend/vcpu/bounds.hpp"
#include "backend/vcpu/control_registers.hpp"
#include "backend/vcpu/events.hpp"
#include "backend/vcpu/instruction_controls.hpp"
#include "backend/vcpu/msrs.hpp"
#include "backend/vcpu/sgx.hpp"
#include "backend/vcpu/user_return.hpp"
#include "kernel/parameters.hpp"

namespace backend {

bool guest_has(Vcpu &vcpu, const CpuidFeature &feature)
{
	const auto *entry =
		kernel::kvm_find_cpuid_entry_index(&vcpu.kvm, feature.function, feature.index);

	if (!entry)
		return false;
	const u32 registers[] = {entry->eax, entry->ebx, entry->ecx, entry->edx};
	return registers[static_cast<u8>(feature.reg)] >> feature.bit_number & 1;
}

bool host_has(const CpuidFeature &feature)
{
	return kernel::boot_cpu_data.x86_capability[feature.kernel_feature / 32] >>
		       (feature.kernel_feature % 32) &
	       1;
}

bool offered(const CpuidFeature &feature)
{
	return kernel::kvm_cpu_caps[feature.kernel_feature / 32] >> (feature.kernel_feature % 32) &
	       1;
}

void offer(const CpuidFeature &feature, bool yes)
{
	u32 &word = kernel::kvm_cpu_caps[feature.kernel_feature / 32];
	const u32 mask = 1U << (feature.kernel_feature % 32);

	word = yes ? word | mask : word & ~mask;
}

void set_cpu_caps()
{
	kernel::kvm_set_cpu_caps();
	offer_instructions();
	offer_bounds();
	offer_sgx();

	if (!kernel::enable_pmu)
		offer(cpuid::pdcm, false);

	// Not virtualised by this module.
	constexpr CpuidFeature absent[] = {cpuid::ds, cpuid::dtes64, cpuid::intel_pt};
	offer(cpuid::vmx, parameter_nested);
	for (const auto &feature : absent)
		offer(feature, false);
}

void vcpu_after_set_cpuid(kernel::kvm_vcpu *kvm)
{
	Vcpu &vcpu = vcpu_of(kvm);

	// XSAVES is visible to the guest's XSAVE world only if it has XSAVE at all.
	kvm->arch.xsaves_enabled = offered(cpuid::xsaves) && guest_has(vcpu, cpuid::xsave) &&
				   guest_has(vcpu, cpuid::xsaves);
	update_instruction_controls(vcpu);
	update_sgx(vcpu);

	nested::follow_cpuid(vcpu);
	write_guest_host_masks(vcpu);
	choose_tsx_ctrl(vcpu);
	choose_user_return_msrs(vcpu);
	update_msr_passthrough(vcpu);
	update_exception_bitmap(kvm);
}

} // namespace backend
