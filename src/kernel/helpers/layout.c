// SPDX-License-Identifier: GPL-2.0-only
/*
 * C sees the kernel's types through its headers, C++ through its BTF: both must be of one build.
 * What differs is named here, at compile time.
 */
#include <linux/debugfs.h>
#include <linux/fs.h>
#include <linux/hrtimer.h>
#include <linux/kvm_host.h>
#include <linux/mm.h>
#include <linux/notifier.h>
#include <linux/perf_event.h>
#include <linux/sched.h>
#include <linux/seq_file.h>
#include <linux/tracepoint-defs.h>

#include <asm/alternative.h>
#include <asm/desc_defs.h>
#include <asm/perf_event.h>
#include <asm/processor.h>
#include <asm/tsc.h>

#include <layout.h>

#include "../bindings/variables.h"

#define SAME_SIZE(type)								\
	static_assert(sizeof(struct type) == KVMXX_SIZEOF_##type,		\
		      "struct " #type ": its size in the headers is not BTF's: "	\
		      "is the BTF of this kernel?")
#define SAME_OFFSET(type, member)						\
	static_assert(offsetof(struct type, member) == KVMXX_OFFSETOF_##type##_##member, \
		      "struct " #type "." #member ": its offset in the headers is not "	\
		      "BTF's: is the BTF of this kernel?")
/* BTF does not record alignment that was asked for; C++ has what the members need. */
#define ENOUGH_ALIGNMENT(type)							\
	static_assert(_Alignof(struct type) <= KVMXX_ALIGNOF_##type,		\
		      "struct " #type ": asks for more alignment than C++ knows of")

SAME_SIZE(kvm);
ENOUGH_ALIGNMENT(kvm);
SAME_OFFSET(kvm, arch);
SAME_OFFSET(kvm, created_vcpus);
SAME_OFFSET(kvm, mmu_lock);

SAME_SIZE(kvm_arch);
SAME_OFFSET(kvm_arch, apicv_inhibit_reasons);
SAME_OFFSET(kvm_arch, disabled_quirks);
SAME_OFFSET(kvm_arch, notify_vmexit_flags);

SAME_SIZE(kvm_vcpu);
ENOUGH_ALIGNMENT(kvm_vcpu);
SAME_OFFSET(kvm_vcpu, arch);
SAME_OFFSET(kvm_vcpu, guest_debug);
SAME_OFFSET(kvm_vcpu, kvm);
SAME_OFFSET(kvm_vcpu, run);
SAME_OFFSET(kvm_vcpu, stat);

SAME_SIZE(kvm_vcpu_arch);
SAME_OFFSET(kvm_vcpu_arch, apic);
SAME_OFFSET(kvm_vcpu_arch, cr0);
SAME_OFFSET(kvm_vcpu_arch, exception);
SAME_OFFSET(kvm_vcpu_arch, hflags);
SAME_OFFSET(kvm_vcpu_arch, interrupt);
SAME_OFFSET(kvm_vcpu_arch, l1tf_flush_l1d);
SAME_OFFSET(kvm_vcpu_arch, mmu);
SAME_OFFSET(kvm_vcpu_arch, regs);
SAME_OFFSET(kvm_vcpu_arch, regs_avail);
SAME_OFFSET(kvm_vcpu_arch, switch_db_regs);
SAME_OFFSET(kvm_vcpu_arch, tsc_offset);

SAME_SIZE(kvm_run);
SAME_OFFSET(kvm_run, exit_reason);
SAME_OFFSET(kvm_run, internal);

SAME_SIZE(kvm_x86_ops);
SAME_OFFSET(kvm_x86_ops, hardware_unsetup);
SAME_OFFSET(kvm_x86_ops, nested_ops);
SAME_OFFSET(kvm_x86_ops, vcpu_run);
SAME_OFFSET(kvm_x86_ops, vm_size);

SAME_SIZE(kvm_x86_init_ops);
SAME_OFFSET(kvm_x86_init_ops, runtime_ops);
SAME_SIZE(kvm_x86_nested_ops);
SAME_OFFSET(kvm_x86_nested_ops, get_state);

SAME_SIZE(kvm_mmu);
SAME_OFFSET(kvm_mmu, root);
SAME_OFFSET(kvm_mmu, pdptrs);

SAME_SIZE(kvm_host_map);
SAME_SIZE(kvm_memory_slot);
SAME_SIZE(kvm_pmu);
SAME_SIZE(kvm_segment);
SAME_SIZE(msr_data);

SAME_SIZE(cpuinfo_x86);
SAME_OFFSET(cpuinfo_x86, x86_phys_bits);
SAME_SIZE(desc_ptr);
SAME_SIZE(file_operations);
SAME_SIZE(hrtimer);
SAME_SIZE(perf_guest_switch_msr);
SAME_SIZE(seq_file);
SAME_SIZE(task_struct);
SAME_OFFSET(task_struct, thread);
SAME_SIZE(tracepoint);
SAME_OFFSET(tracepoint, key);
SAME_SIZE(x86_pmu_capability);

/* What alternative.hpp writes. */
static_assert(sizeof(struct alt_instr) == 12 && offsetof(struct alt_instr, cpuid) == 8 &&
	      sizeof_field(struct alt_instr, cpuid) == 2 && offsetof(struct alt_instr, instrlen) == 10,
	      "struct alt_instr is not what alternative.hpp makes");
