// SPDX-License-Identifier: GPL-2.0-only
#pragma once

#include "backend/vcpu/vcpu.hpp"

/// What a handler of an exit decides. kvm.ko's convention for the numbers: 1 runs the guest on, 0
/// goes to userspace with kvm_run filled in, a negative errno ends KVM_RUN with it.
namespace backend {

enum class [[nodiscard]] ExitAction : int{to_userspace = 0, resume = 1};

using ExitHandler = int (*)(Vcpu &vcpu);

/// kvm.ko's emulate-and-skip helpers answer in its own convention already.
constexpr int result_of(ExitAction action)
{
	return static_cast<int>(action);
}

// clang-format off
int handle_exception(Vcpu &);         int handle_external_interrupt(Vcpu &);
int handle_triple_fault(Vcpu &);      int handle_interrupt_window(Vcpu &);
int handle_nmi_window(Vcpu &);        int handle_task_switch(Vcpu &);
int handle_io(Vcpu &);                int handle_cr_access(Vcpu &);
int handle_mov_dr(Vcpu &);            int handle_ept_violation(Vcpu &);
int handle_ept_misconfig(Vcpu &);     int handle_hlt(Vcpu &);
int handle_cpuid(Vcpu &);             int handle_rdmsr(Vcpu &);
int handle_wrmsr(Vcpu &);             int handle_vmcall(Vcpu &);
int handle_invd(Vcpu &);              int handle_invlpg(Vcpu &);
int handle_rdpmc(Vcpu &);             int handle_wbinvd(Vcpu &);
int handle_xsetbv(Vcpu &);            int handle_monitor(Vcpu &);
int handle_mwait(Vcpu &);             int handle_pause(Vcpu &);
int handle_undefined(Vcpu &);         int handle_machine_check_exit(Vcpu &);
int handle_tpr_below_threshold(Vcpu &); int handle_preemption_timer(Vcpu &);
int handle_apic_access(Vcpu &);       int handle_apic_write(Vcpu &);
int handle_virtualized_eoi(Vcpu &);
int handle_descriptor_table(Vcpu &);  int handle_monitor_trap(Vcpu &);
int handle_pml_full(Vcpu &);          int handle_invpcid(Vcpu &);
int handle_bus_lock(Vcpu &);          int handle_notify(Vcpu &);
int handle_encls(Vcpu &);
// clang-format on

} // namespace backend
