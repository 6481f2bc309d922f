// SPDX-License-Identifier: GPL-2.0-only
/*
 * Around the assembly of a VM entry: what must happen with tracing and RCU told that the CPU is the
 * guest's, and what only C has macros for. From here to the assembly and back, nothing may be
 * traced.
 */
#include <linux/kvm_host.h>

#include <asm/nospec-branch.h>
#include <asm/special_insns.h>

#include "../enter.h"
#include "l1d_flush.h"

int kvmxx_vm_enter(struct kvmxx_entry *entry);

noinstr int kvmxx_enter_guest(struct kvmxx_entry *entry, unsigned long *cr2)
{
	struct kvm_vcpu *vcpu = container_of(cr2, struct kvm_vcpu, arch.cr2);
	const bool spare_fill_buffers = entry->flags & BIT(KVMXX_ENTRY_SPARE_FILL_BUFFERS_BIT);
	u64 mcu_opt_ctrl = 0;
	int failed;

	guest_state_enter_irqoff();

	/*
	 * Flushing the L1 data cache clears the fill buffers as well. Else a guest with a device
	 * could read from them what the host left, on a CPU with stale MMIO data; where VERW is due
	 * at every entry because of other buffers, the assembly has it.
	 */
	if (entry->flags & BIT(KVMXX_ENTRY_FLUSH_L1D_BIT))
		kvmxx_l1d_flush();
	else if (static_branch_unlikely(&mmio_stale_data_clear) &&
		 kvm_arch_has_assigned_device(vcpu->kvm))
		x86_clear_cpu_buffers();

	/* A write is a serialising instruction; the value seldom changes. */
	if (native_read_cr2() != *cr2)
		native_write_cr2(*cr2);

	/* After the host's own clearing. */
	if (spare_fill_buffers) {
		mcu_opt_ctrl = __rdmsr(MSR_IA32_MCU_OPT_CTRL);
		native_wrmsrl(MSR_IA32_MCU_OPT_CTRL, mcu_opt_ctrl | FB_CLEAR_DIS);
	}

	failed = kvmxx_vm_enter(entry);

	if (spare_fill_buffers)
		native_wrmsrl(MSR_IA32_MCU_OPT_CTRL, mcu_opt_ctrl);
	*cr2 = native_read_cr2();
	guest_state_exit_irqoff();
	return failed;
}
