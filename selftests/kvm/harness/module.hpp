// SPDX-License-Identifier: GPL-2.0-only
#pragma once

#include "tap.hpp"

namespace kvm {

// Whether the module is this project's: for what only it has, or the distribution's gets wrong.
bool is_ours();

// Whether kvm-intel uses what that parameter of type bool is about.
bool parameter(const char *name, tap::Where where = tap::Where::current());

} // namespace kvm
