// SPDX-License-Identifier: GPL-2.0-only
//
// Machines with the in-kernel interrupt controllers, and guests that use their local APIC.
#pragma once

#include "guest.hpp"

GUEST_CONSTANT(apic_base, 0xfee00000)

// What a guest begins with: r8 is the APIC's base, and the APIC is on by its spurious vector. SDM,
// "Local APIC Register Address Map": 0x0f0 spurious, 0x0b0 EOI, 0x300/0x310 command, 0x320 timer,
// 0x380 initial count, 0x3e0 divider; an x2APIC register is MSR 0x800 + a sixteenth of it.
#define XAPIC_ON                                                                                   \
	TOUCH_DELIVERY                                                                             \
	"mov $apic_base, %r8d\n"                                                                   \
	"movl $0x1ff, 0xf0(%r8)\n"

namespace kvm {

Vm machine_with_apic();

// Interrupts are off until the guest's own STI. Its CPUID has x2APIC mode, the timer's TSC
// deadlines and the vCPU's APIC ID; the vCPU was made without.
void start_with_apic(const Vm &vm, const Vcpu &vcpu, const Code &code);
// With a handler, a label of the code, for a vector.
void start_with_apic(const Vm &vm, const Vcpu &vcpu, const Code &code, unsigned vector,
		     const char *handler);

} // namespace kvm
