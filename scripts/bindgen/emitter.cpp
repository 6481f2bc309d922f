// SPDX-License-Identifier: GPL-2.0-only
#include "emitter.hpp"

#include <algorithm>
#include <stdexcept>

namespace bindgen {

namespace {

bool is_tag(int kind)
{
	return kind == BTF_KIND_STRUCT || kind == BTF_KIND_UNION;
}

bool is_enum(int kind)
{
	return kind == BTF_KIND_ENUM || kind == BTF_KIND_ENUM64;
}

// C's names to C++'s. On x86-64 'long long' and 'long' are one size; as 'long', the kernel's u64
// and std::uint64_t are one type, and pointers to them need no cast.
std::string basic_type(std::string_view name)
{
	if (name == "_Bool")
		return "bool";
	if (name == "__int128 unsigned")
		return "unsigned __int128";
	if (name == "long long unsigned int")
		return "unsigned long";
	if (name == "long long int")
		return "long";
	if (name == "long unsigned int")
		return "unsigned long";
	if (name == "long int")
		return "long";
	if (name == "short unsigned int")
		return "unsigned short";
	if (name == "short int")
		return "short";
	return std::string(name);
}

// Names the compiler owns.
std::string builtin_typedef(std::string_view name)
{
	if (name == "bool")
		return "bool";
	if (name == "va_list" || name == "__gnuc_va_list" || name == "__builtin_va_list")
		return "__builtin_va_list";
	return "";
}

} // namespace

std::string Emitter::specifier(TypeId id, const std::string &indent, const NameSet &hidden)
{
	if (id == 0)
		return "void";

	std::string_view name = types_.name(id);
	int kind = types_.kind(id);
	switch (kind) {
	case BTF_KIND_INT:
	case BTF_KIND_FLOAT:
		return basic_type(name);
	case BTF_KIND_STRUCT:
	case BTF_KIND_UNION:
	case BTF_KIND_FWD: {
		std::string keyword = types_.is_union(id) ? "union " : "struct ";
		if (name.empty())
			return keyword + body(id, indent);
		return keyword + names_.of(names_.canonical(id));
	}
	case BTF_KIND_ENUM:
	case BTF_KIND_ENUM64:
		if (name.empty())
			return "enum " + enum_body(id, indent, false);
		return "enum " + names_.of(names_.canonical(id));
	case BTF_KIND_TYPEDEF: {
		std::string builtin = builtin_typedef(name);
		if (!builtin.empty())
			return builtin;
		return (hidden.contains(name) ? "::kernel::" : "") +
		       names_.of(names_.canonical(id));
	}
	default:
		throw std::runtime_error("BTF type " + std::to_string(id) + " has kind " +
					 std::to_string(kind) + ", which C++ cannot declare");
	}
}

std::string Emitter::declarator(TypeId id, std::string inner, const std::string &indent,
				const NameSet &hidden)
{
	std::string qualifiers;

	for (;; id = types_.at(id).type) {
		int kind = types_.kind(id);
		if (kind == BTF_KIND_CONST)
			qualifiers += "const ";
		else if (kind == BTF_KIND_VOLATILE)
			qualifiers += "volatile ";
		else if (kind != BTF_KIND_RESTRICT && kind != BTF_KIND_TYPE_TAG)
			break;
	}

	switch (types_.kind(id)) {
	case BTF_KIND_PTR: {
		TypeId target = types_.without_qualifiers(types_.at(id).type);
		// A va_list that is a parameter has decayed to a pointer to its element.
		if (types_.kind(target) == BTF_KIND_STRUCT &&
		    types_.name(target) == "__va_list_tag")
			return "__builtin_va_list " + inner;
		inner = "*" + qualifiers + inner;
		if (types_.kind(target) == BTF_KIND_ARRAY ||
		    types_.kind(target) == BTF_KIND_FUNC_PROTO)
			inner = "(" + inner + ")";
		return declarator(types_.at(id).type, inner, indent, hidden);
	}
	case BTF_KIND_ARRAY: {
		const struct btf_array *array = btf_array(&types_.at(id));
		return qualifiers + declarator(array->type,
					       inner + "[" + std::to_string(array->nelems) + "]",
					       indent, hidden);
	}
	case BTF_KIND_FUNC_PROTO:
		return declarator(types_.at(id).type, inner + "(" + parameters(id) + ")", indent,
				  hidden);
	default:
		return qualifiers + specifier(id, indent, hidden) + (inner.empty() ? "" : " ") +
		       inner;
	}
}

std::string Emitter::parameters(TypeId proto)
{
	const btf_type &t = types_.at(proto);
	std::string list;

	for (int i = 0; i < btf_vlen(&t); ++i) {
		const btf_param &p = btf_params(&t)[i];
		if (i)
			list += ", ";
		if (p.type == 0 && p.name_off == 0) {
			list += "...";
			continue;
		}
		std::string name = identifier(types_.string(p.name_off));
		if (!types_.typedefs(name).empty())
			name += "_"; // would hide the type from the parameters that follow
		list += declarator(p.type, name);
	}
	return list.empty() ? "void" : list;
}

std::string Emitter::padding(std::uint64_t from, std::uint64_t to, const std::string &indent)
{
	std::string out;
	auto bits = [&](std::uint64_t n) {
		out += indent + "unsigned char : " + std::to_string(n) + ";\n";
		from += n;
	};

	if (from < to && from % 8)
		bits(std::min(8 - from % 8, to - from));
	if (to - from >= 8) {
		out += indent + "unsigned char padding_" + std::to_string(++paddings_) + "_[" +
		       std::to_string((to - from) / 8) + "];\n";
		from += (to - from) / 8 * 8;
	}
	if (from < to)
		bits(to - from);
	return out;
}

std::string Emitter::body(TypeId id, const std::string &indent)
{
	const std::string deeper = indent + "\t";
	const bool packed = layout_.is_packed(id);
	const bool is_union = types_.is_union(id);
	const std::uint64_t size = types_.at(id).size;
	const std::vector<Member> members = types_.members(id);
	std::string out = "{\n";
	std::uint64_t at = 0, end = 0, align = 8; // in bits
	NameSet hidden;

	for (const Member &m : members)
		hidden.insert(m.name);

	for (const Member &m : members) {
		std::uint64_t unit = 8 * layout_.alignment(m.type);
		std::uint64_t width =
			m.bitfield_width ? m.bitfield_width : 8 * layout_.size(m.type);
		if (!packed)
			align = std::max(align, unit);

		if (!is_union) {
			std::uint64_t next = at;
			if (m.bitfield_width) {
				std::uint64_t storage = 8 * layout_.size(m.type);
				if (!packed && at % storage + width > storage)
					next = (at + storage - 1) / storage * storage;
			} else {
				std::uint64_t a = packed ? 8 : unit;
				next = (at + a - 1) / a * a;
			}
			if (m.bit_offset < at)
				throw std::runtime_error(std::string(types_.name(id)) + "." +
							 std::string(m.name) +
							 ": overlaps the member before it");
			if (m.bit_offset != next)
				out += padding(at, m.bit_offset, deeper);
			at = m.bit_offset + width;
			end = at;
		} else {
			end = std::max(end, width);
		}

		// A const member would forbid assigning to the struct; where C had one, C++ is
		// trusted with it.
		TypeId type = types_.without_qualifiers(m.type);
		out += deeper + declarator(type, identifier(m.name), deeper, hidden);
		if (m.bitfield_width)
			out += " : " + std::to_string(m.bitfield_width);
		out += ";\n";
	}

	if (members.empty())
		out += deeper + "char nothing_[0];\n"; // an empty struct has size 0 in C, 1 in C++
	if ((end + align - 1) / align * align < 8 * size)
		out += padding(is_union ? 0 : end, 8 * size, deeper);
	return out + indent + "}" + (packed ? " __attribute__((packed))" : "");
}

std::string Emitter::enum_body(TypeId id, const std::string &indent, bool in_namespace)
{
	const btf_type &t = types_.at(id);
	const bool is_signed = btf_kflag(&t);
	static const char *const sizes[] = {"char", "short", "int", "", "long"};
	const char *size = sizes[t.size == 1 ? 0 : t.size == 2 ? 1 : t.size == 4 ? 2 : 4];
	std::string out = std::string(": ") + (is_signed ? "signed " : "unsigned ") + size + " {\n";

	auto add = [&](std::string_view name, const std::string &value) {
		std::string enumerator = identifier(name);
		// Two enums may both have it where no file of the kernel sees both.
		if (in_namespace && !enumerators_.insert(enumerator).second)
			enumerator +=
				"_of_" + std::string(types_.name(id)) + "_" + std::to_string(id);
		out += indent + "\t" + enumerator + " = " + value + ",\n";
	};
	for (int i = 0; i < btf_vlen(&t); ++i) {
		if (btf_kind(&t) == BTF_KIND_ENUM64) {
			const struct btf_enum64 &e = btf_enum64(&t)[i];
			auto value = btf_enum64_value(&e);
			add(types_.string(e.name_off),
			    is_signed ? std::to_string(static_cast<std::int64_t>(value))
				      : std::to_string(value));
		} else {
			const struct btf_enum &e = btf_enum(&t)[i];
			add(types_.string(e.name_off),
			    is_signed ? std::to_string(e.val)
				      : std::to_string(static_cast<std::uint32_t>(e.val)));
		}
	}
	return out + indent + "}";
}

void Emitter::need(TypeId id, bool by_value)
{
	id = types_.without_qualifiers(id);
	if (id == 0)
		return;

	const btf_type &t = types_.at(id);
	int kind = btf_kind(&t);
	switch (kind) {
	case BTF_KIND_PTR:
		need(t.type, false);
		break;
	case BTF_KIND_ARRAY:
		need(btf_array(&t)->type, true);
		break;
	case BTF_KIND_FUNC_PROTO:
		need(t.type, false);
		for (int i = 0; i < btf_vlen(&t); ++i)
			need(btf_params(&t)[i].type, false);
		break;
	case BTF_KIND_TYPEDEF:
		if (!builtin_typedef(types_.name(id)).empty())
			break;
		define_typedef(names_.canonical(id));
		if (by_value)
			need(t.type, true);
		break;
	case BTF_KIND_ENUM:
	case BTF_KIND_ENUM64:
		if (!types_.name(id).empty())
			define_enum(names_.canonical(id));
		break;
	case BTF_KIND_STRUCT:
	case BTF_KIND_UNION:
	case BTF_KIND_FWD:
		if (types_.name(id).empty()) {
			for (const Member &m : types_.members(id))
				need(m.type, true);
			break;
		}
		id = names_.canonical(id);
		forward_.insert((types_.is_union(id) ? "union " : "struct ") + names_.of(id));
		if (by_value && types_.is_complete(id))
			define_tag(id);
		break;
	}
}

void Emitter::define(TypeId id)
{
	if (is_enum(types_.kind(id)) && types_.name(id).empty())
		define_enum(id);
	else
		need(id, true);
}

void Emitter::offset_checks(TypeId id, const std::string &type, std::uint64_t base,
			    std::string &out)
{
	for (const Member &m : types_.members(id)) {
		if (m.bitfield_width)
			continue;
		std::uint64_t offset = base + m.byte_offset();
		if (m.name.empty())
			offset_checks(types_.underlying(m.type), type, offset, out);
		else
			out += "static_assert(__builtin_offsetof(" + type + ", " +
			       identifier(m.name) + ") == " + std::to_string(offset) + ");\n";
	}
}

std::string Emitter::checks(TypeId id, const std::string &type)
{
	std::string out = "static_assert(sizeof(" + type +
			  ") == " + std::to_string(types_.at(id).size) + ");\n";
	offset_checks(id, type, 0, out);
	return out;
}

void Emitter::define_tag(TypeId id)
{
	if (!done_.insert(id).second)
		return;
	for (const Member &m : types_.members(id))
		need(m.type, true);

	std::string type = (types_.is_union(id) ? "union " : "struct ") + names_.of(id);
	forward_.insert(type);
	text_ += type + " " + body(id, "") + ";\n" + checks(id, type) + "\n";
}

void Emitter::define_enum(TypeId id)
{
	if (!done_.insert(id).second)
		return;
	if (!types_.is_complete(id))
		text_ += "enum " + names_.of(id) + " : unsigned int;\n\n";
	else if (types_.name(id).empty())
		text_ += "enum " + enum_body(id, "", true) + ";\n\n";
	else
		text_ += "enum " + names_.of(id) + " " + enum_body(id, "", true) + ";\n\n";
}

void Emitter::define_typedef(TypeId id)
{
	if (!done_.insert(id).second)
		return;

	TypeId target = types_.without_qualifiers(types_.at(id).type);
	std::string name = names_.of(id);
	bool anonymous = target && types_.name(target).empty();

	need(types_.at(id).type, false);
	if (anonymous && is_tag(types_.kind(target))) {
		std::string keyword = types_.is_union(target) ? "union " : "struct ";
		text_ += keyword + name + " " + body(target, "") + ";\n" +
			 checks(target, keyword + name) + "\n";
	} else if (anonymous && is_enum(types_.kind(target))) {
		text_ += "enum " + name + " " + enum_body(target, "", true) + ";\n\n";
	} else {
		text_ += "typedef " + declarator(types_.at(id).type, name) + ";\n\n";
	}
}

void Emitter::declare_function(TypeId id)
{
	std::string name = identifier(types_.name(id));
	if (!declared_.insert(name).second)
		return;
	need(types_.at(id).type, false);
	functions_ += declarator(types_.at(id).type, name) + ";\n";
}

std::string Emitter::header(const std::string &comment) const
{
	std::string out = "// SPDX-License-Identifier: GPL-2.0-only\n//\n" + comment;

	out += "#pragma once\n#pragma GCC system_header\n\nnamespace kernel {\nextern \"C\" {\n\n";
	for (const std::string &tag : forward_)
		out += tag + ";\n";
	return out + "\n" + text_ + functions_ + "\n}\n}  // namespace kernel\n";
}

void Emitter::offset_macros(TypeId id, const std::string &name, std::uint64_t base,
			    std::string &out) const
{
	for (const Member &m : types_.members(id)) {
		if (m.bitfield_width)
			continue;
		std::uint64_t offset = base + m.byte_offset();
		if (m.name.empty())
			offset_macros(types_.underlying(m.type), name, offset, out);
		else
			out += "#define KVMXX_OFFSETOF_" + name + "_" + std::string(m.name) + " " +
			       std::to_string(offset) + "\n";
	}
}

std::string Emitter::layout_macros(TypeId id)
{
	std::string name = names_.of(names_.canonical(id));
	id = types_.underlying(names_.canonical(id));
	std::string out =
		"#define KVMXX_SIZEOF_" + name + " " + std::to_string(types_.at(id).size) + "\n";

	out += "#define KVMXX_ALIGNOF_" + name + " " + std::to_string(layout_.alignment(id)) + "\n";
	offset_macros(id, name, 0, out);
	return out;
}

} // namespace bindgen
