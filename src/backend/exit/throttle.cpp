// SPDX-License-Identifier: GPL-2.0-only
#include "backend/exit/throttle.hpp"

#include "backend/setup.hpp"
#include "backend/vcpu/events.hpp"
#include "backend/vcpu/registers.hpp"
#include "core/decode/qualification.hpp"

namespace backend {

Secondary throttle_controls(const Vcpu &vcpu)
{
	const auto &vm = vcpu.kvm.kvm->arch;
	Secondary controls{};

	if (vm.bus_lock_detection_enabled)
		controls |= secondary::bus_lock_detection;
	if (vm.notify_vmexit_flags & kernel::KVM_X86_NOTIFY_VMEXIT_ENABLED)
		controls |= secondary::instruction_timeout;
	return controls & setup().config.secondary;
}

void initialise_throttle(Vcpu &vcpu)
{
	if (vcpu.vmcs().secondary.get().has(secondary::instruction_timeout))
		write(vcpu.current(), f::notify_window, u32{vcpu.kvm.kvm->arch.notify_window});
}

int handle_bus_lock(Vcpu &vcpu)
{
	// The flag, which tells it from an exit for another reason, comes with every such exit.
	vcpu.kvm.run->exit_reason = kernel::KVM_EXIT_X86_BUS_LOCK;
	return result_of(ExitAction::to_userspace);
}

int report_bus_lock(Vcpu &vcpu, int result)
{
	if (result < 0)
		return result;
	vcpu.kvm.run->flags |= kernel::KVM_RUN_X86_BUS_LOCK;
	// Another reason to exit came first, and is dealt with: userspace is told all the same.
	return result == result_of(ExitAction::resume) ? handle_bus_lock(vcpu) : result;
}

int handle_notify(Vcpu &vcpu)
{
	const auto notify = decode::Notify::decode(exit_qualification(vcpu));
	auto &kvm = vcpu.kvm;

	++kvm.stat.notify_window_exits;
	block_nmi_again(vcpu, notify.iret_unblocked_nmi);

	const bool asked = kvm.kvm->arch.notify_vmexit_flags & kernel::KVM_X86_NOTIFY_VMEXIT_USER;

	if (!asked && !notify.context_invalid)
		return result_of(ExitAction::resume);
	// A context that is not valid must not run on, whoever asked.
	kvm.run->exit_reason = kernel::KVM_EXIT_NOTIFY;
	kvm.run->notify.flags = notify.context_invalid ? kernel::KVM_NOTIFY_CONTEXT_INVALID : 0;
	return result_of(ExitAction::to_userspace);
}

} // namespace backend
