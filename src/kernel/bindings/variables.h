/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Exported variables, which BTF has no types of. C++ reads this inside namespace kernel;
 * helpers/layout.c reads it after the kernel's own declarations, which must not differ.
 */
#ifndef KVMXX_BINDINGS_VARIABLES_H
#define KVMXX_BINDINGS_VARIABLES_H

/* kvm.ko */
extern bool allow_smaller_maxphyaddr;
extern bool enable_apicv;
extern bool enable_pmu;
extern bool enable_vmware_backdoor;
extern bool kvm_rebooting;
extern bool report_ignored_msrs;
extern u32 kvm_nr_uret_msrs;
extern u64 host_efer;
extern u64 host_xss;
extern struct kvm_caps kvm_caps;
extern struct x86_pmu_capability kvm_pmu_cap;
extern struct dentry *kvm_debugfs_dir;
extern u32 kvm_cpu_caps[];	/* what guests may see, by CPUID word */

/* vmlinux */
extern struct cpuinfo_x86 boot_cpu_data;
extern unsigned int nr_cpu_ids;
extern unsigned int tsc_khz;

#endif
