// SPDX-License-Identifier: GPL-2.0-only
/*
 * The module as the kernel sees it: parameters, the processors it is for, the way in and out.
 */
#include <linux/kvm_host.h>
#include <linux/mod_devicetable.h>
#include <linux/module.h>
#include <linux/moduleparam.h>

#include <asm/cpu_device_id.h>

#include "parameters.h"

int kvmxx_init(void);
void kvmxx_exit(void);

MODULE_AUTHOR("kvmxx");
MODULE_DESCRIPTION("KVM on Intel VMX, in C++");
MODULE_LICENSE("GPL");

/* Lets udev load the module on a processor that has VMX. */
static const struct x86_cpu_id vmx_cpu_id[] = {
	X86_MATCH_FEATURE(X86_FEATURE_VMX, NULL),
	{}
};
MODULE_DEVICE_TABLE(x86cpu, vmx_cpu_id);

/* 0444: decided at load. */
#define PARAMETER(name, type, value, mode)		\
	type parameter_##name = value;			\
	module_param_named(name, parameter_##name, type, mode)

PARAMETER(dump_invalid_vmcs, bool, false, 0644);
PARAMETER(emulate_invalid_guest_state, bool, true, 0444);
PARAMETER(enable_ipiv, bool, true, 0444);
PARAMETER(enable_shadow_vmcs, bool, true, 0444);
#if IS_ENABLED(CONFIG_HYPERV)
PARAMETER(enlightened_vmcs, bool, true, 0444);
#else
bool parameter_enlightened_vmcs;
#endif
PARAMETER(ept, bool, true, 0444);
PARAMETER(eptad, bool, true, 0444);
PARAMETER(error_on_inconsistent_vmcs_config, bool, true, 0444);
PARAMETER(fasteoi, bool, true, 0444);
PARAMETER(flexpriority, bool, true, 0444);
PARAMETER(nested, bool, true, 0444);
PARAMETER(nested_early_check, bool, false, 0444);
PARAMETER(pml, bool, true, 0444);
PARAMETER(preemption_timer, bool, true, 0444);
PARAMETER(require_posted_interrupts, bool, true, 0444);
PARAMETER(sgx, bool, true, 0444);
PARAMETER(unrestricted_guest, bool, true, 0444);
PARAMETER(vnmi, bool, true, 0444);
PARAMETER(vpid, bool, true, 0444);

static char legacy[] = "legacy";
char *parameter_vmcs12_revision = legacy;
module_param_named(vmcs12_revision, parameter_vmcs12_revision, charp, 0444);

PARAMETER(ple_gap, uint, 128, 0444);
PARAMETER(ple_window, uint, 4096, 0444);
PARAMETER(ple_window_grow, uint, 2, 0444);
PARAMETER(ple_window_shrink, uint, 0, 0444);
PARAMETER(ple_window_max, uint, UINT_MAX, 0444);

/* These two live in kvm.ko. */
module_param(allow_smaller_maxphyaddr, bool, 0444);
module_param(enable_apicv, bool, 0444);

static int __init load(void)
{
	return kvmxx_init();
}
module_init(load);

static void __exit unload(void)
{
	kvmxx_exit();
}
module_exit(unload);
