// SPDX-License-Identifier: GPL-2.0-only
#include "random.hpp"

#include <cstdio>
#include <cstdlib>

namespace kvm {

std::uint64_t seed()
{
	const char *text = getenv("TAP_SEED");
	const std::uint64_t value = text ? strtoull(text, nullptr, 0) : 1;
	printf("# TAP_SEED=%lu\n", value);
	return value;
}

} // namespace kvm
