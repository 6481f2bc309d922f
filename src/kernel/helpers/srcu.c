// SPDX-License-Identifier: GPL-2.0-only
#include <linux/kvm_host.h>

#include "srcu.h"

void kvmxx_srcu_read_lock(struct kvm_vcpu *vcpu)
{
	kvm_vcpu_srcu_read_lock(vcpu);
}

void kvmxx_srcu_read_unlock(struct kvm_vcpu *vcpu)
{
	kvm_vcpu_srcu_read_unlock(vcpu);
}
