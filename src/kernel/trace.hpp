// SPDX-License-Identifier: GPL-2.0-only
//
// kvm.ko's tracepoints: a load and a branch where nobody listens.
#pragma once

#include "kernel/cpu.hpp"

namespace kernel {

extern "C" {
extern struct tracepoint __tracepoint_kvm_apicv_accept_irq;
extern struct tracepoint __tracepoint_kvm_cr;
extern struct tracepoint __tracepoint_kvm_entry;
extern struct tracepoint __tracepoint_kvm_exit;
extern struct tracepoint __tracepoint_kvm_fast_mmio;
extern struct tracepoint __tracepoint_kvm_inj_virq;
extern struct tracepoint __tracepoint_kvm_nested_vmenter;
extern struct tracepoint __tracepoint_kvm_nested_vmenter_failed;
extern struct tracepoint __tracepoint_kvm_nested_vmexit;
extern struct tracepoint __tracepoint_kvm_nested_vmexit_inject;
extern struct tracepoint __tracepoint_kvm_page_fault;
extern struct tracepoint __tracepoint_kvm_pi_irte_update;
extern struct tracepoint __tracepoint_kvm_ple_window_update;
extern struct tracepoint __tracepoint_kvm_pml_full;
}

inline bool is_traced(const struct tracepoint &point)
{
	return __builtin_expect(__atomic_load_n(&point.key.enabled.counter, __ATOMIC_RELAXED) > 0,
				0);
}

/// The iterator calls every probe of the tracepoint; probes go away only after all CPUs have been
/// preemptible once.
template <typename... Parameters, typename... Arguments>
inline void trace(const struct tracepoint &point, int (*iterator)(void *, Parameters...),
		  Arguments... arguments)
{
	if (!is_traced(point))
		return;
	PreemptOff guard;
	iterator(nullptr, arguments...);
}

/// What the tracepoints print for the instruction set: decides how exit reasons are named.
inline constexpr u32 trace_isa_vmx = 1;

inline void trace_entry(kvm_vcpu *vcpu, bool force_immediate_exit)
{
	trace(__tracepoint_kvm_entry, __traceiter_kvm_entry, vcpu, force_immediate_exit);
}

inline void trace_exit(kvm_vcpu *vcpu)
{
	trace(__tracepoint_kvm_exit, __traceiter_kvm_exit, vcpu, trace_isa_vmx);
}

inline void trace_cr(bool write, unsigned cr, unsigned long value)
{
	trace(__tracepoint_kvm_cr, __traceiter_kvm_cr, static_cast<unsigned>(write), cr, value);
}

inline void trace_page_fault(kvm_vcpu *vcpu, u64 address, u64 error_code)
{
	trace(__tracepoint_kvm_page_fault, __traceiter_kvm_page_fault, vcpu, address, error_code);
}

inline void trace_fast_mmio(u64 gpa)
{
	trace(__tracepoint_kvm_fast_mmio, __traceiter_kvm_fast_mmio, gpa);
}

inline void trace_inject_interrupt(unsigned vector, bool software, bool again)
{
	trace(__tracepoint_kvm_inj_virq, __traceiter_kvm_inj_virq, vector, software, again);
}

inline void trace_ple_window_update(unsigned vcpu_id, u32 now, u32 was)
{
	trace(__tracepoint_kvm_ple_window_update, __traceiter_kvm_ple_window_update, vcpu_id, now,
	      was);
}

inline void trace_accept_interrupt(unsigned apic_id, unsigned short delivery_mode,
				   unsigned short trigger_mode, unsigned char vector)
{
	trace(__tracepoint_kvm_apicv_accept_irq, __traceiter_kvm_apicv_accept_irq, apic_id,
	      delivery_mode, trigger_mode, vector);
}

inline void trace_route_update(unsigned host_irq, unsigned vcpu_id, unsigned guest_irq,
			       unsigned vector, u64 descriptor, bool set)
{
	trace(__tracepoint_kvm_pi_irte_update, __traceiter_kvm_pi_irte_update, host_irq, vcpu_id,
	      guest_irq, vector, descriptor, set);
}

inline void trace_nested_enter(u64 l1_rip, u64 vmcs, u64 rip, u32 interrupt_status, u32 event,
			       bool ept, u64 ept_pointer, u64 cr3)
{
	trace(__tracepoint_kvm_nested_vmenter, __traceiter_kvm_nested_vmenter, l1_rip, vmcs, rip,
	      interrupt_status, event, ept, ept_pointer, cr3, trace_isa_vmx);
}

inline void trace_nested_enter_failed(const char *check, u32 error)
{
	trace(__tracepoint_kvm_nested_vmenter_failed, __traceiter_kvm_nested_vmenter_failed, check,
	      error);
}

inline void trace_nested_exit(kvm_vcpu *vcpu)
{
	trace(__tracepoint_kvm_nested_vmexit, __traceiter_kvm_nested_vmexit, vcpu, trace_isa_vmx);
}

inline void trace_nested_exit_inject(u32 reason, u64 qualification, u64 idt_vectoring,
				     u32 interruption, u32 error_code)
{
	trace(__tracepoint_kvm_nested_vmexit_inject, __traceiter_kvm_nested_vmexit_inject, reason,
	      qualification, idt_vectoring, interruption, error_code, trace_isa_vmx);
}

inline void trace_pml_full(unsigned vcpu_id)
{
	trace(__tracepoint_kvm_pml_full, __traceiter_kvm_pml_full, vcpu_id);
}

} // namespace kernel
