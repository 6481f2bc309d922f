// SPDX-License-Identifier: GPL-2.0-only
#pragma once

#include "vmx/types.hpp"

/// Where findings go: the kernel log, a debugfs file, standard output or a test's buffer.
namespace vmx::config {

enum class Severity : u8 {
	info,	///< a choice that was made, nothing is wrong
	warn,	///< odd, known from working machines; the module loads
	reject, ///< impossible by the SDM or unusable; the module refuses unless told otherwise
};

/// One call per line, without a newline. `text` is valid during the call only.
struct Sink {
	void (*line)(void *context, Severity severity, const char *text) = nullptr;
	void *context = nullptr;

	void operator()(Severity severity, const char *text) const
	{
		if (line)
			line(context, severity, text);
	}
};

/// What computing a configuration came to.
enum class Verdict : u8 {
	ok,
	unknown,      ///< a capability MSR that the choice needs is absent
	unsupported,  ///< a control or property that this backend requires is missing
	inconsistent, ///< a reject rule is violated, and Options says to refuse
};

/// A set of rules by their position in `rules()`.
struct RuleSet {
	static constexpr unsigned capacity = 192;

	u64 words[capacity / 64]{};

	constexpr void insert(unsigned rule) { words[rule / 64] |= bit(rule % 64); }

	[[nodiscard]] constexpr bool contains(unsigned rule) const
	{
		return words[rule / 64] & bit(rule % 64);
	}

	[[nodiscard]] friend constexpr bool operator==(const RuleSet &, const RuleSet &) = default;
};

/// Filled while a configuration is computed; lines go to `sink` as they are found.
struct Report {
	Sink sink{};
	Verdict verdict = Verdict::ok;
	u32 rejects = 0; ///< violated rules of severity reject
	u32 warnings = 0;
	RuleSet violated{};

	/// The configuration may be run.
	[[nodiscard]] constexpr bool usable() const { return verdict == Verdict::ok; }
};

} // namespace vmx::config
