// SPDX-License-Identifier: GPL-2.0-only
#pragma once

#include <concepts>

#include "vmx/types.hpp"

namespace vmx {

/// A set of bits of one particular word. `Word` is a tag, so that a bit of one control word can
/// neither be added to nor looked for in another. Zero-cost: the size and layout of `Bits`.
template <class Word, std::unsigned_integral Bits> struct Mask {
	using Value = Bits;

	Bits bits{};

	/// Every bit of `wanted` is set. True for an empty `wanted`.
	[[nodiscard]] constexpr bool has(Mask wanted) const
	{
		return (bits & wanted.bits) == wanted.bits;
	}

	/// At least one bit of `wanted` is set.
	[[nodiscard]] constexpr bool has_any(Mask wanted) const
	{
		return (bits & wanted.bits) != 0;
	}

	[[nodiscard]] constexpr bool empty() const { return bits == 0; }

	constexpr Mask &operator|=(Mask other)
	{
		bits |= other.bits;
		return *this;
	}

	constexpr Mask &operator&=(Mask other)
	{
		bits &= other.bits;
		return *this;
	}

	[[nodiscard]] friend constexpr Mask operator|(Mask a, Mask b)
	{
		return {static_cast<Bits>(a.bits | b.bits)};
	}

	[[nodiscard]] friend constexpr Mask operator&(Mask a, Mask b)
	{
		return {static_cast<Bits>(a.bits & b.bits)};
	}

	// The cast undoes the integral promotion of words narrower than int.
	[[nodiscard]] friend constexpr Mask operator~(Mask a)
	{
		return {static_cast<Bits>(~a.bits)};
	}

	[[nodiscard]] friend constexpr bool operator==(Mask, Mask) = default;
};

} // namespace vmx
