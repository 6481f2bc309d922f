// SPDX-License-Identifier: GPL-2.0-only
#pragma once

#include "backend/hw/vmcs.hpp"

namespace hw {

/// VMX operation of one CPU: its VMXON region and the VMCSs that are active on it.
class Cpu {
public:
	/// Regions for every possible CPU. @return 0 or -ENOMEM.
	[[nodiscard]] static int allocate_all();
	static void free_all();

	static Cpu &of(int cpu);
	static Cpu &this_cpu();

	/// Sets CR4.VMXE and executes VMXON, interrupts off. @return 0, -EBUSY if another
	/// hypervisor has VMX, -EIO.
	[[nodiscard]] int enable();

	/// Clears every VMCS, leaves VMX operation, interrupts off.
	void disable();

	/// Reboot and crash: out of VMX operation, so that INIT is not blocked and no VMCS is left
	/// in a cache. Interrupts off, from an NMI perhaps; takes no lock.
	static void emergency_disable();

private:
	/// The page of the current VMCS if that is enlightened. First: reads and writes of its
	/// fields take it from there without knowing this class.
	u8 *enlightened_page_ = nullptr;

public:
	/// vCPUs that wait for an interrupt that hardware posts, and will notify this CPU of.
	/// Under kernel::CpuDataLocked.
	Link waiting;

private:
	friend class Vmcs;

	static Vmcs &owner(Link *link);
	void make_current(Vmcs &vmcs);
	void clear(Vmcs &vmcs);
	void clear_all_vmcs();

	Region *vmxon_region_ = nullptr;
	Vmcs *current_ = nullptr;
	Link active_;
};

} // namespace hw
