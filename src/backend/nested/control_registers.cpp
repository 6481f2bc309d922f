// SPDX-License-Identifier: GPL-2.0-only
#include "backend/nested/control_registers.hpp"

namespace backend::nested {

namespace {

/// `free` bits may have any value.
bool allows(const Vcpu &vcpu, Msr fixed0, Msr fixed1, u64 free, u64 value)
{
	const auto &capabilities = vcpu.nested.capabilities;
	const u64 ones = capabilities.get(fixed0) & ~free;

	return (value & ones) == ones && !(value & ~(capabilities.get(fixed1) | free));
}

} // namespace

bool allows_host_cr0(const Vcpu &vcpu, u64 value)
{
	return allows(vcpu, Msr::cr0_fixed0, Msr::cr0_fixed1, 0, value);
}

bool allows_guest_cr0(const Vcpu &vcpu, u64 value, bool unrestricted)
{
	return allows(vcpu, Msr::cr0_fixed0, Msr::cr0_fixed1, unrestricted ? cr0::pe | cr0::pg : 0,
		      value);
}

bool allows_cr4(const Vcpu &vcpu, u64 value)
{
	return allows(vcpu, Msr::cr4_fixed0, Msr::cr4_fixed1, 0, value);
}

bool is_valid_cr0(const Vcpu &vcpu, u64 value)
{
	if (in_guest_mode(vcpu))
		return allows_guest_cr0(vcpu, value,
					secondary12(vcpu).has(secondary::unrestricted_guest));
	return !vcpu.nested.vmx_on || allows_host_cr0(vcpu, value);
}

bool is_valid_cr4(const Vcpu &vcpu, u64 value)
{
	// SMM has no VMX: RSM would not know what to restore.
	if (value & cr4::vmxe && vcpu.kvm.arch.hflags & kernel::HF_SMM_MASK)
		return false;
	return !vcpu.nested.vmx_on || allows_cr4(vcpu, value);
}

} // namespace backend::nested
