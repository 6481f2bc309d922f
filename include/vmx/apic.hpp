// SPDX-License-Identifier: GPL-2.0-only
#pragma once

#include "vmx/types.hpp"

/// The local APIC as far as VMX virtualizes it (SDM, "Local APIC Register Address Map" and "x2APIC
/// Register Address Space").
namespace vmx::apic {

/// Where the page of registers lies unless the guest moves it.
inline constexpr u64 default_base = 0xfee00000;

/// Of IA32_APIC_BASE.
inline constexpr u64 enabled = bit(11), x2apic_enabled = bit(10);

/// Offsets in the page of registers.
inline constexpr u16 tpr = 0x80, eoi = 0xb0, icr = 0x300, self_ipi = 0x3f0;

/// An x2APIC register is the MSR `x2apic_msrs` plus a sixteenth of its offset in the page.
inline constexpr u32 x2apic_msrs = 0x800, x2apic_msr_count = 0x100;

/// The VMCS's guest interrupt status (SDM, "Guest Non-Register State").
struct InterruptStatus {
	u16 raw;

	constexpr u8 requested() const { return static_cast<u8>(raw); }
	constexpr u8 in_service() const { return static_cast<u8>(raw >> 8); }

	/// Vectors; negative is none, which the CPU writes as 0.
	constexpr InterruptStatus with_requested(int vector) const
	{
		return {static_cast<u16>((raw & 0xff00) | (vector < 0 ? 0 : vector & 0xff))};
	}
	constexpr InterruptStatus with_in_service(int vector) const
	{
		return {static_cast<u16>((raw & 0xff) | (vector < 0 ? 0 : vector & 0xff) << 8)};
	}
};

} // namespace vmx::apic
