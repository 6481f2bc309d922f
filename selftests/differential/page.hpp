// SPDX-License-Identifier: GPL-2.0-only
// A VMCS on its way through an enlightened one. L1's side of the page is written by the offsets and
// groups of selftests/golden, L0's by src/core/vmcs12.
#pragma once

#include <string>
#include <vector>

#include "core/check/source.hpp"
#include "core/check/state.hpp"
#include "core/vmcs12/evmcs.hpp"

namespace differential {

using namespace vmx;

class Page {
public:
	/// A page that L0 has taken as a whole: what the next one finds there.
	Page(const VmcsSource &fields, u64 (*random)());

	/// L2 has run: L0 puts its state, and what ended it, into the page.
	void exit(const VmcsSource &after);
	/// L1 writes another VMCS over it and calls groups clean, wrongly where they have changed.
	/// L0 takes it.
	void enter(const VmcsSource &fields, u32 clean);

	/// Calls `each(encoding, value)` for each field of L1's: the value that has to count.
	template <class Each> void each_field(Each each) const
	{
		for (const Field &field : fields_)
			if (field.is_of_l1)
				each(field.encoding, field.value);
	}

	/// As L0 has it now.
	[[nodiscard]] check::State state() const;

	/// What has come out otherwise than it was to, a line each. None if all is right.
	[[nodiscard]] const std::vector<std::string> &lost() const { return lost_; }

private:
	struct Field {
		u32 encoding;
		u64 value; ///< that L0 has to have
		bool is_of_l1;
	};

	void take(const VmcsSource &fields, u32 clean);
	void expect_taken();

	u64 (*random_)();
	u8 page_[vmcs12::evmcs::page_size];
	u8 image_[vmcs12::evmcs::page_size]; ///< what L0 has fetched of it
	Vmcs12 vmcs12_{};
	std::vector<Field> fields_; ///< in the order of selftests/golden
	std::vector<std::string> lost_;
};

} // namespace differential
