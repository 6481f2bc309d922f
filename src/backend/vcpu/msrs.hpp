// SPDX-License-Identifier: GPL-2.0-only
#pragma once

#include "backend/vcpu/vcpu.hpp"

/// The guest's MSRs: what an access does, which go without an exit, which the host gets back late.
namespace backend {

/// kvm.ko's "this MSR does not exist": #GP in the guest unless userspace handles it.
inline constexpr int msr_unsupported = 2;

/// @return 0, 1 (the access is bad: #GP), or msr_unsupported.
int get_msr(kernel::kvm_vcpu *kvm, kernel::msr_data *msr);
int set_msr(kernel::kvm_vcpu *kvm, kernel::msr_data *msr);

int get_msr_feature(kernel::kvm_msr_entry *entry);
bool has_emulated_msr(kernel::kvm *kvm, u32 index);
void msr_filter_changed(kernel::kvm_vcpu *kvm);

/// Tells kvm.ko which MSRs need to be the host's only in userspace. At load.
void register_user_return_msrs();

/// Loads those on this CPU. Preemption off.
void load_user_return_msrs(Vcpu &vcpu);

/// EFER by VM entry and exit where host and guest differ: by the controls, or by the MSR lists.
void update_efer_switching(Vcpu &vcpu);

/// After CPUID or a mode of the guest changed: which MSRs may go without an exit.
void update_msr_passthrough(Vcpu &vcpu);

/// kvm.ko's value of the guest's IA32_PAT, where VM entry loads it.
void write_pat(Vcpu &vcpu);

/// Neither branch records nor branch steps are virtualised: the CPU clears BTF at a #DB that does
/// not exit. Guests set them without asking, so they are dropped and not refused.
inline constexpr u64 debugctl_dropped = debugctl::lbr | debugctl::btf;
inline constexpr u64 debugctl_everyone_has = debugctl_dropped | debugctl::freeze_in_smm;

/// The bits of IA32_DEBUGCTL that the guest may write.
[[nodiscard]] u64 valid_debugctl(Vcpu &vcpu);

/// The host changed a bit of DEBUGCTL that is in force in the guest too.
void refresh_debugctl(Vcpu &vcpu);

/// As after RESET.
void reset_msrs(Vcpu &vcpu, bool init_event);

/// The guest may write IA32_SPEC_CTRL without an exit: it must be read back after each one.
bool spec_ctrl_is_free(const Vcpu &vcpu);

} // namespace backend
