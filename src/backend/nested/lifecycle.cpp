// SPDX-License-Identifier: GPL-2.0-only
#include "backend/nested/lifecycle.hpp"

#include "backend/nested/capabilities.hpp"
#include "backend/nested/guest_mode.hpp"
#include "backend/nested/instructions.hpp"
#include "backend/nested/leave.hpp"
#include "backend/nested/preemption_timer.hpp"
#include "backend/nested/shadowing.hpp"
#include "kernel/vcpu.hpp"

namespace backend::nested {

namespace {

void leave_for_ever(Vcpu &vcpu)
{
	// L2 is left by way of its VMCS. What L1 has in its VMCSs nobody will ask for again, and
	// whose memory this process would write to is not said.
	kernel::vcpu_load(&vcpu.kvm);
	{
		const kernel::SrcuRead guard(*vcpu.kvm.kvm);

		if (in_guest_mode(vcpu))
			abandon(vcpu);
	}
	vcpu.nested.pointer = Nested::none;
	end_vmx_operation(vcpu);
	kernel::vcpu_put(&vcpu.kvm);
}

} // namespace

void create(Vcpu &vcpu)
{
	vcpu.nested.capabilities = offered_capabilities();
	vcpu.nested.pointer = vcpu.nested.vmxon_pointer = Nested::none;
	vcpu.nested.evmcs.pointer = Nested::none;
	vcpu.nested.notification_vector = Nested::no_vector;
	create_preemption_timer(vcpu);
}

void destroy(Vcpu &vcpu)
{
	if (vcpu.nested.vmx_on || vcpu.nested.smm.vmx_on)
		leave_for_ever(vcpu);
	free_vmx_memory(vcpu);
}

void leave_nested(kernel::kvm_vcpu *kvm)
{
	Vcpu &vcpu = vcpu_of(kvm);
	const kernel::SrcuRead guard(*kvm->kvm);

	// What L1 has in its VMCS is lost: memory may already be that of another time.
	vcpu.nested.pointer = Nested::none;
	if (in_guest_mode(vcpu))
		drop(vcpu);
	turn_shadowing_off(vcpu);
	end_vmx_operation(vcpu);
}

} // namespace backend::nested
