// SPDX-License-Identifier: GPL-2.0-only
#pragma once

#include "item.hpp"

/// Reads a file of capability MSRs: a JSON array of objects, or one object, with
/// "name" (string), "msrs" (object of "0x480": "0x..." or number) and optionally "kind",
/// "missing" (array of MSRs that the CPU has but the source lacks), "cpuid_1_eax" ("0x...") and
/// "cpu" ("family 6 model 14 stepping 8").
/// @throws Unusable naming the item and the key.
std::vector<Item> read_json(const std::string &path);
