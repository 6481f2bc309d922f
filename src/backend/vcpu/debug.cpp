// SPDX-License-Identifier: GPL-2.0-only
#include "backend/vcpu/debug.hpp"

#include "kernel/cpu.hpp"

namespace backend {

void set_dr7(kernel::kvm_vcpu *kvm, unsigned long value)
{
	write(vcpu_of(kvm).current(), f::guest_dr7, u64{value});
}

void sync_dirty_debug_regs(kernel::kvm_vcpu *kvm)
{
	Vcpu &vcpu = vcpu_of(kvm);
	auto &arch = kvm->arch;

	kernel::read_debug_registers(arch.db, &arch.dr6);
	// The host's next #DB only adds to what DR6 holds.
	kernel::write_dr6(dr6::active_low);
	arch.dr7 = read(vcpu.current(), f::guest_dr7);
	arch.switch_db_regs &= ~kernel::KVM_DEBUGREG_WONT_EXIT;
	vcpu.vmcs().primary.add(vcpu.current(), primary::mov_dr_exiting);
}

} // namespace backend
