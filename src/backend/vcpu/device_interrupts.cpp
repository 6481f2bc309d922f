// SPDX-License-Identifier: GPL-2.0-only
#include "backend/vcpu/device_interrupts.hpp"

#include "backend/setup.hpp"
#include "kernel/page.hpp"
#include "kernel/print.hpp"
#include "kernel/routes.hpp"
#include "kernel/trace.hpp"

namespace backend {

namespace {

struct Update {
	kernel::kvm *vm;
	unsigned host_irq;
	u32 guest_irq;
	bool set;
};

/// An IOMMU posts one vector to one vCPU.
bool can_be_posted(kernel::kvm *vm, kernel::kvm_lapic_irq &irq, kernel::kvm_vcpu *&destination)
{
	return (irq.delivery_mode == kernel::APIC_DM_FIXED ||
		irq.delivery_mode == kernel::APIC_DM_LOWEST) &&
	       kernel::kvm_intr_is_single_vcpu(vm, &irq, &destination);
}

int update_route(kernel::kvm_kernel_irq_routing_entry *entry, void *data)
{
	const Update &update = *static_cast<Update *>(data);
	kernel::kvm_lapic_irq irq{};
	kernel::kvm_vcpu *destination = nullptr;
	int error;

	kernel::kvm_set_msi_irq(update.vm, entry, &irq);
	if (!can_be_posted(update.vm, irq, destination)) {
		// The host takes it, and injects it.
		error = kernel::irq_set_vcpu_affinity(update.host_irq, nullptr);
	} else {
		kernel::vcpu_data target{.pi_desc_addr =
						 kernel::physical(&vcpu_of(destination).posted),
					 .vector = irq.vector};

		kernel::trace_route_update(
			update.host_irq, static_cast<unsigned>(destination->vcpu_id),
			update.guest_irq, target.vector, target.pi_desc_addr, update.set);
		error = kernel::irq_set_vcpu_affinity(update.host_irq,
						      update.set ? &target : nullptr);
	}
	if (error < 0)
		kernel::warn_ratelimited("interrupt %u: its IOMMU entry cannot be changed: %d\n",
					 update.host_irq, error);
	return error < 0 ? error : 0;
}

} // namespace

bool devices_may_post(kernel::kvm *vm)
{
	return setup().features.posted_interrupts && kernel::kvm_arch_has_assigned_device(vm) &&
	       kernel::irq_remapping_cap(kernel::IRQ_POSTING_CAP);
}

int pi_update_irte(kernel::kvm *vm, unsigned host_irq, u32 guest_irq, bool set)
{
	Update update{.vm = vm, .host_irq = host_irq, .guest_irq = guest_irq, .set = set};

	if (!devices_may_post(vm))
		return 0;
	return kernel::each_message_route(*vm, guest_irq, update_route, &update);
}

void pi_start_assignment(kernel::kvm *vm)
{
	// vCPUs that wait already did not register for wake-ups by hardware: they do when they wait
	// again.
	if (setup().features.posted_interrupts &&
	    kernel::irq_remapping_cap(kernel::IRQ_POSTING_CAP))
		kernel::kvm_make_all_cpus_request(vm, kernel::KVM_REQ_UNBLOCK);
}

} // namespace backend
