// SPDX-License-Identifier: GPL-2.0-only
#include "backend/nested/posting.hpp"

#include "backend/nested/pages.hpp"
#include "backend/vcpu/segments.hpp"
#include "kernel/cpu.hpp"
#include "kernel/requests.hpp"
#include "vmx/apic.hpp"

namespace backend::nested {

namespace {

constexpr u64 page_mask = 0xfff;

PostedInterruptDescriptor &descriptor(const Vcpu &vcpu)
{
	// The checks of the entry have seen to the alignment.
	return *reinterpret_cast<PostedInterruptDescriptor *>(
		vcpu.nested.posted_descriptor.as<u8>() +
		(vcpu.nested.vmcs12->posted_interrupt_descriptor_address & page_mask));
}

/// Priority classes, of vectors and of task priorities alike.
constexpr unsigned class_of(unsigned priority)
{
	return priority >> 4;
}

} // namespace

bool notify_l2(Vcpu &vcpu, u8 vector)
{
	Nested &nested = vcpu.nested;
	kernel::kvm_vcpu &kvm = vcpu.kvm;

	if (__atomic_load_n(&nested.notification_vector, __ATOMIC_RELAXED) != vector)
		return false;
	__atomic_store_n(&nested.posted, true, __ATOMIC_RELAXED);
	// Before the mode is looked at: who comes into the guest after this sees the request.
	kernel::make_request(kvm, kernel::KVM_REQ_EVENT);
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
	if (__atomic_load_n(&kvm.mode, __ATOMIC_RELAXED) != kernel::IN_GUEST_MODE)
		kernel::kvm_vcpu_wake_up(&kvm);
	else if (&kvm != kernel::kvm_get_running_vcpu())
		kernel::send_interrupt(__atomic_load_n(&kvm.cpu, __ATOMIC_RELAXED),
				       kernel::POSTED_INTR_NESTED_VECTOR);
	return true;
}

void take_over_posted(Vcpu &vcpu)
{
	Nested &nested = vcpu.nested;
	int highest;

	// While it sleeps there is no end to notifications, and to pages to log: before the next
	// run.
	if (vcpu.kvm.arch.mp_state != kernel::KVM_MP_STATE_RUNNABLE)
		return;
	if (!__atomic_exchange_n(&nested.posted, false, __ATOMIC_SEQ_CST) ||
	    !nested.posted_descriptor.mapped() || !nested.virtual_apic.mapped())
		return;
	auto &posted = descriptor(vcpu);

	if (!posted.outstanding())
		return;
	posted.clear_outstanding();
	(void)kernel::__kvm_apic_update_irr(reinterpret_cast<u32 *>(posted.requests),
					    nested.virtual_apic.as<void>(), &highest);
	log_pages(vcpu);

	const apic::InterruptStatus was{read(vcpu.current(), f::guest_interrupt_status)};

	if (highest > was.requested())
		write(vcpu.current(), f::guest_interrupt_status, was.with_requested(highest).raw);
}

bool virtual_interrupt_pending(Vcpu &vcpu)
{
	const Nested &nested = vcpu.nested;
	const auto &page = nested.virtual_apic;

	if (!secondary12(vcpu).has(secondary::virtual_interrupt_delivery) || !page.mapped() ||
	    !(get_rflags(&vcpu.kvm) & rflags::if_))
		return false;
	const apic::InterruptStatus status{read(vcpu.current(), f::guest_interrupt_status)};
	const unsigned task = class_of(page.as<volatile u8>()[apic::tpr]);
	const unsigned handled = class_of(status.in_service());
	unsigned requested = class_of(status.requested());

	// What has been posted is taken over when L2 runs.
	if (__atomic_load_n(&nested.posted, __ATOMIC_RELAXED) &&
	    nested.posted_descriptor.mapped() && descriptor(vcpu).outstanding()) {
		const unsigned posted = class_of(descriptor(vcpu).highest_request());

		requested = posted > requested ? posted : requested;
	}
	return requested > (task > handled ? task : handled);
}

} // namespace backend::nested
