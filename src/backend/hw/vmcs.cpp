// SPDX-License-Identifier: GPL-2.0-only
#include "backend/hw/vmcs.hpp"

#include "backend/hw/cpu.hpp"
#include "backend/hw/host_state.hpp"
#include "backend/setup.hpp"
#include "kernel/cpu.hpp"
#include "kernel/errno.hpp"
#include "kernel/page.hpp"
#include "kernel/print.hpp"

namespace hw {

Region *allocate_region()
{
	auto *region = static_cast<Region *>(kernel::allocate_zeroed_page());

	if (region)
		region->revision = setup().config.revision;
	return region;
}

void free_region(Region *region)
{
	kernel::free_page_at(region);
}

int Vmcs::create()
{
	region_ = allocate_region();
	if (!region_)
		return -kernel::ENOMEM;
	physical_ = kernel::physical(region_);
	if (enlightened::in_use()) {
		// Hyper-V's number for it, not that of the CPU's own VMCSs.
		region_->revision = vmcs12::evmcs_version;
		host.enlightened_page = reinterpret_cast<u8 *>(region_);
	}
	cpu_ = -1;
	link_.next = link_.previous = &link_;
	return 0;
}

void Vmcs::destroy()
{
	if (!region_)
		return;
	clear();
	free_region(region_);
	region_ = nullptr;
	host.enlightened_page = nullptr;
}

bool Vmcs::load(int cpu)
{
	Cpu &here = Cpu::of(cpu);

	// One guest must not train the indirect branches of another (CVE-2017-5715).
	if (here.current_ != this)
		kernel::indirect_branch_prediction_barrier();
	return load_on(here, cpu);
}

bool Vmcs::load_beside(int cpu)
{
	return load_on(Cpu::of(cpu), cpu);
}

bool Vmcs::load_on(Cpu &here, int cpu)
{
	const bool moved = cpu_ != cpu;

	if (moved) {
		clear();
		// A region that this CPU has never seen, or that another has changed: VMPTRLD must
		// read it afresh. An enlightened one is read at VM entry.
		if (!enlightened::in_use() && vmclear(physical_) != VmxResult::succeed)
			kernel::warn_ratelimited("VMCLEAR of %lx failed\n", physical_);
		kernel::IrqOff guard;
		// The link first: whoever takes the CPU down walks the list with interrupts off.
		link_.insert_after(here.active_);
		cpu_ = cpu;
	}
	if (here.current_ != this) {
		here.current_ = this;
		if (enlightened::in_use())
			here.make_current(*this);
		else if (vmptrld(physical_) != VmxResult::succeed)
			kernel::warn_ratelimited("VMPTRLD of %lx failed\n", physical_);
	}
	if (moved)
		write_per_cpu_host_state(current());
	return moved;
}

void Vmcs::tell_again()
{
	kernel::IrqOff guard;
	Cpu &here = Cpu::this_cpu();

	if (here.current_ == this)
		here.make_current(*this);
}

void Vmcs::clear()
{
	const int cpu = __atomic_load_n(&cpu_, __ATOMIC_RELAXED);

	if (cpu >= 0)
		kernel::call_on_cpu(cpu, clear_on_this_cpu, this);
}

// Runs with interrupts off on the CPU that has the VMCS; that CPU may have gone down and cleared it
// meanwhile.
void Vmcs::clear_on_this_cpu(void *data)
{
	auto *vmcs = static_cast<Vmcs *>(data);
	Cpu &here = Cpu::this_cpu();

	if (vmcs->cpu_ != kernel::this_cpu_id())
		return;
	here.clear(*vmcs);
	if (here.current_ == vmcs)
		here.current_ = nullptr;
	vmcs->link_.unlink();
	vmcs->launched = false;
	// Last: another CPU may load it as soon as it sees -1.
	__atomic_store_n(&vmcs->cpu_, -1, __ATOMIC_RELEASE);
}

} // namespace hw
