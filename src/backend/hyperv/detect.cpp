// SPDX-License-Identifier: GPL-2.0-only
#include "backend/hyperv/detect.hpp"

#include "kernel/cpu.hpp"
#include "kernel/hyperv.hpp"
#include "kernel/parameters.hpp"
#include "kernel/print.hpp"

namespace backend::hyperv {

namespace {

/// The online CPU that has no assist page, by which Hyper-V is told of VMCSs; -1 if there is none.
int cpu_without_assist_page()
{
	for (int cpu = kernel::first_online_cpu(); cpu >= 0; cpu = kernel::next_online_cpu(cpu))
		if (!kernel::has_assist_page(cpu))
			return cpu;
	return -1;
}

} // namespace

vmx::hyperv::Features detect()
{
	const kernel::kvmxx_hyperv offer = kernel::read_hyperv();
	const vmx::hyperv::Features features =
		vmx::hyperv::choose({{offer.recommendations}, {offer.nested}, {offer.nested2}});

	if (!parameter_enlightened_vmcs || !features.enlightened_vmcs)
		return {};
	if (const int cpu = cpu_without_assist_page(); cpu >= 0) {
		kernel::warn("Hyper-V offers enlightened VMCSs, but CPU %d has no page to tell it "
			     "of them: they are not used\n",
			     cpu);
		return {};
	}
	kernel::info("KVM: vmx: using Hyper-V Enlightened VMCS\n");
	return features;
}

} // namespace backend::hyperv
