// SPDX-License-Identifier: GPL-2.0-only
#pragma once

#include "backend/vcpu/vcpu.hpp"

/// How much of the local APIC the CPU virtualizes. From a CPU with nothing to one that does it all:
/// TPR shadow; the page of registers (flexpriority) or the TPR's MSR; registers, delivery and EOI
/// (APICv); posted interrupts and IPIs, which have files of their own.
namespace backend {

/// The ops that this configuration needs stay, so that kvm.ko neither calls nor asks the others.
void choose_apic_operations(kernel::kvm_x86_ops &ops);

/// The secondary controls that belong to the APIC, and those of them that this vCPU uses in the
/// mode that its APIC is in.
inline constexpr Secondary apic_controls =
	secondary::virtualize_apic_accesses | secondary::virtualize_x2apic |
	secondary::apic_register_virtualization | secondary::virtual_interrupt_delivery;
Secondary wanted_apic_controls(const Vcpu &vcpu);

/// Into a VMCS that has just been cleared.
void initialise_apic(Vcpu &vcpu);

/// @return whether APIC virtualization gives way to that reason to inhibit it.
bool check_apicv_inhibit_reasons(kernel::kvm_apicv_inhibit reason);
/// APIC virtualization has become active or inactive for this vCPU.
void refresh_apicv_exec_ctrl(kernel::kvm_vcpu *kvm);
/// The same, when vmcs01 is in use again.
void renew_apic(Vcpu &vcpu);
/// The APIC has been enabled, disabled, or has gone to x2APIC mode or back.
void set_virtual_apic_mode(kernel::kvm_vcpu *kvm);

/// What the CPU is to deliver next, and what it has delivered last; -1 is nothing.
void hwapic_irr_update(kernel::kvm_vcpu *kvm, int vector);
void hwapic_isr_update(kernel::kvm_vcpu *kvm, int vector);

/// Vectors whose EOI kvm.ko wants to know of: four words, a bit for each.
void load_eoi_exitmap(kernel::kvm_vcpu *kvm, u64 *bitmap);

/// A vector for this vCPU, from any context on any CPU.
void deliver_interrupt(kernel::kvm_lapic *apic, int delivery_mode, int trigger_mode, int vector);

inline bool in_x2apic_mode(const Vcpu &vcpu)
{
	constexpr u64 both = vmx::apic::enabled | vmx::apic::x2apic_enabled;

	return (vcpu.kvm.arch.apic_base & both) == both;
}

inline bool apicv_active(const Vcpu &vcpu)
{
	return vcpu.kvm.arch.apic && vcpu.kvm.arch.apic->apicv_active;
}

} // namespace backend
