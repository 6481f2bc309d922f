// SPDX-License-Identifier: GPL-2.0-only
#pragma once

#include "vmx/capabilities.hpp"

namespace unit {

/// A Xeon Gold 5215's capability MSRs with every rule satisfied: its IA32_VMX_VMCS_ENUM is
/// corrected for the known erratum, and IA32_VMX_VMFUNC and CPUID, which the dump lacks, are filled
/// in. Tests take something from it or add something to it.
constexpr vmx::VmxCapabilities baseline()
{
	using vmx::Msr;
	vmx::VmxCapabilities caps;

	caps.set(Msr::feature_control, 0x5);
	caps.set(Msr::basic, 0x00da040000000004);
	caps.set(Msr::pinbased_ctls, 0x000000ff00000016);
	caps.set(Msr::procbased_ctls, 0xfff9fffe0401e172);
	caps.set(Msr::exit_ctls, 0x01ffffff00036dff);
	caps.set(Msr::entry_ctls, 0x0003ffff000011ff);
	caps.set(Msr::misc, 0x000000007004c1e7);
	caps.set(Msr::cr0_fixed0, 0x80000021);
	caps.set(Msr::cr0_fixed1, 0xffffffff);
	caps.set(Msr::cr4_fixed0, 0x2000);
	caps.set(Msr::cr4_fixed1, 0x7767ff);
	caps.set(Msr::vmcs_enum, 0x32);
	caps.set(Msr::procbased_ctls2, 0x025f7fff00000000);
	caps.set(Msr::ept_vpid_cap, 0x00000f0106734141);
	caps.set(Msr::true_pinbased_ctls, 0x000000ff00000016);
	caps.set(Msr::true_procbased_ctls, 0xfff9fffe04006172);
	caps.set(Msr::true_exit_ctls, 0x01ffffff00036dfb);
	caps.set(Msr::true_entry_ctls, 0x0003ffff000011fb);
	caps.set(Msr::vmfunc, 0x1);
	caps.cpu = {.signature = 0x50657,
		    .features = vmx::cpu_feature::rdtscp | vmx::cpu_feature::invpcid |
				vmx::cpu_feature::rdrand | vmx::cpu_feature::rdseed |
				vmx::cpu_feature::xsaves | vmx::cpu_feature::mpx |
				vmx::cpu_feature::intel_pt,
		    .signature_known = true,
		    .features_known = true};
	return caps;
}

/// Sets or clears one raw bit of an MSR, and of the TRUE MSR beside it. Bit 32 + n of a control MSR
/// is the allowed-1 setting of control n.
constexpr void doctor(vmx::VmxCapabilities &caps, vmx::Msr msr, unsigned bit, bool on)
{
	using vmx::Msr;
	const auto put = [&](Msr which) {
		const vmx::u64 mask = vmx::bit(bit);
		caps.set(which, on ? caps.get(which) | mask : caps.get(which) & ~mask);
	};

	put(msr);
	if (msr >= Msr::pinbased_ctls && msr <= Msr::entry_ctls)
		put(static_cast<Msr>(static_cast<vmx::u32>(msr) + 0xc));
}

} // namespace unit
