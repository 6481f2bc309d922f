// SPDX-License-Identifier: GPL-2.0-only
#pragma once

#include "backend/nested/guest_mode.hpp"

namespace backend::nested {

/// L2 is about to do by kvm.ko's emulator what might have exited to L1. @return X86EMUL_CONTINUE,
/// X86EMUL_INTERCEPTED where L1 has its exit, or X86EMUL_UNHANDLEABLE where it should, and what the
/// emulator tells is not enough for it.
[[nodiscard]] int check_emulated(Vcpu &vcpu, const kernel::x86_instruction_info &instruction);

/// L1 wants an exit behind each instruction of L2. The CPU takes none behind those that L0
/// completes in its place.
[[nodiscard]] inline bool has_monitor_trap(const Vcpu &vcpu)
{
	return in_guest_mode(vcpu) && primary12(vcpu).has(primary::monitor_trap_flag);
}

/// L0 has completed one.
void pend_monitor_trap(Vcpu &vcpu);

} // namespace backend::nested
