// SPDX-License-Identifier: GPL-2.0-only
#pragma once

#include "backend/nested/guest_mode.hpp"

namespace backend::nested {

/// L2 is about to do by kvm.ko's emulator what might have exited to L1. @return X86EMUL_CONTINUE,
/// X86EMUL_INTERCEPTED where L1 has its exit, or X86EMUL_UNHANDLEABLE where it should, and what the
/// emulator tells is not enough for it.
[[nodiscard]] int check_emulated(Vcpu &vcpu, const kernel::x86_instruction_info &instruction);

/// L0 has completed an instruction of L2's: the CPU, which has not, takes no exit for the monitor
/// trap flag behind it.
void trap_behind_instruction(Vcpu &vcpu);
inline void instruction_completed(Vcpu &vcpu)
{
	if (in_guest_mode(vcpu) && primary12(vcpu).has(primary::monitor_trap_flag)) [[unlikely]]
		trap_behind_instruction(vcpu);
}

} // namespace backend::nested
