// SPDX-License-Identifier: GPL-2.0-only
//
// Which C++ name a kernel type goes by. A type that BTF holds several times has one; different
// types that share a name (each file of a kernel may define its own) are told apart by a suffix.
#pragma once

#include "types.hpp"

#include <map>
#include <string>
#include <unordered_map>

namespace bindgen {

// The name, or the name with an underscore where C++ has a keyword of that name.
std::string identifier(std::string_view name);

class Names {
public:
	explicit Names(const Types &types) : types_(types) {}

	// The one type that stands for all its copies: the complete one of a forward declaration
	// (or the declaration itself where nothing completes it).
	TypeId canonical(TypeId id);
	// The C++ name of a canonical named type.
	std::string of(TypeId canonical_id);

private:
	struct Group {
		std::map<std::string, TypeId> by_signature;
		std::map<TypeId, std::string> suffix;
	};

	const Types::Ids &same_name(TypeId id) const;
	Group &group(TypeId id);

	const Types &types_;
	std::unordered_map<const Types::Ids *, Group> groups_;
};

} // namespace bindgen
