// SPDX-License-Identifier: GPL-2.0-only
#pragma once

#include "core/config/config.hpp"
#include "core/hyperv/features.hpp"

namespace backend {

using namespace vmx;

/// What the backend uses of what the CPU has and the parameters allow.
struct Features {
	bool ept, ept_ad, pml, unrestricted_guest, vpid, tpr_shadow, msr_bitmap, virtual_nmi,
		tsc_scaling, preemption_timer;
	bool flexpriority;	    ///< TPR shadow and "virtualize APIC accesses"
	bool apic_page;		    ///< kvm.ko lets the guest have the APIC-access page
	bool identity_slot_is_free; ///< no guest needs an identity-mapping page table
	bool apicv;		    ///< register virtualization and virtual-interrupt delivery
	bool posted_interrupts, ipi_virtualization;
	bool sgx;		      ///< guests may have enclaves
	bool spec_ctrl;		      ///< the CPU has IA32_SPEC_CTRL
	bool host_perf;		      ///< the host may count events, which must stop in the guest
	bool msrs_at_entry;	      ///< those of host_perf, or IA32_UMWAIT_CONTROL
	bool switch_perf_global_ctrl; ///< by the controls
	u64 host_arch_capabilities;   ///< IA32_ARCH_CAPABILITIES, 0 where the CPU has none
};

/// Decided once at load, constant afterwards.
struct Setup {
	VmxCapabilities capabilities;
	vmx::VmcsConfig config;
	Features features;
	hyperv::Features hyperv; ///< below this kernel
};

extern Setup chosen_setup;

/// Inline: the path of every entry and exit asks.
inline const Setup &setup()
{
	return chosen_setup;
}

} // namespace backend

namespace hw {
using backend::setup;
}
