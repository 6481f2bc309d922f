// SPDX-License-Identifier: GPL-2.0-only
#pragma once

#include "core/config/report.hpp"
#include "unit.hpp"

namespace unit {

/// Keeps the lines that the core reports. One at a time: the storage is static, since a kernel
/// stack would not hold it.
class Lines {
public:
	Lines() { count_ = 0; }

	[[nodiscard]] vmx::config::Sink sink() { return {keep, this}; }

	[[nodiscard]] unsigned count() const { return count_; }

	/// @return the line, "" if there are not so many.
	[[nodiscard]] const char *operator[](unsigned n) const
	{
		return n < count_ ? storage_[n].text : "";
	}

	[[nodiscard]] vmx::config::Severity severity(unsigned n) const
	{
		return storage_[n].severity;
	}

	/// @return the first line that contains `part`, "" if none does.
	[[nodiscard]] const char *find(const char *part) const
	{
		for (unsigned n = 0; n < count_; n++)
			if (contains(storage_[n].text, part))
				return storage_[n].text;
		return "";
	}

	[[nodiscard]] bool has(const char *part) const { return *find(part) != '\0'; }

private:
	struct Line {
		vmx::config::Severity severity;
		char text[Text::capacity];
	};

	static void keep(void *context, vmx::config::Severity severity, const char *text)
	{
		auto &lines = *static_cast<Lines *>(context);
		if (lines.count_ == capacity)
			return;
		Line &line = storage_[lines.count_++];
		line.severity = severity;
		unsigned n = 0;
		do
			line.text[n] = text[n];
		while (text[n++]);
	}

	static constexpr unsigned capacity = 256;
	static inline constinit Line storage_[capacity]{};

	unsigned count_ = 0;
};

} // namespace unit
