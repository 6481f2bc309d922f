// SPDX-License-Identifier: GPL-2.0-only
#include "backend/nested/vm_functions.hpp"

#include "backend/exit/handler.hpp"
#include "backend/nested/guest_mode.hpp"
#include "backend/nested/leave.hpp"
#include "backend/nested/mmu.hpp"
#include "backend/setup.hpp"
#include "backend/vcpu/registers.hpp"
#include "core/check/check.hpp"

namespace backend::nested {

namespace {

constexpr u32 eptp_switching = 0;

u32 low(const Vcpu &vcpu, kernel::kvm_reg which)
{
	return static_cast<u32>(vcpu.kvm.arch.regs[which]);
}

/// SDM, "EPTP Switching". @return false if it has to exit.
bool switch_ept(Vcpu &vcpu, u32 entry)
{
	constexpr u32 entries = 512;
	Vmcs12 &vmcs12 = *vcpu.nested.vmcs12;
	u64 pointer;

	if (!has_ept12(vcpu) || entry >= entries ||
	    kernel::kvm_vcpu_read_guest(&vcpu.kvm,
					vmcs12.eptp_list_address + entry * sizeof(pointer),
					&pointer, sizeof(pointer)) ||
	    !check::is_ept_pointer(pointer, vcpu.nested.limits))
		return false;
	if (pointer == vmcs12.ept_pointer)
		return true;
	vmcs12.ept_pointer = pointer;
	use_ept(vcpu);
	return true;
}

} // namespace

bool cpu_has_vm_functions()
{
	return setup().capabilities.secondary().allowed1.has(secondary::enable_vmfunc);
}

int handle_vmfunc(Vcpu &vcpu)
{
	if (!in_guest_mode(vcpu) || !secondary12(vcpu).has(secondary::enable_vmfunc))
		return handle_undefined(vcpu);

	const u32 function = low(vcpu, kernel::VCPU_REGS_RAX);

	if (function == eptp_switching &&
	    VmFunc{vcpu.nested.vmcs12->vm_function_controls}.has(vmfunc::eptp_switching) &&
	    switch_ept(vcpu, low(vcpu, kernel::VCPU_REGS_RCX)))
		return kernel::kvm_skip_emulated_instruction(&vcpu.kvm);
	leave(vcpu, {.reason = vcpu.exit.reason,
		     .qualification = exit_qualification(vcpu),
		     .from_hardware = true});
	return result_of(ExitAction::resume);
}

} // namespace backend::nested
