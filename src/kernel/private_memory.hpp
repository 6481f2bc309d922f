// SPDX-License-Identifier: GPL-2.0-only
//
// Guest-physical memory that belongs to the backend instead of userspace.
#pragma once

#include "kernel/bindings.hpp"

namespace kernel {

extern "C" {
#include "kernel/helpers/private_memory.h"
}

[[nodiscard]] inline int add_private_memory(kvm &vm, int slot, u64 address, const void *content,
					    unsigned size, bool may_exist)
{
	return kvmxx_add_private_memory(&vm, slot, address, content, size, may_exist);
}

} // namespace kernel
