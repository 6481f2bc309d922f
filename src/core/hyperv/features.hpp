// SPDX-License-Identifier: GPL-2.0-only
#pragma once

#include "vmx/hyperv_features.hpp"

/// What this module uses of Hyper-V below it.
namespace vmx::hyperv {

struct Features {
	bool enlightened_vmcs = false; ///< all below is false without
	bool perf_global_ctrl = false; ///< the enlightened VMCS carries IA32_PERF_GLOBAL_CTRL
	bool msr_bitmap = false; ///< Hyper-V need not look for changes of MSR bitmaps by itself
	bool remote_flush =
		false; ///< one hypercall drops an EPT hierarchy from the caches of all CPUs
	bool direct_flush = false; ///< Hyper-V may handle a guest's TLB-flush hypercalls itself
};

/// Enlightened VMCSs are used where they are recommended and version 1 is among those offered: the
/// one that this module knows.
constexpr Features choose(Offer offer)
{
	constexpr u32 version = 1;

	if (!offer.recommendations.has(use_enlightened_vmcs) ||
	    lowest_evmcs_version(offer.nested) > version ||
	    highest_evmcs_version(offer.nested) < version)
		return {};
	return {.enlightened_vmcs = true,
		.perf_global_ctrl = offer.nested2.has(evmcs_perf_global_ctrl),
		.msr_bitmap = offer.nested.has(enlightened_msr_bitmap),
		.remote_flush = offer.nested.has(guest_mapping_flush),
		.direct_flush = offer.nested.has(direct_flush)};
}

} // namespace vmx::hyperv
