// SPDX-License-Identifier: GPL-2.0-only
#include "backend/vcpu/fill_buffers.hpp"

#include "backend/setup.hpp"
#include "core/decode/fill_buffers.hpp"
#include "kernel/cpu.hpp"
#include "kernel/enter.h"

namespace backend {

void choose_fill_buffer_clearing(Vcpu &vcpu)
{
	constexpr u64 spare = bit(KVMXX_ENTRY_SPARE_FILL_BUFFERS_BIT);

	if (verw_may_spare_fill_buffers(setup().features.host_arch_capabilities,
					kernel::cpu_has(kernel::X86_BUG_MDS) ||
						kernel::cpu_has(kernel::X86_BUG_TAA) ||
						kernel::cpu_has(kernel::X86_FEATURE_CLEAR_CPU_BUF),
					vcpu.kvm.arch.arch_capabilities))
		vcpu.entry_flags |= spare;
	else
		vcpu.entry_flags &= ~spare;
}

} // namespace backend
