// SPDX-License-Identifier: GPL-2.0-only
//
// CPUs of the host: which there are, what they have, calls to them, preemption and interrupts, and
// the state of this one that a guest shares or an exit disturbs.
#pragma once

#include "kernel/bindings.hpp"

namespace kernel {

extern "C" {
#include "kernel/helpers/cpu.h"
#include "kernel/helpers/debug.h"
#include "kernel/helpers/interrupts.h"
#include "kernel/helpers/l1d_flush.h"
#include "kernel/helpers/msr.h"
#include "kernel/helpers/segments.h"
#include "kernel/helpers/speculation.h"

void asm_exc_nmi_noist();
}

inline auto host_constants()
{
	return kvmxx_read_host_constants();
}
inline auto host_per_cpu()
{
	return kvmxx_read_host_per_cpu();
}

/// -1 stands before the first and after the last.
inline int first_possible_cpu()
{
	return kvmxx_next_possible_cpu(-1);
}
inline int next_possible_cpu(int cpu)
{
	return kvmxx_next_possible_cpu(cpu);
}
inline int first_online_cpu()
{
	return kvmxx_next_online_cpu(-1);
}
inline int next_online_cpu(int cpu)
{
	return kvmxx_next_online_cpu(cpu);
}

/// Of meaning only while preemption is off.
inline int this_cpu_id()
{
	return kvmxx_this_cpu_id();
}

/// Calls in interrupt context over there and waits. 0, or -ENXIO where that CPU is offline.
inline int call_on_cpu(int cpu, void (*function)(void *), void *data)
{
	return kvmxx_call_on_cpu(cpu, function, data);
}
inline void call_on_each_cpu(void (*function)(void *), void *data)
{
	kvmxx_call_on_each_cpu(function, data);
}

/// An X86_FEATURE_ or X86_BUG_ of the boot CPU, as far as the kernel uses it.
inline bool cpu_has(unsigned feature)
{
	return boot_cpu_data.x86_capability[feature / 32] >> feature % 32 & 1;
}

/// MSRs every CPU here has: a fault is reported by the kernel, and reads 0.
inline unsigned long read_msr(u32 msr)
{
	return kvmxx_read_msr(msr);
}
inline void write_msr(u32 msr, unsigned long value)
{
	kvmxx_write_msr(msr, value);
}

inline void indirect_branch_prediction_barrier()
{
	kvmxx_indirect_branch_prediction_barrier();
}
inline bool has_spec_ctrl()
{
	return cpu_has(X86_FEATURE_MSR_SPEC_CTRL);
}

/// What IA32_SPEC_CTRL holds on this CPU while the kernel runs; preemption is off.
inline unsigned long current_spec_ctrl()
{
	unsigned long value;

	// A per-CPU variable's symbol is its offset from GS, in memory of each CPU's own.
	asm volatile("mov %%gs:x86_spec_ctrl_current, %0" : "=r"(value));
	return value;
}

/// Whether this entry must flush the L1 data cache; 'vcpu_dirty' is what kvm.ko says of the vCPU.
inline bool l1d_flush_needed(bool vcpu_dirty)
{
	constexpr int conditionally = 2, always = 3; // enum vmx_l1d_flush_state
	const int state = kvmxx_l1d_flush_state;

	if (state == conditionally) [[unlikely]]
		return vcpu_dirty || kvmxx_l1d_is_dirty();
	return state == always;
}

/// A new VM: says once in the log what of the host it may be able to read.
inline void warn_of_l1d()
{
	kvmxx_l1d_warn_of_vm();
}

inline void read_debug_registers(unsigned long (&db)[4], unsigned long *dr6)
{
	kvmxx_read_debug_registers(db, dr6);
}
inline void write_dr6(unsigned long value)
{
	kvmxx_write_dr6(value);
}

inline void save_host_segments(kvmxx_host_segments *segments)
{
	kvmxx_save_host_segments(segments);
}
inline void restore_host_segments(const kvmxx_host_segments *segments)
{
	kvmxx_restore_host_segments(segments);
}
/// After every exit, which leaves null in both.
inline void restore_host_data_segments(const kvmxx_host_segments &segments)
{
	if (segments.ds | segments.es) [[unlikely]]
		kvmxx_load_data_segments(segments.ds, segments.es);
}

/// Where the host handles a vector; for an NMI, without a switch to a stack of its own.
inline unsigned long idt_handler(u8 vector)
{
	return kvmxx_idt_handler(vector);
}
inline unsigned long nmi_handler()
{
	return reinterpret_cast<unsigned long>(asm_exc_nmi_noist);
}
inline void handle_machine_check()
{
	kvmxx_handle_machine_check();
}
inline void reschedule_this_cpu()
{
	kvmxx_reschedule_this_cpu();
}
inline void send_interrupt(int cpu, u8 vector)
{
	kvmxx_send_interrupt(cpu, vector);
}
inline u32 interrupt_destination(int cpu)
{
	return kvmxx_interrupt_destination(cpu);
}
inline bool split_lock_detection()
{
	return cpu_has(X86_FEATURE_SPLIT_LOCK_DETECT);
}
inline u32 read_and_reset_apf_flags()
{
	return kvm_read_and_reset_apf_flags();
}

class [[nodiscard]] PreemptOff {
public:
	PreemptOff() { kvmxx_preempt_disable(); }
	~PreemptOff() { kvmxx_preempt_enable(); }
	PreemptOff(const PreemptOff &) = delete;
};

class [[nodiscard]] IrqOff {
public:
	IrqOff() : flags_(kvmxx_irq_save()) {}
	~IrqOff() { kvmxx_irq_restore(flags_); }
	IrqOff(const IrqOff &) = delete;

private:
	unsigned long flags_;
};

/// While it lives, no CPU comes or goes.
class [[nodiscard]] CpusFixed {
public:
	CpusFixed() { kvmxx_cpus_read_lock(); }
	~CpusFixed() { kvmxx_cpus_read_unlock(); }
	CpusFixed(const CpusFixed &) = delete;
};

} // namespace kernel
