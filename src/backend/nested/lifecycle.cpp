// SPDX-License-Identifier: GPL-2.0-only
#include "backend/nested/lifecycle.hpp"

#include "backend/nested/capabilities.hpp"
#include "backend/nested/guest_mode.hpp"
#include "backend/nested/instructions.hpp"
#include "backend/nested/leave.hpp"
#include "backend/nested/preemption_timer.hpp"

namespace backend::nested {

void create(Vcpu &vcpu)
{
	vcpu.nested.capabilities = offered_capabilities();
	vcpu.nested.pointer = vcpu.nested.vmxon_pointer = Nested::none;
	vcpu.nested.notification_vector = Nested::no_vector;
	create_preemption_timer(vcpu);
}

void leave_nested(kernel::kvm_vcpu *kvm)
{
	Vcpu &vcpu = vcpu_of(kvm);

	if (in_guest_mode(vcpu))
		suspend(vcpu);
	end_vmx_operation(vcpu);
}

} // namespace backend::nested
