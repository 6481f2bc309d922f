/* SPDX-License-Identifier: GPL-2.0-only */
/* What selftests/differential and its module say to each other over /dev/vmx_entry. */
#ifndef VMX_ENTRY_H
#define VMX_ENTRY_H

#include <linux/ioctl.h>
#include <linux/types.h>

#define VMX_ENTRY_FIRST_MSR 0x480
#define VMX_ENTRY_MSRS 0x14
#define VMX_ENTRY_FIELDS 192

struct vmx_entry_field {
	__u32 encoding;
	__u32 pad;
	__u64 value;
};

struct vmx_entry_info {
	__u64 msrs[VMX_ENTRY_MSRS]; /* IA32_VMX_BASIC and those after it, 0 where there is none */
	__u64 efer;
	__u64 vmxon;   /* physical address of the VMXON region */
	__u64 vmcs;    /* of the VMCS that is tried */
	__u64 page;    /* of a page of zeros */
	__u64 linked;  /* of a region with the revision identifier */
	__u64 shadow;  /* of one that is marked as a shadow VMCS */
	__u32 fields;
	__u32 pad;
	struct vmx_entry_field host[VMX_ENTRY_FIELDS]; /* the host-state area that is used */
};

enum vmx_entry_outcome {
	VMX_ENTRY_EXITED,
	VMX_ENTRY_FAIL_INVALID,
	VMX_ENTRY_FAIL_VALID,
	VMX_ENTRY_NEITHER,
};

struct vmx_entry_try {
	__u32 fields; /* written after the host-state area, in this order */
	__u32 keep_rip; /* the field HOST_RIP is among them */
	__u32 outcome;
	__u32 error;
	__u32 exit_reason;
	__u32 refused; /* fields that VMWRITE did not take */
	__u64 qualification;
	struct vmx_entry_field field[VMX_ENTRY_FIELDS];
};

#define VMX_ENTRY_INFO _IOR('v', 0, struct vmx_entry_info)
#define VMX_ENTRY_TRY _IOWR('v', 1, struct vmx_entry_try)

#endif
