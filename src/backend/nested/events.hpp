// SPDX-License-Identifier: GPL-2.0-only
#pragma once

#include "backend/nested/guest_mode.hpp"

/// Events that reach L2: some are exits to L1. kvm.ko asks.
namespace backend::nested {

/// Whether an exception that L2 is about to get goes to L1 instead.
bool is_exception_vmexit(kernel::kvm_vcpu *kvm, u8 vector, u32 error_code);

/// What is pending and an exit to L1, highest priority first. @return 0, or -EBUSY if there is such
/// a thing, and L2 has to run first.
int check_events(kernel::kvm_vcpu *kvm);

/// Whether something is pending that only check_events() knows.
bool has_events(kernel::kvm_vcpu *kvm, bool for_injection);

void triple_fault(kernel::kvm_vcpu *kvm);

/// L2 is in the activity state that blocks interrupts, NMIs and SMIs, and in which the preemption
/// timer does not exit (SDM, "Activity State", "VMX-Preemption Timer").
[[nodiscard]] inline bool waits_for_sipi(const Vcpu &vcpu)
{
	return in_guest_mode(vcpu) && vcpu.kvm.arch.mp_state == kernel::KVM_MP_STATE_INIT_RECEIVED;
}

/// What becomes of an interrupt or an NMI for L2.
enum class Fate : u8 {
	injected,    ///< L2 takes it, if it lets it in
	exits,	     ///< L1 does, whatever L2 has masked
	has_to_wait, ///< until the entry that L1 has asked for has been made, or for SIPI
};
[[nodiscard]] Fate fate_of_l2_interrupt(const Vcpu &vcpu);
[[nodiscard]] Fate fate_of_l2_nmi(Vcpu &vcpu);

// kvm.ko asks several times for each event: no call while L1 runs.
[[nodiscard]] inline Fate fate_of_interrupt(const Vcpu &vcpu)
{
	return in_guest_mode(vcpu) ? fate_of_l2_interrupt(vcpu) : Fate::injected;
}
[[nodiscard]] inline Fate fate_of_nmi(Vcpu &vcpu)
{
	return in_guest_mode(vcpu) ? fate_of_l2_nmi(vcpu) : Fate::injected;
}

} // namespace backend::nested
