// SPDX-License-Identifier: GPL-2.0-only
#pragma once

#include <cstddef>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <initializer_list>
#include <type_traits>
#include <utility>

#include "vmx/types.hpp"

/// What the fuzz targets share. A target is one .cpp: `fuzz()` over an input of libFuzzer's.
namespace fuzz {

using namespace vmx;

/// The input as a row of numbers; zeros once it is used up.
class Input {
public:
	Input(const u8 *data, std::size_t size) : at_(data), left_(size) {}

	template <class Number> Number take()
	{
		static_assert(std::is_unsigned_v<Number> && !std::is_same_v<Number, bool>);
		Number number = 0;

		fill(&number, sizeof(number));
		return number;
	}

	/// Copies what there is, and zeros after that.
	void fill(void *to, std::size_t size)
	{
		const std::size_t there = size < left_ ? size : left_;

		std::memset(to, 0, size);
		if (there)
			std::memcpy(to, at_, there);
		at_ += there;
		left_ -= there;
	}

	/// Bytes of any value from a number in the input: what is as long as a page would otherwise
	/// be zeros in nearly all inputs.
	void expand(void *to, std::size_t size)
	{
		u64 state = take<u64>();

		for (std::size_t n = 0; n < size; n++) {
			state = state * 6364136223846793005 + 1442695040888963407;
			static_cast<u8 *>(to)[n] = static_cast<u8>(state >> 56);
		}
	}

	[[nodiscard]] bool empty() const { return !left_; }

private:
	const u8 *at_;
	std::size_t left_;
};

[[noreturn, gnu::cold]] inline void fail(const char *file, int line, const char *what)
{
	std::fprintf(stderr, "%s:%d: does not hold: %s\n", file, line, what);
	std::abort();
}

void fuzz(Input input);

} // namespace fuzz

#define MUST(condition)                                                                            \
	do {                                                                                       \
		if (!(condition))                                                                  \
			fuzz::fail(__FILE__, __LINE__, #condition);                                \
	} while (0)
