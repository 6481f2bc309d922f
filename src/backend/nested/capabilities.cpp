// SPDX-License-Identifier: GPL-2.0-only
#include "backend/nested/capabilities.hpp"

#include "backend/nested/entry_checks.hpp"
#include "backend/setup.hpp"
#include "backend/vcpu/cpuid.hpp"
#include "core/nested/evmcs_controls.hpp"
#include "kernel/errno.hpp"
#include "kernel/parameters.hpp"
#include "kernel/print.hpp"

namespace backend::nested {

namespace {

struct NamedRevision {
	const char *name;
	vmcs12::Revision revision;
};

constexpr NamedRevision revisions[] = {
	{"legacy", vmcs12::Revision::legacy},
	{"enlightened", vmcs12::Revision::enlightened},
};

constinit vmx::nested::Capabilities offer;

constinit vmcs12::Revision chosen_revision = vmcs12::Revision::legacy;

} // namespace

int choose_revision()
{
	for (const NamedRevision &row : revisions)
		if (!__builtin_strcmp(row.name, parameter_vmcs12_revision)) {
			chosen_revision = row.revision;
			return 0;
		}
	kernel::error("parameter vmcs12_revision: expected legacy or enlightened, found %s\n",
		      parameter_vmcs12_revision);
	return -kernel::EINVAL;
}

void choose_offer()
{
	offer = vmx::nested::offered(setup().capabilities, setup().config,
				     {.revision = chosen_revision,
				      .ept_ad = setup().features.ept_ad,
				      .mpx = offered(cpuid::mpx),
				      .sgx = setup().features.sgx});
}

const vmx::nested::Capabilities &offered_capabilities()
{
	return offer;
}

bool offers_vmx(Vcpu &vcpu)
{
	return parameter_nested && guest_has(vcpu, cpuid::vmx);
}

int get_capability(Vcpu &vcpu, kernel::msr_data &msr)
{
	if (!offers_vmx(vcpu))
		return 1;
	const auto index = static_cast<Msr>(msr.index);

	msr.data = vcpu.nested.capabilities.get(index);
	// L1 asks for what it is shown, in VMCSs of either kind.
	if (!msr.host_initiated && vcpu.nested.evmcs.enabled && vcpu.kvm.arch.hyperv_enabled)
		msr.data = vmx::nested::evmcs_capability(index, msr.data,
							 evmcs_has_perf_global_ctrl(vcpu));
	return 0;
}

vmx::hyperv::Offer hyperv_offer(Vcpu &vcpu)
{
	const auto *entry =
		kernel::kvm_find_cpuid_entry_index(&vcpu.kvm, vmx::hyperv::nested_features_leaf, 0);

	if (!entry)
		return {};
	return {.recommendations = {}, .nested = {entry->eax}, .nested2 = {entry->ebx}};
}

bool evmcs_has_perf_global_ctrl(Vcpu &vcpu)
{
	return hyperv_offer(vcpu).nested2.has(vmx::hyperv::evmcs_perf_global_ctrl);
}

int set_capability(Vcpu &vcpu, const kernel::msr_data &msr)
{
	// Read-only for the guest. What L1 has been told must hold while it relies on it.
	if (!offers_vmx(vcpu) || !msr.host_initiated || vcpu.nested.vmx_on)
		return 1;
	if (!vcpu.nested.capabilities.set(static_cast<Msr>(msr.index), msr.data, offer))
		return 1;
	update_limits(vcpu);
	return 0;
}

int get_offered(kernel::kvm_msr_entry &entry)
{
	if (!parameter_nested)
		return 1;
	entry.data = offer.get(static_cast<Msr>(entry.index));
	return 0;
}

void follow_cpuid(Vcpu &vcpu)
{
	auto leaf = [&](u32 function, u32 index) {
		const auto *entry = kernel::kvm_find_cpuid_entry_index(&vcpu.kvm, function, index);

		return entry ? *entry : kernel::kvm_cpuid_entry2{};
	};
	const auto one = leaf(1, 0), seven = leaf(7, 0), xsave = leaf(0xd, 1),
		   extended = leaf(0x80000001, 0);

	vcpu.nested.capabilities.follow({.leaf_1_ecx = one.ecx,
					 .leaf_1_edx = one.edx,
					 .leaf_7_ebx = seven.ebx,
					 .leaf_7_ecx = seven.ecx,
					 .leaf_d_1_eax = xsave.eax,
					 .leaf_80000001_edx = extended.edx},
					offer);
	update_limits(vcpu);
}

} // namespace backend::nested
