// SPDX-License-Identifier: GPL-2.0-only
#include "layout.hpp"

#include <algorithm>

namespace bindgen {

std::uint64_t Layout::size(TypeId id) const
{
	id = types_.underlying(id);
	if (id == 0)
		return 0;

	const btf_type &t = types_.at(id);
	switch (btf_kind(&t)) {
	case BTF_KIND_PTR:
		return 8;
	case BTF_KIND_ARRAY:
		return btf_array(&t)->nelems * size(btf_array(&t)->type);
	default:
		return t.size;
	}
}

std::uint32_t Layout::alignment(TypeId id)
{
	id = types_.underlying(id);

	switch (types_.kind(id)) {
	case BTF_KIND_ARRAY:
		return alignment(btf_array(&types_.at(id))->type);
	case BTF_KIND_STRUCT:
	case BTF_KIND_UNION:
		return is_packed(id) ? 1 : natural_alignment(id);
	default:
		return std::max<std::uint32_t>(1, size(id));
	}
}

std::uint32_t Layout::natural_alignment(TypeId id)
{
	std::uint32_t most = 1;
	for (const Member &m : types_.members(id))
		most = std::max(most, alignment(m.type));
	return most;
}

bool Layout::is_packed(TypeId id)
{
	auto at = packed_.find(id);
	if (at != packed_.end())
		return at->second;
	return packed_[id] = compute_packed(id);
}

bool Layout::compute_packed(TypeId id)
{
	for (const Member &m : types_.members(id)) {
		std::uint64_t unit = 8 * size(m.type);
		if (m.bitfield_width) {
			if (m.bit_offset % unit + m.bitfield_width > unit)
				return true;
		} else if (m.byte_offset() % alignment(m.type)) {
			return true;
		}
	}
	return types_.at(id).size % natural_alignment(id) != 0;
}

} // namespace bindgen
