// SPDX-License-Identifier: GPL-2.0-only
#pragma once

#include <stdexcept>
#include <string>
#include <vector>

#include "core/config/config.hpp"

/// One CPU to judge, wherever its MSRs came from.
struct Item {
	std::string name;
	std::string kind;
	vmx::VmxCapabilities caps;
	vmx::u32 declared_missing = 0; ///< bit n: the source says that it lacks capability_msrs[n]
};

/// Input that cannot be used; what() says what was expected, what was found and what to do.
struct Unusable : std::runtime_error {
	using std::runtime_error::runtime_error;
};

/// A line that the core reported.
struct Line {
	vmx::config::Severity severity;
	std::string text;
};

struct Judged {
	vmx::VmcsConfig config{};
	vmx::config::Report report{};
	std::vector<Line> lines;
};

/// Computes an item's configuration and keeps what the core says about it.
Judged judge(const Item &item, const vmx::config::Options &options = {});

const char *name_of(vmx::config::Severity severity);
const char *name_of(vmx::config::Verdict verdict);
