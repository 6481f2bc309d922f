/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The module's parameters, under the names users know from the distribution's kvm_intel. module.c
 * defines and registers them. They are set from the command line before kvmxx_init() runs, which
 * lowers them to what the processor can do, so that /sys/module/kvm_intel/parameters shows what is in
 * use. Of these only dump_invalid_vmcs can change while the module is loaded.
 *
 * Not here: allow_smaller_maxphyaddr and enable_apicv are kvm.ko's own variables, vmentry_l1d_flush
 * is in helpers/l1d_flush.c.
 */
#ifndef KVMXX_KERNEL_PARAMETERS_H
#define KVMXX_KERNEL_PARAMETERS_H

extern bool parameter_dump_invalid_vmcs;
extern bool parameter_emulate_invalid_guest_state;
extern bool parameter_enable_ipiv;
extern bool parameter_enable_shadow_vmcs;
extern bool parameter_enlightened_vmcs;
extern bool parameter_ept;
extern bool parameter_eptad;
extern bool parameter_error_on_inconsistent_vmcs_config;
extern bool parameter_fasteoi;
extern bool parameter_flexpriority;
extern bool parameter_nested;
extern bool parameter_nested_early_check;
extern bool parameter_pml;
extern bool parameter_preemption_timer;
extern bool parameter_require_posted_interrupts;
extern bool parameter_sgx;
extern bool parameter_unrestricted_guest;
extern bool parameter_vnmi;
extern bool parameter_vpid;

/* "legacy" or "enlightened": the layout of nested VMCSs that guests are told of. */
extern char *parameter_vmcs12_revision;

/* In TSC cycles; a gap of 0 turns pause-loop exiting off. */
extern unsigned int parameter_ple_gap;
extern unsigned int parameter_ple_window;
extern unsigned int parameter_ple_window_grow;
extern unsigned int parameter_ple_window_shrink;
extern unsigned int parameter_ple_window_max;

#endif
