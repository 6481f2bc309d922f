// SPDX-License-Identifier: GPL-2.0-only
#include "names.hpp"

#include <set>

namespace bindgen {

std::string identifier(std::string_view name)
{
	// clang-format off
	static const std::set<std::string_view> keywords = {
		"alignas", "alignof", "and", "and_eq", "asm", "bitand", "bitor", "bool", "catch",
		"char16_t", "char32_t", "char8_t", "class", "co_await", "co_return", "co_yield",
		"compl", "concept", "const_cast", "consteval", "constexpr", "constinit",
		"decltype", "delete", "dynamic_cast", "explicit", "export", "false", "friend",
		"mutable", "namespace", "new", "noexcept", "not", "not_eq", "nullptr", "operator",
		"or", "or_eq", "private", "protected", "public", "reinterpret_cast", "requires",
		"static_assert", "static_cast", "template", "this", "thread_local", "throw",
		"true", "try", "typeid", "typename", "using", "virtual", "wchar_t", "xor", "xor_eq",
	};
	// clang-format on
	std::string s(name);
	return keywords.contains(name) ? s + "_" : s;
}

const Types::Ids &Names::same_name(TypeId id) const
{
	std::string_view name = types_.name(id);
	switch (types_.kind(id)) {
	case BTF_KIND_TYPEDEF:
		return types_.typedefs(name);
	case BTF_KIND_ENUM:
	case BTF_KIND_ENUM64:
		return types_.enums(name);
	default:
		return types_.tags(name);
	}
}

Names::Group &Names::group(TypeId id)
{
	const Types::Ids &ids = same_name(id);
	auto [at, is_new] = groups_.try_emplace(&ids);
	Group &group = at->second;

	if (!is_new)
		return group;

	// The module's view goes first: it is the one we link against.
	auto add = [&](TypeId candidate) {
		auto [entry, fresh] =
			group.by_signature.try_emplace(types_.signature(candidate), candidate);
		if (fresh)
			group.suffix[candidate] =
				group.suffix.empty()
					? ""
					: "_" + std::to_string(group.suffix.size() + 1) + "_";
	};
	for (TypeId candidate : ids)
		if (types_.in_module(candidate))
			add(candidate);
	for (TypeId candidate : ids)
		if (!types_.in_module(candidate))
			add(candidate);
	return group;
}

TypeId Names::canonical(TypeId id)
{
	const Types::Ids &ids = same_name(id);
	if (ids.empty())
		return id;
	Group &g = group(id);

	if (types_.is_complete(id))
		return g.by_signature.at(types_.signature(id));
	for (const auto &[candidate, suffix] : g.suffix)
		if (suffix.empty() && types_.is_union(candidate) == types_.is_union(id))
			return candidate;
	return id;
}

std::string Names::of(TypeId id)
{
	std::string name = identifier(types_.name(id));
	if (same_name(id).empty())
		return name;
	auto &suffix = group(id).suffix;
	auto at = suffix.find(id);
	return at == suffix.end() ? name : name + at->second;
}

} // namespace bindgen
