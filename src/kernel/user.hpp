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

// Sizes that are known cost no check of the object that is read.
[[nodiscard]] inline int copy_page_to_user(void *to, const void *from)
{
	return kvmxx_copy_page_to_user(to, from);
}
[[nodiscard]] inline int copy_nested_state_to_user(kvm_nested_state *to,
						   const kvm_nested_state *from)
{
	return kvmxx_copy_nested_state_to_user(to, from);
}

[[nodiscard]] inline int copy_from_user(void *to, const void *from, unsigned long size)
{
	return kvmxx_copy_from_user(to, from, size);
}

/// Spans of a piece of userspace's memory.
struct UserSpans {
	void *memory;
	unsigned long length;
	const kvmxx_span *spans;
	unsigned count;
};

/// From userspace's memory to the same places of `to`. @return 0 or -EFAULT.
[[nodiscard]] inline int gather_from_user(unsigned char *to, const UserSpans &from)
{
	return kvmxx_gather_from_user(to, from.memory, from.length, from.spans, from.count);
}

[[nodiscard]] inline int scatter_to_user(const unsigned char *from, const UserSpans &to)
{
	return kvmxx_scatter_to_user(to.memory, from, to.length, to.spans, to.count);
}

/// What kvm.ko gives for guest memory that is not there, or may not be written to.
[[nodiscard]] inline bool is_error_address(unsigned long address)
{
	return kvmxx_is_error_address(address);
}

[[nodiscard]] inline int read_user_word(unsigned long from, unsigned &word)
{
	return kvmxx_read_user_word(from, &word);
}
[[nodiscard]] inline int write_user_word(unsigned long to, unsigned word)
{
	return kvmxx_write_user_word(to, word);
}

} // namespace kernel
