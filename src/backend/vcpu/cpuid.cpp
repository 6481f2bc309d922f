// SPDX-License-Identifier: GPL-2.0-only
#include "backend/vcpu/cpuid.hpp"

#include "backend/setup.hpp"
#include "backend/vcpu/control_registers.hpp"
#include "backend/vcpu/events.hpp"
#include "backend/vcpu/msrs.hpp"
#include "backend/vcpu/user_return.hpp"

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
	const auto &config = setup().config;

	kernel::kvm_set_cpu_caps();

	// CPUID advertises an instruction only if its "enable" control exists: without it the guest
	// gets #UD.
	if (!config.secondary.has(secondary::enable_rdtscp)) {
		offer(cpuid::rdtscp, false);
		offer(cpuid::rdpid, false);
	}
	if (!config.secondary.has(secondary::enable_invpcid))
		offer(cpuid::invpcid, false);
	if (!config.secondary.has(secondary::enable_xsaves))
		offer(cpuid::xsaves, false);
	// UMONITOR and friends need IA32_UMWAIT_CONTROL switched per vCPU.
	offer(cpuid::waitpkg, false);

	// Not virtualised by this module.
	constexpr CpuidFeature absent[] = {cpuid::vmx,	cpuid::mpx,	 cpuid::ds,  cpuid::dtes64,
					   cpuid::pdcm, cpuid::intel_pt, cpuid::sgx, cpuid::sgx_lc};
	for (const auto &feature : absent)
		offer(feature, false);
}

namespace {

/// An instruction that the guest's CPUID lacks is one that it must not have: #UD instead.
void enable_instruction(Vcpu &vcpu, Secondary control, bool visible)
{
	if (!setup().config.secondary.has(control))
		return;
	if (visible)
		vcpu.vmcs01.secondary.add(vcpu.current(), control);
	else
		vcpu.vmcs01.secondary.remove(vcpu.current(), control);
}

} // namespace

void vcpu_after_set_cpuid(kernel::kvm_vcpu *kvm)
{
	Vcpu &vcpu = vcpu_of(kvm);

	// XSAVES is visible to the guest's XSAVE world only if it has XSAVE at all.
	kvm->arch.xsaves_enabled = offered(cpuid::xsaves) && guest_has(vcpu, cpuid::xsave) &&
				   guest_has(vcpu, cpuid::xsaves);
	enable_instruction(vcpu, secondary::enable_xsaves, kvm->arch.xsaves_enabled);
	enable_instruction(vcpu, secondary::enable_rdtscp,
			   guest_has(vcpu, cpuid::rdtscp) || guest_has(vcpu, cpuid::rdpid));
	enable_instruction(vcpu, secondary::enable_invpcid, guest_has(vcpu, cpuid::invpcid));

	write_guest_host_masks(vcpu);
	choose_user_return_msrs(vcpu);
	update_msr_passthrough(vcpu);
	update_exception_bitmap(kvm);
}

} // namespace backend
