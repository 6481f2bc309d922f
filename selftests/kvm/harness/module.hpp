// SPDX-License-Identifier: GPL-2.0-only
#pragma once

#include "tap.hpp"

namespace kvm {

// Whether kvm-intel uses what that parameter of type bool is about.
bool parameter(const char *name, tap::Where where = tap::Where::current());

} // namespace kvm
