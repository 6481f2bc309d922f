// SPDX-License-Identifier: GPL-2.0-only
#include "core/apic/x2apic_msrs.hpp"

namespace vmx::apic {

namespace {

/// What may be read, and is what the page of registers holds. Not here: EOI and SELF IPI, which
/// cannot be read; the CMCI entry, which not every APIC has; the timer's current count, which
/// kvm.ko computes.
constexpr bool readable(u32 index)
{
	switch (index) {
	case 0x02: // ID
	case 0x03: // version
	case 0x08: // TPR
	case 0x0a: // PPR
	case 0x0d: // LDR
	case 0x0f: // spurious vector
	case 0x28: // ESR
	case 0x30: // ICR
	case 0x38: // initial count
	case 0x3e: // divider
		return true;
	default:
		return (index >= 0x10 && index <= 0x27) || // ISR, TMR, IRR
		       (index >= 0x32 && index <= 0x37);   // LVT
	}
}

constexpr u32 index_tpr = 0x08, index_eoi = 0x0b, index_icr = 0x30, index_self_ipi = 0x3f;

} // namespace

Freedom x2apic_freedom(u32 index, X2apicVirtualization how)
{
	switch (how) {
	case X2apicVirtualization::none:
		break;
	case X2apicVirtualization::task_priority:
		return {index == index_tpr, index == index_tpr};
	case X2apicVirtualization::registers:
	case X2apicVirtualization::ipis:
		return {readable(index),
			index == index_tpr || index == index_eoi || index == index_self_ipi ||
				(index == index_icr && how == X2apicVirtualization::ipis)};
	}
	return {};
}

} // namespace vmx::apic
