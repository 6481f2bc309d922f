// SPDX-License-Identifier: GPL-2.0-only
#include "backend/vcpu/emulation.hpp"

#include "backend/nested/emulation.hpp"
#include "backend/setup.hpp"
#include "backend/vcpu/events.hpp"

namespace backend {

bool can_emulate_instruction(kernel::kvm_vcpu *kvm, int, void *, int)
{
	if (!vcpu_of(kvm).exit.reason.enclave()) [[likely]]
		return true;
	// An enclave's code is encrypted, and its registers are not those that the exit has left.
	// Its instruction can only be refused.
	kernel::kvm_queue_exception(kvm, vector::ud);
	return false;
}

int check_intercept(kernel::kvm_vcpu *kvm, kernel::x86_instruction_info *instruction,
		    kernel::x86_intercept_stage, kernel::x86_exception *)
{
	// Asked for L2 only, about what L1 intercepts.
	return nested::check_emulated(vcpu_of(kvm), *instruction);
}

int skip_emulated_instruction(kernel::kvm_vcpu *kvm)
{
	if (!nested::has_monitor_trap(vcpu_of(kvm))) [[likely]]
		return skip_instruction(kvm);
	if (!skip_instruction(kvm))
		return 0;
	nested::pend_monitor_trap(vcpu_of(kvm));
	return 1;
}

void update_emulated_instruction(kernel::kvm_vcpu *kvm)
{
	if (nested::has_monitor_trap(vcpu_of(kvm))) [[unlikely]]
		nested::pend_monitor_trap(vcpu_of(kvm));
}

void patch_hypercall(kernel::kvm_vcpu *, unsigned char *hypercall)
{
	// VMCALL
	hypercall[0] = 0x0f;
	hypercall[1] = 0x01;
	hypercall[2] = 0xc1;
}

int complete_emulated_msr(kernel::kvm_vcpu *kvm, int error)
{
	return kernel::kvm_complete_insn_gp(kvm, error);
}

bool has_wbinvd_exit()
{
	return setup().config.secondary.has(secondary::wbinvd_exiting);
}

void vcpu_deliver_sipi_vector(kernel::kvm_vcpu *kvm, u8 vector)
{
	kernel::kvm_vcpu_deliver_sipi_vector(kvm, vector);
}

} // namespace backend
