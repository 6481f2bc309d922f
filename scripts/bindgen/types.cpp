// SPDX-License-Identifier: GPL-2.0-only
#include "types.hpp"

#include <bpf/libbpf.h>

#include <stdexcept>

namespace bindgen {

namespace {

std::string reason()
{
	char text[128];
	libbpf_strerror(errno, text, sizeof(text));
	return text;
}

} // namespace

Types::Types(const std::string &vmlinux, const std::string &module)
{
	vmlinux_.reset(btf__parse(vmlinux.c_str(), nullptr));
	if (!vmlinux_)
		throw std::runtime_error(vmlinux + ": no BTF can be read here: " + reason());
	first_in_module_ = btf__type_cnt(vmlinux_.get());

	module_.reset(btf__parse_split(module.c_str(), vmlinux_.get()));
	if (!module_)
		throw std::runtime_error(module + ": no BTF on top of " + vmlinux +
					 " can be read here (are both of one build?): " + reason());
	build_index();
}

std::string_view Types::string(std::uint32_t offset) const
{
	return btf__str_by_offset(module_.get(), offset);
}

const Types::Ids &Types::find(const Index &index, std::string_view name)
{
	static const Ids none;
	auto at = index.find(name);
	return at == index.end() ? none : at->second;
}

void Types::build_index()
{
	for (TypeId id = 1; id < count(); ++id) {
		const btf_type &t = at(id);
		switch (btf_kind(&t)) {
		case BTF_KIND_STRUCT:
		case BTF_KIND_UNION:
			tags_[name(id)].push_back(id);
			break;
		case BTF_KIND_TYPEDEF:
			typedefs_[name(id)].push_back(id);
			break;
		case BTF_KIND_FUNC:
			functions_[name(id)].push_back(id);
			break;
		case BTF_KIND_ENUM:
			if (btf_vlen(&t))
				enums_[name(id)].push_back(id);
			for (int i = 0; i < btf_vlen(&t); ++i)
				enumerators_[string(btf_enum(&t)[i].name_off)].push_back(id);
			break;
		case BTF_KIND_ENUM64:
			enums_[name(id)].push_back(id);
			for (int i = 0; i < btf_vlen(&t); ++i)
				enumerators_[string(btf_enum64(&t)[i].name_off)].push_back(id);
			break;
		}
	}
}

std::vector<Member> Types::members(TypeId id) const
{
	const btf_type &t = at(id);
	std::vector<Member> list;

	for (std::uint32_t i = 0; i < btf_vlen(&t); ++i)
		list.push_back({string(btf_members(&t)[i].name_off), btf_members(&t)[i].type,
				btf_member_bit_offset(&t, i), btf_member_bitfield_size(&t, i)});
	return list;
}

bool Types::is_complete(TypeId id) const
{
	int k = kind(id);
	return k != BTF_KIND_FWD && !(k == BTF_KIND_ENUM && btf_vlen(&at(id)) == 0);
}

bool Types::is_union(TypeId id) const
{
	return kind(id) == BTF_KIND_FWD ? btf_kflag(&at(id)) : kind(id) == BTF_KIND_UNION;
}

TypeId Types::without_qualifiers(TypeId id) const
{
	for (;;) {
		switch (kind(id)) {
		case BTF_KIND_CONST:
		case BTF_KIND_VOLATILE:
		case BTF_KIND_RESTRICT:
		case BTF_KIND_TYPE_TAG:
			id = at(id).type;
			break;
		default:
			return id;
		}
	}
}

TypeId Types::underlying(TypeId id) const
{
	for (id = without_qualifiers(id); kind(id) == BTF_KIND_TYPEDEF;)
		id = without_qualifiers(at(id).type);
	return id;
}

std::string Types::reference(TypeId id) const
{
	id = without_qualifiers(id);
	if (id == 0)
		return "void";

	const btf_type &t = at(id);
	std::string n(name(id));
	switch (btf_kind(&t)) {
	case BTF_KIND_STRUCT:
	case BTF_KIND_UNION:
	case BTF_KIND_FWD:
		return n.empty() ? signature(id) : (is_union(id) ? "union " : "struct ") + n;
	case BTF_KIND_ENUM:
	case BTF_KIND_ENUM64:
		return n.empty() ? signature(id) : "enum " + n;
	case BTF_KIND_PTR:
	case BTF_KIND_ARRAY:
	case BTF_KIND_FUNC_PROTO:
		return signature(id);
	default:
		return n;
	}
}

std::string Types::signature(TypeId id) const
{
	const btf_type &t = at(id);
	std::string s;

	switch (btf_kind(&t)) {
	case BTF_KIND_STRUCT:
	case BTF_KIND_UNION:
		s = (is_union(id) ? "union " : "struct ") + std::to_string(t.size) + "{";
		for (const Member &m : members(id))
			s += std::string(m.name) + "@" + std::to_string(m.bit_offset) + ":" +
			     std::to_string(m.bitfield_width) + " " + reference(m.type) + ";";
		return s + "}";
	case BTF_KIND_ENUM:
		s = "enum " + std::to_string(t.size) + "{";
		for (int i = 0; i < btf_vlen(&t); ++i)
			s += std::string(string(btf_enum(&t)[i].name_off)) + "=" +
			     std::to_string(btf_enum(&t)[i].val) + ";";
		return s + "}";
	case BTF_KIND_ENUM64:
		s = "enum " + std::to_string(t.size) + "{";
		for (int i = 0; i < btf_vlen(&t); ++i)
			s += std::string(string(btf_enum64(&t)[i].name_off)) + "=" +
			     std::to_string(btf_enum64_value(&btf_enum64(&t)[i])) + ";";
		return s + "}";
	case BTF_KIND_PTR:
		return "*" + reference(t.type);
	case BTF_KIND_ARRAY:
		return "[" + std::to_string(btf_array(&t)->nelems) + "]" +
		       reference(btf_array(&t)->type);
	case BTF_KIND_FUNC_PROTO:
		s = reference(t.type) + "(";
		for (int i = 0; i < btf_vlen(&t); ++i)
			s += reference(btf_params(&t)[i].type) + ",";
		return s + ")";
	case BTF_KIND_FUNC:
	case BTF_KIND_TYPEDEF:
		return reference(t.type);
	default:
		return reference(id);
	}
}

} // namespace bindgen
