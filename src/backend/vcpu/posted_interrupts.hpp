// SPDX-License-Identifier: GPL-2.0-only
#pragma once

#include "backend/vcpu/vcpu.hpp"

/// Interrupts posted in a vCPU's descriptor: by software, by other vCPUs' IPIs (IPI virtualization)
/// and by devices (VT-d). A CPU in the guest takes them over when it gets the notification vector;
/// without "process posted interrupts" that vector is an exit, and the next entry takes them over.
namespace backend {

/// Into a VMCS that has just been cleared.
void initialise_posting(Vcpu &vcpu);

/// A vector for a vCPU with APICv, and whatever makes it notice. From any context.
void post_interrupt(Vcpu &vcpu, u8 vector);

/// Takes over what has been posted. @return the highest pending vector, or -1.
int sync_pir_to_irr(kernel::kvm_vcpu *kvm);

/// State is about to be loaded or reset: what has been posted is not part of it.
void apicv_pre_state_restore(kernel::kvm_vcpu *kvm);

/// Whether something was posted to a vCPU that waits. From any CPU.
bool dy_apicv_has_pending_interrupt(kernel::kvm_vcpu *kvm);

/// Where hardware sends notifications to as the vCPU comes to a CPU and leaves it, if the CPU posts
/// interrupts. Preemption is off.
void load_posting(Vcpu &vcpu, int cpu);
void put_posting(Vcpu &vcpu);

/// The vector that wakes vCPUs up, at load and unload.
void start_wakeups();
void stop_wakeups();

} // namespace backend
