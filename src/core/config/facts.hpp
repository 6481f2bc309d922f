// SPDX-License-Identifier: GPL-2.0-only
#pragma once

#include "core/config/table.hpp"
#include "core/config/text.hpp"

namespace vmx::config {

/// The capabilities, word by word, as the tables speak of them. A word that cannot be known from
/// the MSRs at hand is neither there nor not there.
struct Facts {
	u64 have[words]{};	     ///< allowed-1 settings of a control word, value of any other
	u64 forced[control_words]{}; ///< allowed-0 settings
	u32 known{};

	explicit Facts(const VmxCapabilities &caps);

	[[nodiscard]] bool knows(Word word) const { return known >> index(word) & 1; }

	/// At least one of the bits is there.
	[[nodiscard]] bool has(Bit bit) const { return have[index(bit.word)] & bit.mask; }

	void drop(Bit bit) { have[index(bit.word)] &= ~bit.mask; }

private:
	void learn(Word word, bool is_known, u64 value)
	{
		have[index(word)] = value;
		known |= u32{is_known} << index(word);
	}

	template <class Mask> void learn(Word word, bool is_known, Allowed<Mask> allowed)
	{
		learn(word, is_known, u64{allowed.allowed1.bits});
		forced[index(word)] = allowed.allowed0.bits;
	}
};

/// A bit with its word's prefix: "vm-entry IA32_EFER load".
Text &operator<<(Text &text, Bit bit);

/// Names every bit of a control word that `mask` holds, separated by commas; "bit n" if it has no
/// name.
void append_names(Text &text, Word word, u64 mask);

} // namespace vmx::config
