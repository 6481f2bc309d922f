// SPDX-License-Identifier: GPL-2.0-only
//
// Macros of kvm.ko's own headers, which linux-headers does not have and BTF does not record.
#pragma once

namespace kernel {

// What the emulator's callbacks return (kvm_emulate.h).
inline constexpr int X86EMUL_CONTINUE = 0;
inline constexpr int X86EMUL_UNHANDLEABLE = 1;
inline constexpr int X86EMUL_PROPAGATE_FAULT = 2;
inline constexpr int X86EMUL_RETRY_INSTR = 3;
inline constexpr int X86EMUL_CMPXCHG_FAILED = 4;
inline constexpr int X86EMUL_IO_NEEDED = 5;
inline constexpr int X86EMUL_INTERCEPTED = 6;

} // namespace kernel
