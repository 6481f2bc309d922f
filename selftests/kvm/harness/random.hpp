// SPDX-License-Identifier: GPL-2.0-only
//
// Numbers at random, the same for the same seed on every machine, with a liking for the values at
// which checks go wrong.
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <initializer_list>

namespace kvm {

class Random {
public:
	explicit Random(std::uint64_t seed) : state_(seed) {}

	// SplitMix64.
	std::uint64_t next()
	{
		std::uint64_t z = state_ += 0x9e3779b97f4a7c15;
		z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9;
		z = (z ^ z >> 27) * 0x94d049bb133111eb;
		return z ^ z >> 31;
	}

	std::uint64_t below(std::uint64_t limit) { return next() % limit; }
	bool one_in(std::uint64_t chances) { return below(chances) == 0; }

	template <typename T> T one_of(std::initializer_list<T> values)
	{
		return values.begin()[below(values.size())];
	}

	// Small, huge, one bit, all but one, the edges of 32 bits and of canonical addresses,
	// anything.
	std::uint64_t value()
	{
		const std::uint64_t bit = 1ul << below(64);
		switch (below(8)) {
		case 0:
			return below(16);
		case 1:
			return -below(16);
		case 2:
			return bit;
		case 3:
			return ~bit;
		case 4:
			return 0xffffffff + below(3) - 1;
		case 5:
			return 0x0000800000000000 + below(3) - 1;
		case 6:
			return 0xffff800000000000 + below(3) - 1;
		default:
			return next();
		}
	}

	void fill(void *start, std::size_t size)
	{
		auto *bytes = static_cast<unsigned char *>(start);
		for (std::size_t i = 0; i < size; i++)
			bytes[i] = static_cast<unsigned char>(next());
	}

private:
	std::uint64_t state_;
};

// TAP_SEED, or always the same; printed, so that a failure can be had again.
std::uint64_t seed();

} // namespace kvm
