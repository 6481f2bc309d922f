// SPDX-License-Identifier: GPL-2.0-only
#pragma once

#include "harness/vcpu.hpp"

namespace bench {

// A number that KVM counts for the vCPU (KVM_GET_STATS_FD), by the name KVM gives it.
std::uint64_t statistic(const kvm::Vcpu &vcpu, const char *name);

} // namespace bench
