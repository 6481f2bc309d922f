// SPDX-License-Identifier: GPL-2.0-only
//
// How g++ lays out a type, so that the header can be written to come out as BTF says.
#pragma once

#include "types.hpp"

#include <unordered_map>

namespace bindgen {

class Layout {
public:
	explicit Layout(const Types &types) : types_(types) {}

	// Bytes; as declared in the generated header, which can be less than in the kernel where
	// the kernel asked for more than the members need.
	std::uint32_t alignment(TypeId id);
	std::uint64_t size(TypeId id) const;
	// A struct or union whose members or size are not where their alignment would put them.
	bool is_packed(TypeId id);

private:
	std::uint32_t natural_alignment(TypeId id);
	bool compute_packed(TypeId id);

	const Types &types_;
	std::unordered_map<TypeId, bool> packed_;
};

} // namespace bindgen
