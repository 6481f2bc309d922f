// SPDX-License-Identifier: GPL-2.0-only
#include <linux/kvm_host.h>

#include "srcu.h"

int kvmxx_srcu_read_lock(struct kvm *kvm)
{
	return srcu_read_lock(&kvm->srcu);
}

void kvmxx_srcu_read_unlock(struct kvm *kvm, int index)
{
	srcu_read_unlock(&kvm->srcu, index);
}

void kvmxx_vcpu_srcu_read_lock(struct kvm_vcpu *vcpu)
{
	kvm_vcpu_srcu_read_lock(vcpu);
}

void kvmxx_vcpu_srcu_read_unlock(struct kvm_vcpu *vcpu)
{
	kvm_vcpu_srcu_read_unlock(vcpu);
}
