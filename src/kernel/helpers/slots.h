/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef KVMXX_HELPERS_SLOTS_H
#define KVMXX_HELPERS_SLOTS_H

#include "language.h"

struct kvm;

/* Around changes of a machine's memory slots. May sleep. */
void kvmxx_lock_slots(struct kvm *kvm);
void kvmxx_unlock_slots(struct kvm *kvm);

/* Another number says that the machine's memory slots have changed. */
unsigned long long kvmxx_slots_generation(struct kvm *kvm);

#endif
