// SPDX-License-Identifier: GPL-2.0-only
#pragma once

#include "core/config/report.hpp"
#include "vmx/capabilities.hpp"

/// From the capability MSRs of a CPU to the VMX controls that KVM runs with. Pure: the same value
/// in, the same value and the same lines out, in the module, on the host and in the tests.
namespace vmx {

/// The controls a vCPU starts from and the limits they come with. Every CPU must compute the same.
///
/// `primary` holds the CR3 and INVLPG exits that shadow paging needs: a VM that uses EPT clears
/// them. It holds the CR8 exits only where there is no TPR shadow. "IA-32e mode guest" and the
/// window exits change while a vCPU runs and are not part of the configuration; that the CPU has
/// them is checked.
struct VmcsConfig {
	Pin pin{};
	Primary primary{};
	Secondary secondary{};
	Tertiary tertiary{};
	Exit exit{};
	Entry entry{};
	EptVpidCap ept_vpid{}; ///< without the half whose control is not in `secondary`
	u32 revision{};	       ///< VMCS revision identifier
	u32 region_size{};     ///< bytes
	u64 basic{};
	u64 misc{};
	u64 vmfunc{};
	u64 cr0_fixed0{};
	u64 cr0_fixed1{};
	u64 cr4_fixed0{};
	u64 cr4_fixed1{};

	[[nodiscard]] friend constexpr bool operator==(const VmcsConfig &,
						       const VmcsConfig &) = default;
};

} // namespace vmx

namespace vmx::config {

enum class Word : u8;

/// What a configuration has of a word; 0 of a word that is no part of it.
[[nodiscard]] u64 value_of(const VmcsConfig &config, Word word);

struct Options {
	/// On: any violated reject rule makes the verdict `inconsistent`. Off: what the rule names
	/// is dropped, which is reported all the same.
	bool error_on_inconsistent = true;
};

/// Chooses a configuration. Every violated rule and every missing required control becomes one
/// line.
/// @return the configuration; to be used only if `report.usable()` afterwards.
[[nodiscard]] VmcsConfig compute(const VmxCapabilities &caps, const Options &options,
				 Report &report);

/// Reports each field of `found` that differs from `expected`, by name and with both values.
/// @return the number of fields that differ.
unsigned compare(const VmcsConfig &expected, const VmcsConfig &found, const Sink &sink);

/// Reports each MSR that must exist on this CPU, as its other MSRs have it, but is absent.
/// @return the number of absent MSRs.
unsigned report_missing(const VmxCapabilities &caps, const Sink &sink);

/// Prints the capability MSRs, every named control with what the CPU allows and what was chosen.
void print_config(const VmxCapabilities &caps, const VmcsConfig &config, const Sink &sink);

} // namespace vmx::config
