// SPDX-License-Identifier: GPL-2.0-only
#pragma once

#include "backend/vcpu/vcpu.hpp"

/// L1's VMX instructions, by the pseudo-code of the SDM's "VMX Instruction Reference". Each returns
/// what the handler of an exit does. An L1 that is not offered VMX cannot set CR4.VMXE, and finds
/// none of them.
namespace backend::nested {

// clang-format off
int handle_vmxon(Vcpu &);    int handle_vmxoff(Vcpu &);
int handle_vmclear(Vcpu &);  int handle_vmptrld(Vcpu &);
int handle_vmptrst(Vcpu &);  int handle_vmread(Vcpu &);
int handle_vmwrite(Vcpu &);  int handle_vmlaunch(Vcpu &);
int handle_vmresume(Vcpu &); int handle_invept(Vcpu &);
int handle_invvpid(Vcpu &);
// clang-format on

/// Whether L1 may execute a VMX instruction other than VMXON; else it has its exception.
[[nodiscard]] bool permitted(Vcpu &vcpu);

/// Into VMX operation, without a current VMCS. @return 0 or -ENOMEM.
[[nodiscard]] int start_vmx_operation(Vcpu &vcpu);

/// Out of VMX operation, also by force. L2 does not run.
void end_vmx_operation(Vcpu &vcpu);

/// What the first VMXON has taken, which stays for the next ones. Outside of VMX operation.
void free_vmx_memory(Vcpu &vcpu);

} // namespace backend::nested
