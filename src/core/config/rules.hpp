// SPDX-License-Identifier: GPL-2.0-only
#pragma once

#include "core/config/facts.hpp"
#include "core/config/report.hpp"

/// What must hold between the capability MSRs of a CPU.
namespace vmx::config {

enum class Kind : u8 {
	pair,  ///< both `a` and `b`, or neither
	needs, ///< `a` only with `b`
	word,  ///< a property of one MSR, judged by `check`
};

/// What a violated rule takes away: from a `warn` rule always, from a `reject` rule when the module
/// is told to load anyway.
enum class Drop : u8 { nothing, first, both };

struct Rule;

/// @return whether the rule is violated; if so `text` has been given what is wrong.
using Check = bool (*)(const VmxCapabilities &caps, const Rule &rule, Text &text);

/// A rule of Severity::info is no rule about CPUs, but how this backend combines features: where it
/// does not hold, `a` is left unused without a word.
struct Rule {
	const char *id;
	Severity severity;
	Kind kind;
	Drop drop;
	Bit a = Pin{};
	Bit b = Pin{};
	Check check = nullptr; ///< only of Kind::word
	Msr msr = Msr::basic;  ///< only of Kind::word: the MSR that must be known
	u64 parameter = 0;     ///< only of Kind::word
	const char *why;       ///< what says so
};

[[nodiscard]] Table<Rule> rules();

/// @return whether the rule is violated; if so `text` has become the line that says so. A rule that
/// needs a word which is not known is not violated.
[[nodiscard]] bool violated(const Rule &rule, const VmxCapabilities &caps, const Facts &facts,
			    Text &text);

} // namespace vmx::config
