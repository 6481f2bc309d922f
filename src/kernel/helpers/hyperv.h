/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef KVMXX_HELPERS_HYPERV_H
#define KVMXX_HELPERS_HYPERV_H

#include "language.h"

/* Zeros where the kernel is not a guest of Hyper-V, or does not know that it is. */
struct kvmxx_hyperv {
	unsigned int recommendations;   /* leaf 0x40000004, EAX */
	unsigned int nested;            /* leaf 0x4000000a, EAX */
	unsigned int nested2;           /* EBX */
};

struct kvmxx_hyperv kvmxx_read_hyperv(void);

bool kvmxx_has_assist_page(int cpu);
/* Whether Hyper-V knows this CPU's. It is told of none before the CPU goes; interrupts are off. */
bool kvmxx_assist_page_is_on(void);

/*
 * In this CPU's assist page, if it has one: the enlightened VMCS that VM entries use, 0 for none, and whether its
 * guest's TLB flushes are Hyper-V's to handle. Preemption is off.
 */
void kvmxx_set_current_evmcs(unsigned long physical, bool direct_flush);
/* VM entries of this CPU use no enlightened VMCS any more. */
void kvmxx_leave_evmcs(void);

struct kvm;
struct kvm_vcpu;
/* The page that a machine shares with Hyper-V for direct flushes; made by whoever asks first. 0: no memory. */
unsigned long kvmxx_partition_assist_page(struct kvm *kvm);
unsigned int kvmxx_vp_index(struct kvm_vcpu *vcpu);

struct kvm_x86_ops;
/* Tells kvm.ko, which flushes by hypercall, of the root that the vCPU goes on with. Returns whether it is another. */
bool kvmxx_track_root(struct kvm_vcpu *vcpu, unsigned long long root);
void kvmxx_flush_remotely(struct kvm_x86_ops *ops);

#endif
