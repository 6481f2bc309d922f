// SPDX-License-Identifier: GPL-2.0-only
#include "backend/nested/vp_assist.hpp"

namespace backend::nested {

VpAssist read_vp_assist(Vcpu &vcpu)
{
	// An enlightened VMCS is one page; the bits below are no part of where it is.
	constexpr u64 offset_bits = 0xfff;
	kernel::hv_vp_assist_page page;

	if (!vcpu.nested.evmcs.enabled || !kernel::kvm_hv_get_assist_page(&vcpu.kvm, &page))
		return {};
	return {.enlightened = page.enlighten_vmentry != 0,
		.evmcs = page.current_nested_vmcs & ~offset_bits,
		.direct_hypercall = page.nested_control.features.directhypercall != 0};
}

} // namespace backend::nested
