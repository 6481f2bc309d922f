// SPDX-License-Identifier: GPL-2.0-only
#pragma once

#include "vmx/exit_reason.hpp"

/// What the CPU's numbers mean, in the SDM's words.
namespace vmx::dump {

/// Why a VMX instruction failed (SDM, "VM Instruction Error Numbers").
[[nodiscard]] const char *instruction_error_name(u32 error);

/// @return the SDM's name of a basic exit reason, "unknown" if it has none.
[[nodiscard]] const char *exit_reason_name(Reason reason);

/// What the exit qualification of a failed VM entry says (SDM, "VM-Entry Failures During or After
/// Loading Guest State"), null if nothing.
[[nodiscard]] const char *entry_failure_name(Reason reason, u64 qualification);

/// @return the mnemonic of an exception ("#GP"), null where a vector has none.
[[nodiscard]] const char *exception_name(u32 vector);

} // namespace vmx::dump
