// SPDX-License-Identifier: GPL-2.0-only
#pragma once

#include "backend/nested/guest_mode.hpp"

/// CR0 and CR4 in VMX operation, and as L2 sees them.
namespace backend::nested {

/// What VMX operation asks for (SDM, "Restrictions on VMX Operation"): in root operation, and of a
/// guest.
[[nodiscard]] bool allows_host_cr0(const Vcpu &vcpu, u64 value);
[[nodiscard]] bool allows_guest_cr0(const Vcpu &vcpu, u64 value, bool unrestricted);
[[nodiscard]] bool allows_cr4(const Vcpu &vcpu, u64 value);

/// What VMX operation allows, of L1 and of L2 (SDM, "Restrictions on VMX Operation"). kvm.ko has
/// checked the rest.
[[nodiscard]] bool is_valid_cr0(const Vcpu &vcpu, u64 value);
[[nodiscard]] bool is_valid_cr4(const Vcpu &vcpu, u64 value);

/// What the guest reads where its register holds `value`: of the bits that L1 owns, what L1 shows
/// (SDM, "Guest/Host Masks and Read Shadows for CR0 and CR4").
inline u64 cr0_shadow(const Vcpu &vcpu, u64 value)
{
	if (!in_guest_mode(vcpu))
		return value;
	const Vmcs12 &vmcs12 = *vcpu.nested.vmcs12;

	return (value & ~vmcs12.cr0_guest_host_mask) |
	       (vmcs12.cr0_read_shadow & vmcs12.cr0_guest_host_mask);
}

inline u64 cr4_shadow(const Vcpu &vcpu, u64 value)
{
	if (!in_guest_mode(vcpu))
		return value;
	const Vmcs12 &vmcs12 = *vcpu.nested.vmcs12;

	return (value & ~vmcs12.cr4_guest_host_mask) |
	       (vmcs12.cr4_read_shadow & vmcs12.cr4_guest_host_mask);
}

/// What the register will hold after the guest has written `written` to it, which L1 does not
/// intercept: bits that L1 owns stay.
inline u64 cr0_after_write(const Vcpu &vcpu, u64 was, u64 written)
{
	const u64 mask = in_guest_mode(vcpu) ? vcpu.nested.vmcs12->cr0_guest_host_mask : 0;

	return (written & ~mask) | (was & mask);
}

inline u64 cr4_after_write(const Vcpu &vcpu, u64 was, u64 written)
{
	const u64 mask = in_guest_mode(vcpu) ? vcpu.nested.vmcs12->cr4_guest_host_mask : 0;

	return (written & ~mask) | (was & mask);
}

} // namespace backend::nested
