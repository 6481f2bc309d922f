// SPDX-License-Identifier: GPL-2.0-only
#include "backend/vcpu/posted_interrupts.hpp"

#include "backend/hw/cpu.hpp"
#include "backend/nested/guest_mode.hpp"
#include "backend/setup.hpp"
#include "backend/vcpu/apic.hpp"
#include "backend/vcpu/device_interrupts.hpp"
#include "backend/vcpu/events.hpp"
#include "backend/vcpu/ipi_virtualization.hpp"
#include "kernel/cpu.hpp"
#include "kernel/page.hpp"
#include "kernel/percpu.hpp"
#include "kernel/requests.hpp"
#include "kernel/vcpu.hpp"

namespace backend {

namespace {

constexpr u8 notification_vector = kernel::POSTED_INTR_VECTOR;
constexpr u8 wakeup_vector = kernel::POSTED_INTR_WAKEUP_VECTOR;

Vcpu &owner(hw::Link *link)
{
	// container_of: kvm.ko's allocation starts with the vCPU, and the link is inside it.
	return *reinterpret_cast<Vcpu *>(reinterpret_cast<char *>(link) -
					 __builtin_offsetof(Vcpu, waiting));
}

bool in_guest(const kernel::kvm_vcpu &kvm)
{
	return __atomic_load_n(&kvm.mode, __ATOMIC_RELAXED) == kernel::IN_GUEST_MODE;
}

/// Whether hardware may post to this vCPU while it is not running: software wakes it up itself.
/// Inhibiting APICv does not stop devices.
bool hardware_posts(const Vcpu &vcpu)
{
	return setup().features.posted_interrupts && kernel::lapic_in_kernel(vcpu.kvm) &&
	       (setup().features.ipi_virtualization || devices_may_post(vcpu.kvm.kvm));
}

void wait_here(Vcpu &vcpu, int cpu)
{
	const kernel::CpuDataLocked guard(cpu);

	vcpu.waiting.insert_after(hw::Cpu::of(cpu).waiting);
	vcpu.waiting_cpu = cpu;
	vcpu.is_waiting = true;
	// What was notified before the list knew this vCPU is notified again.
	if (vcpu.posted.redirect(wakeup_vector, vcpu.posted.destination()))
		kernel::send_interrupt(cpu, wakeup_vector);
}

void wait_no_longer(Vcpu &vcpu)
{
	const kernel::CpuDataLocked guard(vcpu.waiting_cpu);

	vcpu.waiting.unlink();
	vcpu.is_waiting = false;
}

/// The wake-up vector: hardware has posted to one of those that wait on this CPU.
void wake_up()
{
	const int cpu = kernel::this_cpu_id();
	const kernel::CpuDataLocked guard(cpu);
	hw::Link &head = hw::Cpu::of(cpu).waiting;

	for (hw::Link *link = head.next; link != &head; link = link->next) {
		Vcpu &vcpu = owner(link);

		if (vcpu.posted.outstanding())
			kernel::kvm_vcpu_wake_up(&vcpu.kvm);
	}
}

} // namespace

void initialise_posting(Vcpu &vcpu)
{
	if (!setup().features.posted_interrupts)
		return;
	write(vcpu.current(), f::posted_interrupt_notification_vector, u16{notification_vector});
	// kvm.ko's slab has it in the direct map.
	write(vcpu.current(), f::posted_interrupt_descriptor_address,
	      u64{kernel::physical(&vcpu.posted)});
	initialise_ipi_virtualization(vcpu);
}

void post_interrupt(Vcpu &vcpu, u8 vector)
{
	kernel::kvm_vcpu *kvm = &vcpu.kvm;

	// Whoever set ON first has seen to the notification.
	if (vcpu.posted.request(vector) || vcpu.posted.set_outstanding())
		return;
	// Either the vCPU is seen in the guest here, or it sees ON on its way there: both sides
	// have a full barrier in between. Its own thread, on the fast path of an exit, will look.
	if (!in_guest(*kvm))
		kernel::kvm_vcpu_wake_up(kvm);
	else if (kvm != kernel::kvm_get_running_vcpu())
		kernel::send_interrupt(__atomic_load_n(&kvm->cpu, __ATOMIC_RELAXED),
				       notification_vector);
}

int sync_pir_to_irr(kernel::kvm_vcpu *kvm)
{
	Vcpu &vcpu = vcpu_of(kvm);
	int highest;

	if (!vcpu.posted.outstanding())
		return kernel::kvm_lapic_find_highest_irr(kvm);

	// Before the requests are read, so that one that comes later sets it again.
	vcpu.posted.clear_outstanding();
	const bool is_new = kernel::kvm_apic_update_irr(
		kvm, reinterpret_cast<u32 *>(vcpu.posted.requests), &highest);

	// Devices and other vCPUs go on posting while APICv is inhibited; what is L1's no hardware
	// delivers to L2.
	if (!apicv_active(vcpu) || in_guest_mode(vcpu))
		kernel::make_request(*kvm, kernel::KVM_REQ_EVENT);
	else if (is_new)
		hwapic_irr_update(kvm, highest);
	return highest;
}

void apicv_pre_state_restore(kernel::kvm_vcpu *kvm)
{
	vcpu_of(kvm).posted.forget_requests();
}

bool dy_apicv_has_pending_interrupt(kernel::kvm_vcpu *kvm)
{
	const auto &posted = vcpu_of(kvm).posted;

	return posted.outstanding() || (posted.suppressed() && posted.has_requests());
}

void load_posting(Vcpu &vcpu, int cpu)
{
	if (!vcpu.kvm.arch.apic)
		return;
	if (vcpu.is_waiting)
		wait_no_longer(vcpu);
	else if (vcpu.posting_cpu == cpu && !vcpu.posted.suppressed())
		return;
	vcpu.posting_cpu = cpu;
	vcpu.posted.redirect(notification_vector, kernel::interrupt_destination(cpu));
	// What was posted without notification while that was suppressed.
	if (vcpu.posted.has_requests())
		vcpu.posted.set_outstanding();
}

void put_posting(Vcpu &vcpu)
{
	if (!hardware_posts(vcpu))
		return;
	// A thread that blocks registers before it leaves the CPU; the order of both decides who
	// wakes it.
	if (__atomic_load_n(&vcpu.kvm.wait.task, __ATOMIC_RELAXED)) {
		if (interrupt_allowed(&vcpu.kvm, false))
			wait_here(vcpu, kernel::this_cpu_id());
	} else if (vcpu.kvm.preempted) {
		vcpu.posted.set_suppressed();
	}
}

void start_wakeups()
{
	if (setup().features.posted_interrupts)
		kernel::kvm_set_posted_intr_wakeup_handler(wake_up);
}

void stop_wakeups()
{
	if (setup().features.posted_interrupts)
		kernel::kvm_set_posted_intr_wakeup_handler(nullptr);
}

} // namespace backend
