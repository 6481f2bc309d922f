// SPDX-License-Identifier: GPL-2.0-only
#pragma once

#include "backend/vcpu/vcpu.hpp"

/// What kvm.ko's instruction emulator asks of the backend.
namespace backend {

bool can_emulate_instruction(kernel::kvm_vcpu *kvm, int type, void *instruction, int length);
int check_intercept(kernel::kvm_vcpu *kvm, kernel::x86_instruction_info *info,
		    kernel::x86_intercept_stage stage, kernel::x86_exception *exception);
int skip_emulated_instruction(kernel::kvm_vcpu *kvm);
void update_emulated_instruction(kernel::kvm_vcpu *kvm);
void patch_hypercall(kernel::kvm_vcpu *kvm, unsigned char *hypercall);
int complete_emulated_msr(kernel::kvm_vcpu *kvm, int error);
bool has_wbinvd_exit();
void vcpu_deliver_sipi_vector(kernel::kvm_vcpu *kvm, u8 vector);

} // namespace backend
