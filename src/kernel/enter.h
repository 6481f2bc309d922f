/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef KVMXX_KERNEL_ENTER_H
#define KVMXX_KERNEL_ENTER_H

/* What the C, the C++ and the assembly of a VM entry share. */

#define KVMXX_ENTRY_REGS		0
#define KVMXX_ENTRY_HOST_RSP		8
#define KVMXX_ENTRY_GUEST_SPEC_CTRL	16
#define KVMXX_ENTRY_HOST_SPEC_CTRL	24
#define KVMXX_ENTRY_FLAGS		32

/* The VMCS is launched: VMRESUME, not VMLAUNCH. */
#define KVMXX_ENTRY_LAUNCHED_BIT	0
/* The guest can write IA32_SPEC_CTRL without an exit. */
#define KVMXX_ENTRY_SAVE_SPEC_CTRL_BIT	1
/* Flush the L1 data cache first (CVE-2018-3646). */
#define KVMXX_ENTRY_FLUSH_L1D_BIT	2
/* VERW in the guest need not clear the fill buffers. */
#define KVMXX_ENTRY_SPARE_FILL_BUFFERS_BIT	3

/* Behind the word that host_rsp points to: the page of an enlightened VMCS, or null. */
#define KVMXX_ENLIGHTENED_PAGE_BEHIND	8
/* In that page; the backend compares them with its table. */
#define KVMXX_EVMCS_HOST_RSP		616
#define KVMXX_EVMCS_CLEAN_FIELDS	824
#define KVMXX_EVMCS_HOST_POINTER_CLEAN	(1 << 13)

#ifndef __ASSEMBLY__

struct kvmxx_entry {
	unsigned long *regs;		/* arch.regs: sixteen registers in the SDM's order */
	unsigned long long *host_rsp;	/* what the host-RSP field holds */
	unsigned long long guest_spec_ctrl;
	unsigned long long host_spec_ctrl;
	unsigned long flags;
};

/* 'cr2' is that of a struct kvm_vcpu. */
#ifdef __cplusplus
extern "C"
#endif
int kvmxx_enter_guest(struct kvmxx_entry *entry, unsigned long *cr2);

#endif
#endif
