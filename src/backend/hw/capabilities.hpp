// SPDX-License-Identifier: GPL-2.0-only
#pragma once

#include "core/check/state.hpp"
#include "vmx/capabilities.hpp"

namespace hw {

/// The capability MSRs and CPUID of the CPU that runs this. An MSR that faults is absent.
vmx::VmxCapabilities read_capabilities();

/// CPUID.1:ECX.VMX, whatever the kernel makes of it.
bool cpuid_has_vmx();

/// The width of physical addresses that CPUID reports, bits for memory encryption included.
unsigned physical_address_bits();

/// What the VM-entry checks of the CPU go by.
vmx::check::Limits entry_limits();

} // namespace hw
