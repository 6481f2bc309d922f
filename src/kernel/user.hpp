// SPDX-License-Identifier: GPL-2.0-only
//
// Memory of the current process. May sleep.
#pragma once

#include "kernel/bindings.hpp"

namespace kernel {

extern "C" {
#include "kernel/helpers/user.h"
}

/// @return 0 or -EFAULT.
[[nodiscard]] inline int copy_to_user(void *to, const void *from, unsigned long size)
{
	return kvmxx_copy_to_user(to, from, size);
}

[[nodiscard]] inline int copy_from_user(void *to, const void *from, unsigned long size)
{
	return kvmxx_copy_from_user(to, from, size);
}

} // namespace kernel
