// SPDX-License-Identifier: GPL-2.0-only
#include "backend/hw/cpu.hpp"

#include "kernel/cpu.hpp"
#include "kernel/errno.hpp"
#include "kernel/hyperv.hpp"
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

void Cpu::make_current(Vmcs &vmcs)
{
	static_assert(__builtin_offsetof(Cpu, enlightened_page_) == 0);

	enlightened_page_ = vmcs.enlightened_page();
	kernel::set_current_evmcs(vmcs.physical_, enlightened::flushes_directly(enlightened_page_));
}

void Cpu::clear(Vmcs &vmcs)
{
	// Without an assist page the hypervisor below would take the page for a VMCS of its own
	// kind, and write into it.
	if (!enlightened::in_use() || kernel::assist_page_is_on()) {
		if (vmclear(vmcs.physical_) != VmxResult::succeed)
			kernel::warn_ratelimited("VMCLEAR of %lx failed\n", vmcs.physical_);
		if (vmcs.shadow && vmclear(vmcs.shadow) != VmxResult::succeed)
			kernel::warn_ratelimited("VMCLEAR of %lx failed\n", vmcs.shadow);
	}
	if (!enlightened::in_use())
		return;
	// Nobody has read any of it, for whoever enters with it next.
	enlightened::make_dirty(vmcs.enlightened_page(), vmcs12::evmcs::all_clean);
	if (current_ == &vmcs) {
		enlightened_page_ = nullptr;
		kernel::set_current_evmcs(0, false);
	}
}

int Cpu::enable()
{
	if (enlightened::in_use() && !kernel::has_assist_page(kernel::this_cpu_id())) {
		kernel::error("CPU %d: enlightened VMCSs are in use, but this CPU has no page to "
			      "tell Hyper-V of them\n",
			      kernel::this_cpu_id());
		return -kernel::EFAULT;
	}
	if (kernel::cr4_read_shadow() & cr4::vmxe) {
		kernel::error("CPU %d: CR4.VMXE is set already: another hypervisor uses VMX\n",
			      kernel::this_cpu_id());
		return -kernel::EBUSY;
	}
	kernel::cr4_update_irqsoff(cr4::vmxe, 0);
	// Before Goldmont and Skylake, the host may not trace itself in VMX operation.
	kernel::intel_pt_handle_vmx(1);
	if (vmxon(kernel::physical(vmxon_region_)))
		return 0;
	kernel::intel_pt_handle_vmx(0);
	kernel::cr4_update_irqsoff(0, cr4::vmxe);
	kernel::error("CPU %d: VMXON failed, although IA32_FEATURE_CONTROL allows it\n",
		      kernel::this_cpu_id());
	return -kernel::EIO;
}

void Cpu::disable()
{
	clear_all_vmcs();
	if (enlightened::in_use())
		kernel::leave_evmcs();
	if (!vmxoff())
		kernel::kvm_spurious_fault();
	kernel::cr4_update_irqsoff(0, cr4::vmxe);
	kernel::intel_pt_handle_vmx(0);
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
	for (Link *link = here.active_.next; link != &here.active_; link = link->next) {
		const Vmcs &vmcs = owner(link);

		if (vmclear(vmcs.physical_) != VmxResult::succeed ||
		    (vmcs.shadow && vmclear(vmcs.shadow) != VmxResult::succeed))
			break;
	}
	// The next kernel, if there is one, has other things there.
	if (enlightened::in_use())
		kernel::leave_evmcs();
	if (vmxoff())
		kernel::cr4_update_irqsoff(0, cr4::vmxe);
}

} // namespace hw
