// SPDX-License-Identifier: GPL-2.0-only
#pragma once

#include "backend/vcpu/vcpu.hpp"

namespace backend {

/// Handles the last exit. @return as kvm_x86_ops.handle_exit: 1 to run on, 0 to userspace, or
/// -errno.
int handle_exit(kernel::kvm_vcpu *kvm, kernel::exit_fastpath_completion fastpath);

/// For tracepoints and error paths.
void get_exit_info(kernel::kvm_vcpu *kvm, u32 *reason, u64 *info1, u64 *info2, u32 *interruption,
		   u32 *error_code);

} // namespace backend
