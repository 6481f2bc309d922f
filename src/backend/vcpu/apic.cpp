// SPDX-License-Identifier: GPL-2.0-only
#include "backend/vcpu/apic.hpp"

namespace backend {

bool check_apicv_inhibit_reasons(kernel::kvm_apicv_inhibit)
{
	return false;
}

void refresh_apicv_exec_ctrl(kernel::kvm_vcpu *)
{
	// Never active, so it never changes.
}

} // namespace backend
