// SPDX-License-Identifier: GPL-2.0-only
#include <linux/sched.h>
#include <linux/smp.h>

#include <asm/desc.h>
#include <asm/msr.h>
#include <asm/processor.h>
#include <asm/segment.h>

#include "segments.h"

#define NEEDS_DESCRIPTOR(selector) ((selector) & (SEGMENT_RPL_MASK | SEGMENT_TI_MASK))

/* load_ldt() is not there under CONFIG_PARAVIRT_XXL, which loads whole tables only. */
static void load_ldt_selector(unsigned short selector)
{
	asm volatile("lldt %0" : : "r"(selector));
}

void kvmxx_save_host_segments(struct kvmxx_host_segments *segments)
{
	/* The task's FS and GS, wherever they are, with bases that need no RDMSR. */
	current_save_fsgs();
	segments->fs = current->thread.fsindex;
	segments->gs = current->thread.gsindex;
	segments->fs_base = current->thread.fsbase;
	segments->user_gs_base = current->thread.gsbase;
	segments->kernel_gs_base = cpu_kernelmode_gs_base(smp_processor_id());
	savesegment(ds, segments->ds);
	savesegment(es, segments->es);
	store_ldt(segments->ldt);
}

void kvmxx_restore_host_segments(const struct kvmxx_host_segments *segments)
{
	if (segments->ldt)
		load_ldt_selector(segments->ldt);
	/* Loading a selector loads the descriptor's base: the task's own comes after. */
	if (NEEDS_DESCRIPTOR(segments->gs))
		load_gs_index(segments->gs);
	if (NEEDS_DESCRIPTOR(segments->fs)) {
		loadsegment(fs, segments->fs);
		wrmsrl(MSR_FS_BASE, segments->fs_base);
	}
	wrmsrl(MSR_KERNEL_GS_BASE, segments->user_gs_base);
	invalidate_tss_limit();
	load_fixmap_gdt(smp_processor_id());
}

void kvmxx_load_data_segments(unsigned short ds, unsigned short es)
{
	loadsegment(ds, ds);
	loadsegment(es, es);
}
