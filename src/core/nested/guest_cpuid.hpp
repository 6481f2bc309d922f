// SPDX-License-Identifier: GPL-2.0-only
#pragma once

#include "vmx/types.hpp"

namespace vmx::nested {

/// The words of a guest's CPUID that its VMX capabilities depend on; 0 where there is no such leaf.
struct GuestCpuid {
	u32 leaf_1_ecx = 0, leaf_1_edx = 0;
	u32 leaf_7_ebx = 0, leaf_7_ecx = 0;
	u32 leaf_d_1_eax = 0; ///< subleaf 1
	u32 leaf_80000001_edx = 0;
};

} // namespace vmx::nested
