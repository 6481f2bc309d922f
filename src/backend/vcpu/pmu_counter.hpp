// SPDX-License-Identifier: GPL-2.0-only
#pragma once

#include "kernel/bindings.hpp"
#include "vmx/types.hpp"

/// One counter: kvm.ko's struct and the event of perf that counts for it. The protocol is that of
/// kvm.ko's own accessors.
namespace backend::pmu {

using vmx::u64;

u64 width_mask(const kernel::kvm_pmc &pmc);
u64 read_counter(const kernel::kvm_pmc &pmc);

/// And tells perf when the counter overflows now.
void write_counter(kernel::kvm_pmc &pmc, u64 value);

/// Keeps the count, gives the event back.
void stop_counter(kernel::kvm_pmc &pmc);

} // namespace backend::pmu
