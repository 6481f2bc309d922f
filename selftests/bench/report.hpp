// SPDX-License-Identifier: GPL-2.0-only
#pragma once

#include "row.hpp"

namespace bench {

// Skips unless the module is loaded for that pass, by its name in the environment's BENCH_PASS;
// without one it is "ept" or "shadow".
void expect_pass(Pass pass);

// Prints a row's line from what the guest noted at results_address.
void report(const char *name, const char *title, Pass pass, const kvm::Vm &vm, std::uint64_t exits);

// A KVM_RUN that does no more than end what the last one left to userspace.
void run_and_exit_at_once(const kvm::Vcpu &vcpu);

// Has three iterations marked for an emulator that traces, if BENCH_MARK is in the environment.
void set_marks(const kvm::Vm &vm);

[[noreturn]] void fail_for_exception(const kvm::Vm &vm);

} // namespace bench
