// SPDX-License-Identifier: GPL-2.0-only
#include "fuzz.hpp"

extern "C" int LLVMFuzzerTestOneInput(const vmx::u8 *data, std::size_t size)
{
	fuzz::fuzz({data, size});
	return 0;
}
