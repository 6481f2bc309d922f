// SPDX-License-Identifier: GPL-2.0-only
//
// Writes kernel types as C++, each after what it needs.
#pragma once

#include "layout.hpp"
#include "names.hpp"
#include "types.hpp"

#include <set>
#include <string>
#include <unordered_set>
#include <vector>

namespace bindgen {

class Emitter {
public:
	explicit Emitter(const Types &types) : types_(types), names_(types), layout_(types) {}

	// The type with all its members (or an enum with its enumerators), and what these contain.
	// What they only point to is declared, not defined.
	void define(TypeId id);
	void declare_function(TypeId id);

	// The whole header; the comment goes on top.
	std::string header(const std::string &comment) const;
	// C macros with size, alignment and offsets of one struct or union.
	std::string layout_macros(TypeId id);

private:
	using NameSet = std::set<std::string_view>;

	void need(TypeId id, bool by_value);
	void define_tag(TypeId id);
	void define_enum(TypeId id);
	void define_typedef(TypeId id);

	// A C declarator: the type around 'inner'. Typedef names in 'hidden' are qualified.
	std::string declarator(TypeId id, std::string inner, const std::string &indent = "",
			       const NameSet &hidden = {});
	std::string specifier(TypeId id, const std::string &indent, const NameSet &hidden);
	std::string parameters(TypeId proto);
	std::string body(TypeId id, const std::string &indent);
	std::string enum_body(TypeId id, const std::string &indent, bool in_namespace);
	std::string padding(std::uint64_t from, std::uint64_t to, const std::string &indent);
	std::string checks(TypeId id, const std::string &type);
	void offset_macros(TypeId id, const std::string &name, std::uint64_t base,
			   std::string &out) const;
	void offset_checks(TypeId id, const std::string &type, std::uint64_t base,
			   std::string &out);

	const Types &types_;
	Names names_;
	Layout layout_;

	std::set<std::string> forward_;
	std::string text_;
	std::string functions_;
	std::unordered_set<TypeId> done_;
	std::set<std::string> declared_;
	std::set<std::string, std::less<>> enumerators_;
	unsigned paddings_ = 0;
};

} // namespace bindgen
