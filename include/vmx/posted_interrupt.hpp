// SPDX-License-Identifier: GPL-2.0-only
#pragma once

#include "vmx/types.hpp"

namespace vmx {

/// SDM, "Posted-Interrupt Processing", and the VT-d specification, "Posted Interrupt Descriptor".
/// CPUs, IOMMUs and software change it at the same time: everything here is one atomic operation,
/// a full barrier unless it only reads.
struct alignas(64) PostedInterruptDescriptor {
	u64 requests[4]; ///< PIR: a bit for each vector
	u64 control;	 ///< of the CPU's and the IOMMU's processing, see below
	u64 unused[3];

	static constexpr u64 outstanding_bit = bit(0); ///< ON
	static constexpr u64 suppress_bit = bit(1);    ///< SN: IOMMUs post without notification

	static constexpr u64 make_control(u8 vector, u32 destination, bool suppress = false)
	{
		return u64{vector} << 16 | u64{destination} << 32 | (suppress ? suppress_bit : 0);
	}

	u64 read_control() const { return __atomic_load_n(&control, __ATOMIC_RELAXED); }
	bool outstanding() const { return read_control() & outstanding_bit; }
	bool suppressed() const { return read_control() & suppress_bit; }
	u8 notification_vector() const { return static_cast<u8>(read_control() >> 16); }
	u32 destination() const { return static_cast<u32>(read_control() >> 32); }

	bool has_requests() const
	{
		u64 any = 0;

		for (const u64 &word : requests)
			any |= __atomic_load_n(&word, __ATOMIC_RELAXED);
		return any;
	}

	/// @return the highest vector that is requested, 0 if none is.
	u8 highest_request() const
	{
		for (unsigned i = 4; i--;)
			if (const u64 word = __atomic_load_n(&requests[i], __ATOMIC_RELAXED))
				return static_cast<u8>(
					i * 64 + 63 - static_cast<unsigned>(__builtin_clzll(word)));
		return 0;
	}

	/// @return whether the vector was requested already.
	bool request(u8 vector)
	{
		const u64 mask = bit(vector % 64);

		return __atomic_fetch_or(&requests[vector / 64], mask, __ATOMIC_SEQ_CST) & mask;
	}

	/// @return whether a notification was outstanding already, so that no other is needed.
	bool set_outstanding()
	{
		return __atomic_fetch_or(&control, outstanding_bit, __ATOMIC_SEQ_CST) &
		       outstanding_bit;
	}
	void clear_outstanding()
	{
		__atomic_fetch_and(&control, ~outstanding_bit, __ATOMIC_SEQ_CST);
	}
	void set_suppressed() { __atomic_fetch_or(&control, suppress_bit, __ATOMIC_SEQ_CST); }

	/// Whom notifications go to; ON stays as it is. @return whether one is outstanding.
	bool redirect(u8 vector, u32 destination)
	{
		u64 was = read_control(), now;

		do
			now = make_control(vector, destination) | (was & outstanding_bit);
		while (!__atomic_compare_exchange_n(&control, &was, now, false, __ATOMIC_SEQ_CST,
						    __ATOMIC_RELAXED));
		return was & outstanding_bit;
	}

	void forget_requests()
	{
		clear_outstanding();
		for (u64 &word : requests)
			__atomic_store_n(&word, u64{0}, __ATOMIC_RELAXED);
	}
};
static_assert(sizeof(PostedInterruptDescriptor) == 64);
static_assert(__builtin_offsetof(PostedInterruptDescriptor, control) * 8 == 256);

} // namespace vmx
