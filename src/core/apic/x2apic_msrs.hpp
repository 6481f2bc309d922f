// SPDX-License-Identifier: GPL-2.0-only
#pragma once

#include "vmx/apic.hpp"

/// Which of the x2APIC's MSRs the CPU answers by itself (SDM, "Virtualizing MSR-Based APIC
/// Accesses").
namespace vmx::apic {

enum class X2apicVirtualization : u8 {
	none,
	task_priority, ///< "virtualize x2APIC mode" alone: TPR
	registers,     ///< with register virtualization and virtual-interrupt delivery
	ipis,	       ///< and with IPI virtualization: ICR
};

struct Freedom {
	bool read, write;

	friend constexpr bool operator==(Freedom, Freedom) = default;
};

/// What needs no exit of MSR `x2apic_msrs + index`. The CPU reads any of the page's offsets, so
/// only registers that every x2APIC has are let go; what must fail, does so in kvm.ko.
Freedom x2apic_freedom(u32 index, X2apicVirtualization how);

} // namespace vmx::apic
