// SPDX-License-Identifier: GPL-2.0-only
#pragma once

#include "core/config/text.hpp"
#include "vmx/interruption.hpp"

/// Values of VMCS fields and registers in words, appended to a line.
namespace vmx::dump {

using config::Text;

/// "code execute/read accessed, DPL 0, present, 64-bit" or "unusable".
void append_rights(Text &text, u32 rights);

/// "hardware exception #GP with error code", "external interrupt 32" or "none".
void append_interruption(Text &text, Interruption event);

void append_interruptibility(Text &text, u32 state);
void append_activity(Text &text, u32 state);
void append_pending_debug(Text &text, u64 exceptions);
void append_cr0(Text &text, u64 value);
void append_cr4(Text &text, u64 value);
void append_efer(Text &text, u64 value);
void append_rflags(Text &text, u64 value);
void append_debugctl(Text &text, u64 value);
/// The exceptions that exit, by mnemonic.
void append_exceptions(Text &text, u32 bitmap);
/// The eight memory types.
void append_pat(Text &text, u64 value);
void append_eptp(Text &text, u64 value);
/// Requesting virtual interrupt and servicing virtual interrupt.
void append_interrupt_status(Text &text, u16 status);

/// @return the name of an MSR that an MSR list may hold, null for another.
[[nodiscard]] const char *msr_name(u32 msr);

} // namespace vmx::dump
