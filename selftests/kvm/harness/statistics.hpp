// SPDX-License-Identifier: GPL-2.0-only
#pragma once

#include "vcpu.hpp"

namespace kvm {

// A number that KVM counts for the vCPU (KVM_GET_STATS_FD), by the name KVM gives it.
std::uint64_t statistic(const Vcpu &vcpu, const char *name);

// Whether kvm-intel uses what that parameter of type bool is about.
bool parameter(const char *name, tap::Where where = tap::Where::current());

} // namespace kvm
