// SPDX-License-Identifier: GPL-2.0-only
#include "backend/hw/cpu.hpp"

#include "kernel/cpu.hpp"
#include "kernel/errno.hpp"
#include "kernel/page.hpp"
#include "kernel/percpu.hpp"
#include "kernel/print.hpp"
#include "vmx/arch.hpp"

namespace hw {

// The memory comes from src/kernel/helpers/percpu.c, which knows how to place it: per-CPU sections
// are C.
static_assert(sizeof(Cpu) <= kernel::cpu_data_size);

Cpu &Cpu::of(int cpu)
{
	return *static_cast<Cpu *>(kernel::cpu_data(cpu));
}

Cpu &Cpu::this_cpu()
{
	return *static_cast<Cpu *>(kernel::this_cpu_data());
}

Vmcs &Cpu::owner(Link *link)
{
	// container_of: Vmcs is standard layout but for access control, which offsetof warns about
	// needlessly.
	return *reinterpret_cast<Vmcs *>(reinterpret_cast<char *>(link) -
					 __builtin_offsetof(Vmcs, link_));
}

int Cpu::allocate_all()
{
	for (int cpu = kernel::first_possible_cpu(); cpu >= 0;
	     cpu = kernel::next_possible_cpu(cpu)) {
		Cpu &data = of(cpu);

		data.active_.next = data.active_.previous = &data.active_;
		data.current_ = nullptr;
		data.waiting.next = data.waiting.previous = &data.waiting;
		kernel::initialise_cpu_lock(cpu);
		data.vmxon_region_ = allocate_region();
		if (!data.vmxon_region_) {
			free_all();
			return -kernel::ENOMEM;
		}
	}
	return 0;
}

void Cpu::free_all()
{
	for (int cpu = kernel::first_possible_cpu(); cpu >= 0;
	     cpu = kernel::next_possible_cpu(cpu)) {
		Cpu &data = of(cpu);

		if (data.vmxon_region_)
			free_region(data.vmxon_region_);
		data.vmxon_region_ = nullptr;
	}
}

int Cpu::enable()
{
	if (kernel::cr4_read_shadow() & cr4::vmxe) {
		kernel::error("CPU %d: CR4.VMXE is set already: another hypervisor uses VMX\n",
			      kernel::this_cpu_id());
		return -kernel::EBUSY;
	}
	kernel::cr4_update_irqsoff(cr4::vmxe, 0);
	if (vmxon(kernel::physical(vmxon_region_)))
		return 0;
	kernel::cr4_update_irqsoff(0, cr4::vmxe);
	kernel::error("CPU %d: VMXON failed, although IA32_FEATURE_CONTROL allows it\n",
		      kernel::this_cpu_id());
	return -kernel::EIO;
}

void Cpu::disable()
{
	clear_all_vmcs();
	if (!vmxoff())
		kernel::kvm_spurious_fault();
	kernel::cr4_update_irqsoff(0, cr4::vmxe);
}

void Cpu::clear_all_vmcs()
{
	while (active_.next != &active_)
		Vmcs::clear_on_this_cpu(&owner(active_.next));
}

void Cpu::emergency_disable()
{
	Cpu &here = this_cpu();

	// From here on VMX instructions may fault anywhere, and kvm.ko lets them.
	kernel::kvm_rebooting = true;
	if (!(kernel::cr4_read_shadow() & cr4::vmxe))
		return;
	// The NMI may have hit a change of the list, which is good forwards at any moment.
	for (Link *link = here.active_.next; link != &here.active_; link = link->next)
		if (vmclear(owner(link).physical_) != VmxResult::succeed)
			break;
	if (vmxoff())
		kernel::cr4_update_irqsoff(0, cr4::vmxe);
}

} // namespace hw
