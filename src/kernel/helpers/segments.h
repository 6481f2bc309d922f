/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef KVMXX_HELPERS_SEGMENTS_H
#define KVMXX_HELPERS_SEGMENTS_H

#include "language.h"

/* Segments of the host task that a guest's run loses or may change. */
struct kvmxx_host_segments {
	unsigned short fs;
	unsigned short gs;
	unsigned short ldt;
	unsigned short ds;
	unsigned short es;
	unsigned long fs_base;
	unsigned long user_gs_base;     /* in IA32_KERNEL_GS_BASE while the kernel runs */
	unsigned long kernel_gs_base;   /* in GS.base while the kernel runs: this CPU's */
};

/* Both with preemption off. */
void kvmxx_save_host_segments(struct kvmxx_host_segments *segments);
/*
 * Undoes what VM exits have done: FS, GS and LDTR as saved, and full limits for GDTR and TR, which
 * an exit sets to fixed values (SDM, "Loading Host Segment and Descriptor-Table Registers").
 */
void kvmxx_restore_host_segments(const struct kvmxx_host_segments *segments);
void kvmxx_load_data_segments(unsigned short ds, unsigned short es);

#endif
