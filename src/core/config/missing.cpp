// SPDX-License-Identifier: GPL-2.0-only
#include "core/config/missing.hpp"

#include "core/config/config.hpp"
#include "core/config/text.hpp"

namespace vmx::config {

const char *must_exist(const VmxCapabilities &caps, Msr msr)
{
	switch (msr) {
	case Msr::true_pinbased_ctls:
	case Msr::true_procbased_ctls:
	case Msr::true_exit_ctls:
	case Msr::true_entry_ctls:
		return caps.basic().true_controls() ? "IA32_VMX_BASIC bit 55 is 1" : nullptr;
	case Msr::procbased_ctls2:
		return caps.primary().allowed1.has(primary::activate_secondary)
			       ? "secondary controls can be activated"
			       : nullptr;
	case Msr::procbased_ctls3:
		return caps.primary().allowed1.has(primary::activate_tertiary)
			       ? "tertiary controls can be activated"
			       : nullptr;
	case Msr::exit_ctls2:
		return caps.exit().allowed1.has(exit::activate_secondary)
			       ? "secondary vm-exit controls can be activated"
			       : nullptr;
	case Msr::ept_vpid_cap:
		return caps.secondary().allowed1.has_any(secondary::enable_ept |
							 secondary::enable_vpid)
			       ? "EPT or VPID is supported"
			       : nullptr;
	case Msr::vmfunc:
		return caps.secondary().allowed1.has(secondary::enable_vmfunc)
			       ? "VM functions are supported"
			       : nullptr;
	case Msr::feature_control:
		// Some hypervisors do not show it; what it forbids, VMXON tells.
		return nullptr;
	default:
		return "every CPU with VMX has it";
	}
}

unsigned report_missing(const VmxCapabilities &caps, const Sink &sink)
{
	unsigned absent = 0;

	for (const MsrInfo &info : capability_msrs) {
		const char *reason = caps.has(info.msr) ? nullptr : must_exist(caps, info.msr);

		if (!reason)
			continue;
		Text text;
		text << info.name << " (" << Hex{static_cast<u32>(info.msr), 3}
		     << ") is missing: " << reason;
		sink(Severity::reject, text.c_str());
		absent++;
	}
	return absent;
}

} // namespace vmx::config
