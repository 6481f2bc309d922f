// SPDX-License-Identifier: GPL-2.0-only
#pragma once

#include "vmx/types.hpp"

/// The hypercalls by which a guest of Hyper-V's flushes its TLB (TLFS, "HvCallFlushVirtualAddress-
/// Space" and its three siblings).
namespace vmx::hyperv {

/// TLFS, "Hypercall Status Codes".
enum class Status : u16 { success = 0, invalid_hypercall_input = 3 };

/// A hypercall's input value (TLFS, "Hypercall Inputs").
struct FlushHypercall {
	u64 input;

	[[nodiscard]] constexpr u16 code() const { return static_cast<u16>(input); }
	[[nodiscard]] constexpr u32 repetitions() const { return input >> 32 & 0xfff; }
	[[nodiscard]] constexpr u32 first() const { return input >> 48 & 0xfff; }

	[[nodiscard]] constexpr bool of_space() const { return code() == 0x2 || code() == 0x13; }
	[[nodiscard]] constexpr bool of_list() const { return code() == 0x3 || code() == 0x14; }
	/// It is one of them.
	[[nodiscard]] constexpr bool known() const { return of_space() || of_list(); }

	/// What the guest gets once all is flushed: status, and how far the list was gone through.
	[[nodiscard]] constexpr u64 result() const
	{
		const bool valid = of_list() ? first() < repetitions() : !repetitions() && !first();

		if (!valid)
			return static_cast<u64>(Status::invalid_hypercall_input);
		return u64{repetitions()} << 32 | static_cast<u64>(Status::success);
	}

	[[nodiscard]] constexpr bool valid() const
	{
		return static_cast<u16>(result()) == static_cast<u16>(Status::success);
	}
};

} // namespace vmx::hyperv
