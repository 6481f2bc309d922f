// SPDX-License-Identifier: GPL-2.0-only
//
// What KVM counts of a virtual machine or a vCPU (KVM_GET_STATS_FD), by the names that KVM gives.
#pragma once

#include "vcpu.hpp"

#include <string>
#include <vector>

namespace kvm {

struct Statistic {
	std::string name;
	std::uint64_t value;
	bool histogram; // of several values, of which this is the first
};

std::vector<Statistic> statistics(const Fd &vm_or_vcpu);

// One of them; a name that is not there fails the case.
std::uint64_t statistic(const Vcpu &vcpu, const char *name);

} // namespace kvm
