// SPDX-License-Identifier: GPL-2.0-only
#pragma once

#include "core/config/rules.hpp"

/// Properties of single MSRs, for rules of Kind::word. They are called only if `rule.msr` is known.
namespace vmx::config::checks {

bool must_and_cannot(const VmxCapabilities &caps, const Rule &rule, Text &text);
bool forces_something(const VmxCapabilities &caps, const Rule &rule, Text &text);
bool lacks_default1(const VmxCapabilities &caps, const Rule &rule, Text &text);
bool true_forces_more(const VmxCapabilities &caps, const Rule &rule, Text &text);
bool true_allows_other(const VmxCapabilities &caps, const Rule &rule, Text &text);
bool set_without_activation(const VmxCapabilities &caps, const Rule &rule, Text &text);
bool forces_paging_exits(const VmxCapabilities &caps, const Rule &rule, Text &text);
bool basic_bit_31(const VmxCapabilities &caps, const Rule &rule, Text &text);
bool region_size(const VmxCapabilities &caps, const Rule &rule, Text &text);
bool memory_type(const VmxCapabilities &caps, const Rule &rule, Text &text);
bool fixed_contradict(const VmxCapabilities &caps, const Rule &rule, Text &text);
bool cr4_without_vmxe(const VmxCapabilities &caps, const Rule &rule, Text &text);
bool enum_too_low(const VmxCapabilities &caps, const Rule &rule, Text &text);

} // namespace vmx::config::checks
