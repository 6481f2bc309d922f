// SPDX-License-Identifier: GPL-2.0-only
//
// The kernel's part in a guest's enclaves: it owns the CPU's launch key, and the memory they are
// in.
#pragma once

#include "kernel/bindings.hpp"

namespace kernel {

extern "C" {
#include "kernel/helpers/sgx.h"
}

inline bool can_run_enclaves()
{
	return kvmxx_can_run_enclaves();
}

/// ECREATE. `page_info` and what it points to are the kernel's memory, `secs` is the process's.
/// @return 0; -EFAULT: it raised exception `vector`; -EINVAL: not the process's memory.
[[nodiscard]] inline int ecreate(void *page_info, unsigned long secs, int &vector)
{
	return kvmxx_ecreate(page_info, secs, &vector);
}

/// EINIT, all memory being the process's. @return as ecreate(), or what the leaf leaves in RAX.
[[nodiscard]] inline int einit(unsigned long signature, unsigned long token, unsigned long secs,
			       u64 (&key_hash)[4], int &vector)
{
	static_assert(sizeof(u64) == sizeof(unsigned long long));
	return kvmxx_einit(signature, token, secs, reinterpret_cast<unsigned long long *>(key_hash),
			   &vector);
}

} // namespace kernel
