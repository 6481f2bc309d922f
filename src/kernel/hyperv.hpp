// SPDX-License-Identifier: GPL-2.0-only
//
// Hyper-V as the hypervisor below.
#pragma once

#include "kernel/bindings.hpp"

namespace kernel {

extern "C" {
#include "kernel/helpers/hyperv.h"
}

inline kvmxx_hyperv read_hyperv()
{
	return kvmxx_read_hyperv();
}

inline bool has_assist_page(int cpu)
{
	return kvmxx_has_assist_page(cpu);
}

/// Of this CPU, interrupts off: the kernel tells Hyper-V of none before a CPU goes.
inline bool assist_page_is_on()
{
	return kvmxx_assist_page_is_on();
}

/// The VMCS that VM entries of this CPU use, preemption off; 0 is none.
inline void set_current_evmcs(u64 physical, bool direct_flush)
{
	kvmxx_set_current_evmcs(physical, direct_flush);
}

inline void leave_evmcs()
{
	kvmxx_leave_evmcs();
}

/// Physical address; 0: no memory.
inline u64 partition_assist_page(kvm *machine)
{
	return kvmxx_partition_assist_page(machine);
}

/// The vCPU as its guest's hypercalls call it.
inline u32 vp_index(kvm_vcpu *vcpu)
{
	return kvmxx_vp_index(vcpu);
}

/// Tells kvm.ko of the EPT that the vCPU goes on with. @return whether it is another than before.
[[nodiscard]] inline bool track_root(kvm_vcpu *vcpu, u64 root)
{
	return kvmxx_track_root(vcpu, root);
}

/// kvm.ko drops what CPUs have cached of an EPT by hypercall.
inline void flush_remotely(kvm_x86_ops &ops)
{
	kvmxx_flush_remotely(&ops);
}

} // namespace kernel
