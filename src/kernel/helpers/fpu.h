/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef KVMXX_HELPERS_FPU_H
#define KVMXX_HELPERS_FPU_H

#include "language.h"

struct kvm_vcpu;

/* After #NM in the guest, before anything of the host can raise one: which XFD feature it was. */
void kvmxx_save_guest_xfd_error(struct kvm_vcpu *vcpu);

#endif
