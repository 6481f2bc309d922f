// SPDX-License-Identifier: GPL-2.0-only
#pragma once

#include "core/check/check.hpp"
#include "core/config/report.hpp"

/// How often each check of VM entry has refused a nested guest, of all machines since the module
/// was loaded.
namespace backend::nested {

void count_failure(const vmx::check::Failure &failure);

/// A line for each check that has: its name and the number.
void print_failures(const vmx::config::Sink &sink);

} // namespace backend::nested
