// SPDX-License-Identifier: GPL-2.0-only
#pragma once

#include "backend/vcpu/vcpu.hpp"
#include "core/vmcs12/fields.hpp"

/// Guest mode, as KVM calls it: L2 runs, on vmcs02.
namespace backend {

inline bool in_guest_mode(const Vcpu &vcpu)
{
	return vcpu.kvm.arch.hflags & kernel::HF_GUEST_MASK;
}

namespace nested {

inline Pin pin12(const Vcpu &vcpu)
{
	return {vcpu.nested.vmcs12->pin_controls};
}

inline Primary primary12(const Vcpu &vcpu)
{
	return {vcpu.nested.vmcs12->primary_controls};
}

/// Empty unless activated.
inline Secondary secondary12(const Vcpu &vcpu)
{
	if (!primary12(vcpu).has(primary::activate_secondary))
		return {};
	return {vcpu.nested.vmcs12->secondary_controls};
}

inline Exit exit12(const Vcpu &vcpu)
{
	return {vcpu.nested.vmcs12->exit_controls};
}

inline Entry entry12(const Vcpu &vcpu)
{
	return {vcpu.nested.vmcs12->entry_controls};
}

/// L1 has its own EPT for L2.
inline bool has_ept12(const Vcpu &vcpu)
{
	return secondary12(vcpu).has(secondary::enable_ept);
}

/// L2's linear addresses have a tag of their own.
inline bool has_vpid02(const Vcpu &vcpu)
{
	return vcpu.nested.vpid02 && secondary12(vcpu).has(secondary::enable_vpid);
}

/// L1 has IA32_PERF_GLOBAL_CTRL: its controls are there whatever its PMU is.
inline bool has_perf_global_ctrl(const Vcpu &vcpu)
{
	return vcpu.kvm.arch.pmu.version > 1;
}

/// Under which the CPU caches what runs now.
inline u16 active_vpid(const Vcpu &vcpu)
{
	return in_guest_mode(vcpu) && has_vpid02(vcpu) ? vcpu.nested.vpid02 : vcpu.vpid;
}

} // namespace nested
} // namespace backend
