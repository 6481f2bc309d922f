// SPDX-License-Identifier: GPL-2.0-only
//
// The kernel log, each line under the module's name. printf formats, checked by the compiler, and
// the kernel's extensions of %p; u64 is %lu and %lx.
#pragma once

#include "kernel/bindings.hpp"

namespace kernel {

[[gnu::format(printf, 1, 2)]] void error(const char *format, ...) asm("kvmxx_error");
[[gnu::format(printf, 1, 2)]] void warn(const char *format, ...) asm("kvmxx_warn");
[[gnu::format(printf, 1, 2)]] void info(const char *format, ...) asm("kvmxx_info");

/// For what a guest can cause; a flood is cut off.
[[gnu::format(printf, 1, 2)]] void warn_ratelimited(const char *format,
						    ...) asm("kvmxx_warn_ratelimited");

/// For several lines about one thing that a guest can cause: whether there may be more of them now.
bool may_log() asm("kvmxx_may_log");

} // namespace kernel
