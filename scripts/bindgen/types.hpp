// SPDX-License-Identifier: GPL-2.0-only
//
// The types of a kernel: vmlinux's BTF with one module's BTF on top, looked up by name.
#pragma once

#include <bpf/btf.h>

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace bindgen {

using TypeId = std::uint32_t;

struct Member {
	std::string_view name;
	TypeId type;
	std::uint32_t bit_offset;
	std::uint32_t bitfield_width; // 0: not a bitfield

	std::uint32_t byte_offset() const { return bit_offset / 8; }
};

class Types {
public:
	// Throws std::runtime_error naming the file that cannot be read.
	Types(const std::string &vmlinux, const std::string &module);

	const btf_type &at(TypeId id) const { return *btf__type_by_id(module_.get(), id); }
	std::string_view string(std::uint32_t offset) const;
	std::string_view name(TypeId id) const { return string(at(id).name_off); }
	// Type 0 is void, and of kind 0.
	int kind(TypeId id) const { return id ? static_cast<int>(btf_kind(&at(id))) : 0; }
	bool in_module(TypeId id) const { return id >= first_in_module_; }
	TypeId count() const { return btf__type_cnt(module_.get()); }
	TypeId first_in_module() const { return first_in_module_; }

	std::vector<Member> members(TypeId id) const;
	bool is_complete(TypeId id) const;
	bool is_union(TypeId id) const;
	// Through const, volatile, restrict and type tags, but not through typedefs.
	TypeId without_qualifiers(TypeId id) const;
	// Through typedefs as well.
	TypeId underlying(TypeId id) const;

	// All types of that name: complete structs and unions, complete enums, typedefs, functions,
	// and the enums that have an enumerator of that name. Ascending, so vmlinux's come first.
	using Ids = std::vector<TypeId>;
	const Ids &tags(std::string_view name) const { return find(tags_, name); }
	const Ids &enums(std::string_view name) const { return find(enums_, name); }
	const Ids &typedefs(std::string_view name) const { return find(typedefs_, name); }
	const Ids &functions(std::string_view name) const { return find(functions_, name); }
	const Ids &enumerators(std::string_view name) const { return find(enumerators_, name); }

	// Two types with one signature are one type that BTF holds twice. Named types inside are
	// compared by name, so a forward declaration equals the definition.
	std::string signature(TypeId id) const;

private:
	struct Free {
		void operator()(btf *b) const { btf__free(b); }
	};
	using Index = std::unordered_map<std::string_view, Ids>;

	static const Ids &find(const Index &index, std::string_view name);
	std::string reference(TypeId id) const;
	void build_index();

	std::unique_ptr<btf, Free> vmlinux_;
	std::unique_ptr<btf, Free> module_;
	TypeId first_in_module_ = 0;
	Index tags_, enums_, typedefs_, functions_, enumerators_;
};

} // namespace bindgen
