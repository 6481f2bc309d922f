// SPDX-License-Identifier: GPL-2.0-only
#pragma once

#include "vmx/types.hpp"

namespace hw {

using namespace vmx;

/// A 4-KByte MSR bitmap: a set bit is an exit (SDM, "MSR-Bitmap Address"). It covers two ranges of
/// 8192 MSRs; all others always exit.
class MsrBitmap {
public:
	/// As offsets of the halves, in bytes.
	enum class Access : u32 { read = 0, write = 2048 };

	static constexpr u32 write_words = static_cast<u32>(Access::write) / sizeof(u64);

	void intercept_all()
	{
		for (auto &word : words_)
			word = ~u64{0};
	}

	void set(u32 msr, Access access, bool intercepted)
	{
		const int at = index(msr, access);

		if (at < 0)
			return;
		u64 &word = words_[static_cast<u32>(at) / 64];
		word = intercepted ? word | bit(at % 64) : word & ~bit(at % 64);
	}

	bool intercepts(u32 msr, Access access) const
	{
		const int at = index(msr, access);

		return at < 0 || (words_[static_cast<u32>(at) / 64] & bit(at % 64));
	}

	u64 word(u32 at) const { return words_[at]; }
	void set_word(u32 at, u64 value) { words_[at] = value; }

	/// The bit's place in the page, or -1 for an MSR that the bitmap does not cover.
	static constexpr int index(u32 msr, Access access)
	{
		const u32 start = static_cast<u32>(access) * 8;

		if (msr < 0x2000)
			return static_cast<int>(start + msr);
		if (msr >= 0xc0000000 && msr < 0xc0002000)
			return static_cast<int>(start + 1024 * 8 + (msr - 0xc0000000));
		return -1;
	}

private:
	u64 words_[512];
};
static_assert(sizeof(MsrBitmap) == 4096);

} // namespace hw
