// SPDX-License-Identifier: GPL-2.0-only
#pragma once

#include "vmx/types.hpp"

namespace vmx::decode {

/// The memory operand and the register operand of INVEPT, INVPCID, INVVPID (SDM, "Format of the
/// VM-Exit Instruction-Information Field as Used for INVEPT, INVPCID, and INVVPID"). The
/// displacement is the exit qualification. Registers are 0..15 in the order RAX RCX RDX RBX RSP RBP
/// RSI RDI R8..R15.
struct MemoryOperand {
	u8 scale;	 ///< the index counts so many bits to the left
	u8 address_size; ///< bytes: 2, 4 or 8
	u8 segment;	 ///< ES CS SS DS FS GS
	bool has_index, has_base;
	u8 index, base;
	u8 register_operand;

	static constexpr MemoryOperand decode(u32 info)
	{
		// Of the four sizes that two bits can name there are three.
		const u32 size = info >> 7 & 3;

		return {.scale = static_cast<u8>(info & 3),
			.address_size = static_cast<u8>(size < 3 ? 2U << size : 8U),
			.segment = static_cast<u8>(info >> 15 & 7),
			.has_index = !(info & bit(22)),
			.has_base = !(info & bit(27)),
			.index = static_cast<u8>(info >> 18 & 15),
			.base = static_cast<u8>(info >> 23 & 15),
			.register_operand = static_cast<u8>(info >> 28)};
	}

	/// Within the segment. The registers' values count only where the operand has them.
	constexpr u64 offset(u64 displacement, u64 base_value, u64 index_value) const
	{
		u64 sum = displacement;

		if (has_base)
			sum += base_value;
		if (has_index)
			sum += index_value << scale;
		return address_size == 8 ? sum : sum & (bit(address_size * 8U) - 1);
	}
};

/// The operands of VMREAD and VMWRITE (SDM, "Format of the VM-Exit Instruction-Information Field as
/// Used for VMREAD and VMWRITE"). A memory operand is as above.
struct FieldOperands {
	bool in_memory; ///< the first operand, the value
	u8 value;	///< else its register
	u8 encoding;	///< register that holds the field's encoding

	static constexpr FieldOperands decode(u32 info)
	{
		return {.in_memory = !(info & bit(10)),
			.value = static_cast<u8>(info >> 3 & 15),
			.encoding = static_cast<u8>(info >> 28)};
	}
};

/// A segment that is neither unusable nor in 64-bit mode: whether `size` bytes at `offset` lie in
/// it (SDM, "Limit Checking"). `limit` is in bytes.
constexpr bool within_limit(u64 offset, u32 size, u32 limit, bool expands_down, bool big)
{
	const u64 last = offset + size - 1;

	if (expands_down)
		return offset > limit && last <= (big ? 0xffffffffULL : 0xffffULL);
	return last <= limit;
}

} // namespace vmx::decode
