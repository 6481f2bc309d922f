// SPDX-License-Identifier: GPL-2.0-only
#pragma once

#include "item.hpp"

/// Reads the capability MSRs of every online CPU of this machine through /dev/cpu/N/msr.
/// @throws Unusable: no VMX, no msr module, no permission.
std::vector<Item> read_this_machine();
