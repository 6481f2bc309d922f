// SPDX-License-Identifier: GPL-2.0-only
#pragma once

#include "row.hpp"

namespace bench {

// Prints a row's line from what the guest noted at results_address.
void report(const char *name, const char *title, Paging paging, const kvm::Vm &vm,
	    std::uint64_t exits);

[[noreturn]] void fail_for_exception(const kvm::Vm &vm);

} // namespace bench
