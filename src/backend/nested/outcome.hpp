// SPDX-License-Identifier: GPL-2.0-only
#pragma once

#include "backend/vcpu/vcpu.hpp"

/// What L1's VMX instructions say of themselves.
namespace backend::nested {

/// SDM, "VM-Instruction Error Numbers".
enum class InstructionError : u32 {
	none = 0,
	vmcall_in_root = 1,
	vmclear_bad_address = 2,
	vmclear_vmxon_pointer = 3,
	vmlaunch_not_clear = 4,
	vmresume_not_launched = 5,
	vmresume_after_vmxoff = 6,
	entry_bad_controls = 7,
	entry_bad_host_state = 8,
	vmptrld_bad_address = 9,
	vmptrld_vmxon_pointer = 10,
	vmptrld_bad_revision = 11,
	unsupported_field = 12,
	read_only_field = 13,
	vmxon_in_root = 15,
	entry_blocked_by_mov_ss = 26,
	invalid_operand = 28,
};

/// SDM, "Conventions" of the VMX instruction reference: VMsucceed, VMfailInvalid, VMfailValid.
struct [[nodiscard]] Outcome {
	enum class Kind : u8 { succeed, fail_invalid, fail_valid };

	Kind kind;
	InstructionError error = InstructionError::none;
};

inline constexpr Outcome succeed{Outcome::Kind::succeed};
inline constexpr Outcome fail_invalid{Outcome::Kind::fail_invalid};

/// VMfail(error): valid if there is a current VMCS to hold the number.
inline Outcome fail(const Vcpu &vcpu, InstructionError error)
{
	if (!vcpu.nested.has_vmcs())
		return fail_invalid;
	return {Outcome::Kind::fail_valid, error};
}

/// Sets the flags and the error number, and goes on behind the instruction.
/// @return what the handler of the exit returns.
[[nodiscard]] int finish(Vcpu &vcpu, Outcome outcome);

} // namespace backend::nested
