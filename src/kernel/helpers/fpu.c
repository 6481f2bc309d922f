// SPDX-License-Identifier: GPL-2.0-only
#include <linux/kvm_host.h>

#include <asm/fpu/types.h>
#include <asm/msr.h>

#include "fpu.h"

void kvmxx_save_guest_xfd_error(struct kvm_vcpu *vcpu)
{
	/* Without a feature disabled by XFD, #NM is CR0.TS's. */
	if (vcpu->arch.guest_fpu.fpstate->xfd)
		rdmsrl(MSR_IA32_XFD_ERR, vcpu->arch.guest_fpu.xfd_err);
}
