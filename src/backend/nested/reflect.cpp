// SPDX-License-Identifier: GPL-2.0-only
#include "backend/nested/reflect.hpp"

#include "backend/nested/guest_mode.hpp"
#include "backend/nested/intercepts.hpp"
#include "backend/nested/leave.hpp"
#include "backend/vcpu/events.hpp"
#include "backend/vcpu/registers.hpp"
#include "kernel/trace.hpp"

namespace backend::nested {

namespace {

/// Apart, so that an exit which L0 keeps does not pay for the frame.
[[gnu::noinline]] void reflect_to_l1(Vcpu &vcpu)
{
	// L1 is not offered detection of bus locks: it is L0's.
	Cause cause{.reason = vcpu.exit.reason.without_bus_lock(),
		    .qualification = exit_qualification(vcpu),
		    .from_hardware = true};

	if (vcpu.exit.reason.basic() == Reason::exception_nmi) {
		cause.interruption = vcpu.exit.interruption;
		if (cause.interruption.has_error_code())
			cause.error_code = read(vcpu.current(), f::exit_interruption_error_code);
	}
	leave(vcpu, cause);
}

} // namespace

bool reflect(Vcpu &vcpu)
{
	kernel::trace_nested_exit(&vcpu.kvm);
	if (is_for_l0(vcpu) || !l1_wants(vcpu))
		return false;
	reflect_to_l1(vcpu);
	return true;
}

void reflect_failed_entry(Vcpu &vcpu)
{
	// L1's own entry had passed its checks. Later, userspace has put something into L2 that it
	// cannot go on with.
	if (vcpu.nested.entry_pending && vcpu.exit.launch == Launch::done)
		undo_entry(vcpu,
			   {.reason = vcpu.exit.reason, .qualification = exit_qualification(vcpu)});
	else if (vcpu.nested.entry_pending)
		undo_entry(vcpu, {.reason = {static_cast<u32>(Reason::invalid_guest) | 1U << 31}});
	else
		leave(vcpu, {.reason = {static_cast<u32>(Reason::triple_fault)}});
}

bool reflect_failed_launch(Vcpu &vcpu)
{
	constexpr Secondary others =
		secondary::virtual_interrupt_delivery | secondary::virtualize_apic_accesses;

	// The one thing in memory that the CPU checks by itself: another vCPU of L1's has lowered
	// the virtual TPR since L0 compared it with the threshold.
	if (!primary12(vcpu).has(primary::use_tpr_shadow) || secondary12(vcpu).has_any(others) ||
	    !vcpu.nested.vmcs12->tpr_threshold)
		return false;
	cancel_injection(&vcpu.kvm);
	leave(vcpu, {.reason = {static_cast<u32>(Reason::tpr_below_threshold)}});
	return true;
}

} // namespace backend::nested
