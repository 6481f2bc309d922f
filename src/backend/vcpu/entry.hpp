// SPDX-License-Identifier: GPL-2.0-only
#pragma once

#include "kernel/enter.h"

extern "C" {

/// Enters the guest and comes back with its exit. @return 0, or 1 if VMLAUNCH or VMRESUME itself
/// failed. Called by kvmxx_enter_guest() only.
int kvmxx_vm_enter(kvmxx_entry *entry);

/// The host's RIP after an exit.
void kvmxx_vm_exit();

/// Calls a handler of the host's IDT as the CPU would: with an interrupt frame, interrupts off.
void kvmxx_call_idt_handler(unsigned long handler);
}
