// SPDX-License-Identifier: GPL-2.0-only
/*
 * The L1 data cache flush at VM entry (CVE-2018-3646) and its parameter; what the modes mean is in
 * the kernel's Documentation/admin-guide/hw-vuln/l1tf.rst.
 */
#include <linux/gfp.h>
#include <linux/kvm_host.h>
#include <linux/moduleparam.h>
#include <linux/mutex.h>
#include <linux/printk.h>
#include <linux/sched/smt.h>
#include <linux/string.h>

#include <asm/hardirq.h>
#include <asm/msr.h>
#include <asm/processor.h>
#include <asm/vmx.h>

#include "l1d_flush.h"

/* Twice the largest L1 data cache in use without a flush command. */
#define FLUSH_ORDER 4
#define FLUSH_SIZE (PAGE_SIZE << FLUSH_ORDER)
#define LINE_SIZE 64

int kvmxx_l1d_flush_state = VMENTER_L1D_FLUSH_AUTO;

static int requested = VMENTER_L1D_FLUSH_AUTO;
static unsigned char *flush_pages;
static bool ready, with_ept;
static DEFINE_MUTEX(lock);

static const char *const names[] = {
	[VMENTER_L1D_FLUSH_AUTO]         = "auto",
	[VMENTER_L1D_FLUSH_NEVER]        = "never",
	[VMENTER_L1D_FLUSH_COND]         = "cond",
	[VMENTER_L1D_FLUSH_ALWAYS]       = "always",
	[VMENTER_L1D_FLUSH_EPT_DISABLED] = "EPT disabled",
	[VMENTER_L1D_FLUSH_NOT_REQUIRED] = "not required",
};
/* The first four are modes that a user can ask for. */
#define MODES (VMENTER_L1D_FLUSH_ALWAYS + 1)

static bool cpu_needs_no_flush(void)
{
	u64 capabilities;

	if (!boot_cpu_has_bug(X86_BUG_L1TF))
		return true;
	return boot_cpu_has(X86_FEATURE_ARCH_CAPABILITIES) &&
	       !rdmsrl_safe(MSR_IA32_ARCH_CAPABILITIES, &capabilities) &&
	       capabilities & ARCH_CAP_SKIP_VMENTRY_L1DFLUSH;
}

/* What the l1tf= command line option asks for where the parameter leaves it to that. */
static int mode_of_kernel(void)
{
	switch (l1tf_mitigation) {
	case L1TF_MITIGATION_OFF:
		return VMENTER_L1D_FLUSH_NEVER;
	case L1TF_MITIGATION_FULL:
	case L1TF_MITIGATION_FULL_FORCE:
		return VMENTER_L1D_FLUSH_ALWAYS;
	default:
		return VMENTER_L1D_FLUSH_COND;
	}
}

static int apply(void)
{
	int state;

	if (cpu_needs_no_flush())
		state = VMENTER_L1D_FLUSH_NOT_REQUIRED;
	else if (!with_ept)
		state = VMENTER_L1D_FLUSH_EPT_DISABLED;
	else if (l1tf_mitigation == L1TF_MITIGATION_FULL_FORCE)
		state = VMENTER_L1D_FLUSH_ALWAYS;
	else if (requested == VMENTER_L1D_FLUSH_AUTO)
		state = mode_of_kernel();
	else
		state = requested;

	if ((state == VMENTER_L1D_FLUSH_COND || state == VMENTER_L1D_FLUSH_ALWAYS) &&
	    !boot_cpu_has(X86_FEATURE_FLUSH_L1D) && !flush_pages) {
		flush_pages = (void *)__get_free_pages(GFP_KERNEL, FLUSH_ORDER);
		if (!flush_pages)
			return -ENOMEM;
		/* Pages of one content could be merged where this is a guest itself. */
		for (unsigned long at = 0; at < FLUSH_SIZE; at += PAGE_SIZE)
			memset(flush_pages + at, 1 + at / PAGE_SIZE, PAGE_SIZE);
	}
	l1tf_vmx_mitigation = state;
	WRITE_ONCE(kvmxx_l1d_flush_state, state);
	return 0;
}

int kvmxx_l1d_flush_init(bool ept)
{
	int error;

	mutex_lock(&lock);
	with_ept = ept;
	ready = true;
	error = apply();
	mutex_unlock(&lock);
	return error;
}

/* Nothing enters any more. */
void kvmxx_l1d_flush_exit(void)
{
	mutex_lock(&lock);
	ready = false;
	l1tf_vmx_mitigation = VMENTER_L1D_FLUSH_AUTO;
	free_pages((unsigned long)flush_pages, FLUSH_ORDER);
	flush_pages = NULL;
	mutex_unlock(&lock);
}

/* What l1tf= says of warnings; where it enforces the flush and no SMT there is nothing to warn of. */
void kvmxx_l1d_warn_of_vm(void)
{
	if (!boot_cpu_has_bug(X86_BUG_L1TF) || !with_ept)
		return;
	switch (l1tf_mitigation) {
	case L1TF_MITIGATION_FLUSH:
	case L1TF_MITIGATION_FLUSH_NOSMT:
	case L1TF_MITIGATION_FULL:
		break;
	default:
		return;
	}
	if (sched_smt_active())
		pr_warn_once(KBUILD_MODNAME ": SMT is on and the CPU has L1TF (CVE-2018-3646): a guest may read the host's memory; see Documentation/admin-guide/hw-vuln/l1tf.rst\n");
	if (READ_ONCE(kvmxx_l1d_flush_state) == VMENTER_L1D_FLUSH_NEVER)
		pr_warn_once(KBUILD_MODNAME ": the L1 data cache is not flushed and the CPU has L1TF (CVE-2018-3646): a guest may read the host's memory; see Documentation/admin-guide/hw-vuln/l1tf.rst\n");
}

bool kvmxx_l1d_is_dirty(void)
{
	return kvm_get_cpu_l1tf_flush_l1d();
}

noinstr void kvmxx_l1d_flush(void)
{
	kvm_clear_cpu_l1tf_flush_l1d();

	if (static_cpu_has(X86_FEATURE_FLUSH_L1D)) {
		native_wrmsrl(MSR_IA32_FLUSH_CMD, L1D_FLUSH);
		return;
	}

	/* Translations first, so that page walks do not put lines back in between. */
	for (unsigned long at = 0; at < FLUSH_SIZE; at += PAGE_SIZE)
		(void)*(volatile unsigned char *)(flush_pages + at);
	native_cpuid_eax(0);
	for (unsigned long at = 0; at < FLUSH_SIZE; at += LINE_SIZE)
		(void)*(volatile unsigned char *)(flush_pages + at);
	asm volatile("lfence" : : : "memory");
}

static int set_parameter(const char *text, const struct kernel_param *parameter)
{
	int mode = __sysfs_match_string(names, MODES, text);
	int error = 0;

	if (mode < 0) {
		pr_err(KBUILD_MODNAME ": vmentry_l1d_flush: expected auto, never, cond or always, found %s\n",
		       text);
		return mode;
	}
	mutex_lock(&lock);
	requested = mode;
	if (ready)
		error = apply();
	mutex_unlock(&lock);
	return error;
}

static int get_parameter(char *text, const struct kernel_param *parameter)
{
	return sprintf(text, "%s\n", names[READ_ONCE(kvmxx_l1d_flush_state)]);
}

static const struct kernel_param_ops parameter_ops = {
	.set = set_parameter,
	.get = get_parameter,
};
module_param_cb(vmentry_l1d_flush, &parameter_ops, NULL, 0644);
