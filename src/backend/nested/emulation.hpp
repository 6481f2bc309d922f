// SPDX-License-Identifier: GPL-2.0-only
#pragma once

#include "backend/vcpu/vcpu.hpp"

namespace backend::nested {

/// L2 is about to do by kvm.ko's emulator what might have exited to L1. @return X86EMUL_CONTINUE,
/// X86EMUL_INTERCEPTED where L1 has its exit, or X86EMUL_UNHANDLEABLE where it should, and what the
/// emulator tells is not enough for it.
[[nodiscard]] int check_emulated(Vcpu &vcpu, const kernel::x86_instruction_info &instruction);

} // namespace backend::nested
