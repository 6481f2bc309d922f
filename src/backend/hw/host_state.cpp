// SPDX-License-Identifier: GPL-2.0-only
#include "backend/hw/host_state.hpp"

#include "backend/setup.hpp"
#include "backend/vcpu/entry.hpp"
#include "kernel/cpu.hpp"
#include "vmx/arch.hpp"

namespace hw {

namespace f = vmx::field;

void write_constant_host_state(Vmcs &vmcs)
{
	const Current current = vmcs.current();
	const kernel::kvmxx_host_constants host = kernel::host_constants();

	// TS may be set by lazy users of the FPU and must not come back with an exit.
	write(current, f::host_cr0, host.cr0 & ~cr0::ts);
	// Those of whoever enters, which may be another task on another CPU: every entry compares,
	// and neither register is ever zero.
	vmcs.host.cr3 = vmcs.host.cr4 = 0;

	write(current, f::host_cs_selector, host.cs);
	write(current, f::host_ss_selector, host.ds);
	// Loaded by hand where a task uses them: VM entry refuses a selector with RPL or TI.
	write(current, f::host_ds_selector, u16{0});
	write(current, f::host_es_selector, u16{0});
	write(current, f::host_fs_selector, u16{0});
	write(current, f::host_gs_selector, u16{0});
	write(current, f::host_tr_selector, host.tr);
	write(current, f::host_fs_base, u64{0});
	write(current, f::host_gs_base, u64{0});
	vmcs.host.fs_base = vmcs.host.gs_base = 0;
	vmcs.host.fs_selector = vmcs.host.gs_selector = vmcs.host.ldt_selector = 0;

	write(current, f::host_idtr_base, host.idt_base);
	write(current, f::host_rip, reinterpret_cast<u64>(kvmxx_vm_exit));
	vmcs.host.rsp = 0;

	write(current, f::host_sysenter_cs, host.sysenter_cs);
	write(current, f::host_sysenter_eip, host.sysenter_eip);
	if (vmcs.exit.get().has(exit::load_pat))
		write(current, f::host_pat, host.pat);
	if (vmcs.exit.get().has(exit::load_efer) || setup().config.exit.has(exit::load_efer))
		write(current, f::host_efer, kernel::host_efer);
}

void write_per_cpu_host_state(Current current)
{
	const kernel::kvmxx_host_per_cpu host = kernel::host_per_cpu();

	write(current, f::host_tr_base, host.tss);
	write(current, f::host_gdtr_base, host.gdt);
	write(current, f::host_sysenter_esp, host.sysenter_esp);
}

} // namespace hw
