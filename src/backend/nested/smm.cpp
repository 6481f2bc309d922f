// SPDX-License-Identifier: GPL-2.0-only
#include "backend/nested/smm.hpp"

#include "backend/nested/enter.hpp"
#include "backend/nested/entry_checks.hpp"
#include "backend/nested/guest_mode.hpp"
#include "backend/nested/leave.hpp"
#include "backend/nested/shadowing.hpp"

namespace backend::nested {

void enter_smm(Vcpu &vcpu)
{
	Nested &nested = vcpu.nested;

	nested.smm.guest_mode = in_guest_mode(vcpu);
	if (nested.smm.guest_mode) {
		suspend(vcpu);
		// L2 has had the event that L1 injected: the entry behind RSM, wherever it is made,
		// must not repeat it.
		nested.vmcs12->entry_interruption_info &= ~Interruption::valid_bit;
	} else if (nested.vmx_on) {
		take_from_shadow(vcpu);
	}
	turn_shadowing_off(vcpu);
	nested.smm.vmx_on = nested.vmx_on;
	nested.vmx_on = false;
}

int leave_smm(Vcpu &vcpu)
{
	Nested &nested = vcpu.nested;

	if (nested.smm.vmx_on) {
		nested.vmx_on = true;
		nested.smm.vmx_on = false;
		if (!nested.smm.guest_mode)
			give_to_shadow(vcpu);
	}
	if (!nested.smm.guest_mode)
		return 0;
	nested.smm.guest_mode = false;
	// SMM, or userspace meanwhile, may have changed what L2 was let in by.
	if (!may_go_on(vcpu, false))
		return 1;
	if (enter(vcpu, By::rsm) != Entered::yes)
		return 1;
	nested.entry_pending = true;
	return 0;
}

} // namespace backend::nested
