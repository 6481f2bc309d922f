// SPDX-License-Identifier: GPL-2.0-only
#include <linux/kvm_host.h>

#include "requests.h"

/* kvm_make_request() checks at compile time what is no constant here. */
void kvmxx_make_request(struct kvm_vcpu *vcpu, int request)
{
	__kvm_make_request(request, vcpu);
}

bool kvmxx_check_request(struct kvm_vcpu *vcpu, int request)
{
	return kvm_check_request(request, vcpu);
}

bool kvmxx_test_request(struct kvm_vcpu *vcpu, int request)
{
	return kvm_test_request(request, vcpu);
}

void kvmxx_clear_request(struct kvm_vcpu *vcpu, int request)
{
	kvm_clear_request(request, vcpu);
}
