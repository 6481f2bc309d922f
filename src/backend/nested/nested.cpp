// SPDX-License-Identifier: GPL-2.0-only
#include "backend/nested/nested.hpp"

namespace backend {

void leave_nested(kernel::kvm_vcpu *)
{
	// There is nothing to leave.
}

} // namespace backend
