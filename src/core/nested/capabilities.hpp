// SPDX-License-Identifier: GPL-2.0-only
#pragma once

#include "core/config/config.hpp"
#include "core/nested/guest_cpuid.hpp"
#include "core/vmcs12/layout.hpp"

/// The VMX capability MSRs that a guest hypervisor, L1, is shown: at most what this host can offer,
/// less what userspace takes away.
namespace vmx::nested {

/// What the offer depends on beside the CPU and the configuration.
struct Offer {
	vmcs12::Revision revision = vmcs12::Revision::legacy;
	bool ept_ad = false; ///< accessed and dirty flags are in use
	bool mpx = false;    ///< guests may have MPX
	bool sgx = false;    ///< guests may have SGX
};

/// MSRs that L1 is shown: IA32_VMX_BASIC to IA32_VMX_VMFUNC.
constexpr bool is_shown(u32 msr)
{
	return msr >= static_cast<u32>(Msr::basic) && msr <= static_cast<u32>(Msr::vmfunc);
}

/// As for a CPU, the MSRs as values. A word's non-TRUE MSR is its TRUE one with the default-1
/// controls forced, always.
struct Capabilities {
	VmxCapabilities shown{};

	/// @param msr one that is_shown().
	[[nodiscard]] constexpr u64 get(Msr msr) const { return shown.get(msr); }

	/// Userspace sets an MSR (KVM_SET_MSRS) within what `offered` has. Controls and features
	/// may be taken away and, of controls and the fixed bits of CR0 and CR4, more be forced.
	/// The non-TRUE control MSRs follow their TRUE ones, CR0_FIXED1 the host and CR4_FIXED1
	/// CPUID: they cannot be set.
	/// @return false if the value is not possible; nothing is changed then.
	[[nodiscard]] bool set(Msr msr, u64 value, const Capabilities &offered);

	/// What follows the guest's CPUID: IA32_VMX_CR4_FIXED1, and controls over instructions and
	/// state that the guest lacks. A control that CPUID allows again is as in `offered`.
	void follow(const GuestCpuid &cpuid, const Capabilities &offered);

private:
	/// Of the controls `which`, those of `present` become as they are in `offered`, the others
	/// cannot be 1.
	void change(Msr msr, u32 which, u32 present, const Capabilities &offered);
};

/// The most that a guest can be shown, and what it is shown unless userspace says otherwise. Every
/// MSR that is_shown() is present.
[[nodiscard]] Capabilities offered(const VmxCapabilities &cpu, const VmcsConfig &config,
				   const Offer &offer);

} // namespace vmx::nested
