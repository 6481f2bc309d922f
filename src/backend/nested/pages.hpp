// SPDX-License-Identifier: GPL-2.0-only
#pragma once

#include "backend/vcpu/vcpu.hpp"

/// Pages of L1's that the CPU itself works on while L2 runs: the virtual-APIC page, the APIC-access
/// page, the posted-interrupt descriptor.
namespace backend::nested {

/// All that the vmcs12 asks for, from L1's memory into vmcs02, which is in use.
/// @return false if L1 gave an address without memory behind.
[[nodiscard]] bool map_pages(Vcpu &vcpu);

/// L0's own APIC-access page is another one, or there is none any more: L2 may share it with L1.
void move_apic_page(Vcpu &vcpu);

void unmap_pages(Vcpu &vcpu);

/// Into the log of dirty pages, those that the CPU writes to: it says nothing of them, and L2 may
/// never run again here.
void log_mapped_pages(Vcpu &vcpu);
inline void log_pages(Vcpu &vcpu)
{
	// Without it there is no descriptor either.
	if (vcpu.nested.virtual_apic.mapped()) [[unlikely]]
		log_mapped_pages(vcpu);
}

} // namespace backend::nested
