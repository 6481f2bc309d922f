// SPDX-License-Identifier: GPL-2.0-only
//
// Memory: pages and pieces, all zeroed and charged to the cgroup of who asks; nullptr: none left.
#pragma once

#include "kernel/bindings.hpp"

namespace kernel {

extern "C" {
#include "kernel/helpers/page.h"
}

[[nodiscard]] inline void *allocate_zeroed_page()
{
	return kvmxx_allocate_zeroed_page();
}
inline void free_page_at(const void *page)
{
	kvmxx_free_page_at(page);
}

/// For hardware that reads more than a page.
[[nodiscard]] inline void *allocate_contiguous(unsigned long size)
{
	return kvmxx_allocate_contiguous(size);
}
inline void free_contiguous(const void *memory, unsigned long size)
{
	kvmxx_free_contiguous(memory, size);
}

[[nodiscard]] inline void *allocate(unsigned long size)
{
	return kvmxx_allocate(size);
}
inline void free(const void *memory)
{
	kvmxx_free(memory);
}

/// Of memory the kernel maps linearly: pages from here, not stacks or vmalloc memory.
inline unsigned long physical(const void *address)
{
	return kvmxx_physical(address);
}
inline void *virtual_of(unsigned long physical)
{
	return kvmxx_virtual(physical);
}

} // namespace kernel
