// SPDX-License-Identifier: GPL-2.0-only
#pragma once

#include <concepts>
#include <type_traits>

#include "vmx/types.hpp"

/// A VMCS field is a type made from its encoding (SDM, "Field Encoding in VMCS"): bits 14:13 are
/// the width, bits 11:10 the group, bits 9:1 the index.
namespace vmx {

enum class Width : u32 { word = 0, quad = 1, dword = 2, natural = 3 };
enum class Group : u32 { control = 0, exit_info = 1, guest = 2, host = 3 };

constexpr Width width_of(u32 encoding)
{
	return static_cast<Width>(encoding >> 13 & 3);
}

constexpr Group group_of(u32 encoding)
{
	return static_cast<Group>(encoding >> 10 & 3);
}

namespace detail {
template <Width> struct ValueOf;
template <> struct ValueOf<Width::word> {
	using type = u16;
};
template <> struct ValueOf<Width::quad> {
	using type = u64;
};
template <> struct ValueOf<Width::dword> {
	using type = u32;
};
template <> struct ValueOf<Width::natural> {
	using type = u64;
};
} // namespace detail

template <u32 Encoding> struct Field {
	static_assert((Encoding & ~0x6ffeU) == 0, "not the full form of a VMCS field encoding");

	static constexpr u32 encoding = Encoding;
	static constexpr Width width = width_of(Encoding);
	static constexpr Group group = group_of(Encoding);
	using value_type = typename detail::ValueOf<width>::type;
};

template <class T>
concept AnyField = requires
{
	T::encoding;
	typename T::value_type;
}
&&std::same_as<std::remove_cv_t<T>, Field<T::encoding>>;

/// VM-exit information is read-only: VMWRITE to it is not supported on every CPU
/// (IA32_VMX_MISC[29]).
template <class T>
concept WritableField = AnyField<T> && T::group != Group::exit_info;

} // namespace vmx
