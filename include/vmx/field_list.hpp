// SPDX-License-Identifier: GPL-2.0-only
#pragma once

#include <utility>

#include "vmx/fields.hpp"

/// Every field that fields.hpp names, as data: for what goes over all of them.
namespace vmx::field {

struct Info {
	u32 encoding;
	const char *name;
};

namespace detail {

/// Indices of fields in use, bits 9:1 of the encoding, are far below this.
inline constexpr u32 indices = 64;
inline constexpr u32 encodings = 16 * indices;

/// The n-th encoding in the order group, width, index, in which the SDM tells of the areas.
constexpr u32 nth(u32 n)
{
	const u32 group = n / (4 * indices), width = n / indices % 4;

	return width << 13 | group << 10 | n % indices << 1;
}

template <u32... N> consteval u32 count(std::integer_sequence<u32, N...>)
{
	return ((name_of<nth(N)> != nullptr) + ... + 0);
}

inline constexpr auto every = std::make_integer_sequence<u32, encodings>{};

struct List {
	Info fields[count(every)];
};

template <u32... N> consteval List list(std::integer_sequence<u32, N...>)
{
	List result{};
	u32 size = 0;
	const auto add = [&](u32 encoding, const char *name) {
		if (name)
			result.fields[size++] = {encoding, name};
	};

	(add(nth(N), name_of<nth(N)>), ...);
	return result;
}

inline constexpr List all = list(every);

} // namespace detail

inline constexpr u32 count = sizeof(detail::all.fields) / sizeof(Info);

/// In the order control, exit information, guest, host; 16, 64, 32 bits, natural; encoding.
inline constexpr const Info (&list)[count] = detail::all.fields;

} // namespace vmx::field
