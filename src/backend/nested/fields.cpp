// SPDX-License-Identifier: GPL-2.0-only
//
// VMREAD and VMWRITE: of L1, and of L2 where L1 lets it have a shadow VMCS.
#include "backend/nested/instructions.hpp"

#include "backend/exit/handler.hpp"
#include "backend/nested/evmcs.hpp"
#include "backend/nested/guest_mode.hpp"
#include "backend/nested/operand.hpp"
#include "backend/nested/outcome.hpp"
#include "backend/nested/shadowing.hpp"
#include "backend/nested/vmcs02.hpp"
#include "backend/vcpu/registers.hpp"
#include "core/decode/memory_operand.hpp"
#include "core/vmcs12/lookup.hpp"

namespace backend::nested {

namespace {

using decode::FieldOperands;

/// Which VMCS the instruction is about: L2's is the shadow of the current one. Null: none, which is
/// VMfailInvalid.
Vmcs12 *target(Vcpu &vcpu)
{
	Nested &nested = vcpu.nested;

	if (!nested.has_vmcs())
		return nullptr;
	if (!in_guest_mode(vcpu))
		return nested.vmcs12;
	return nested.has_shadow ? nested.shadow : nullptr;
}

/// In 64-bit code 8 bytes, else 4 (SDM, "VMREAD").
u32 operand_size(Vcpu &vcpu)
{
	return in_64bit_code(vcpu) ? 8 : 4;
}

} // namespace

/// A number that L1 writes all the time costs no rewriting of vmcs02: its entry writes it anyway.
u32 dirtied_by(u64 encoding)
{
	switch (encoding) {
	case f::guest_rip.encoding:
	case f::guest_rsp.encoding:
	case f::guest_rflags.encoding:
	case f::guest_interruptibility.encoding:
	case f::guest_activity_state.encoding:
	case f::guest_cr0.encoding:
	case f::guest_cr3.encoding:
	case f::guest_cr4.encoding:
	case f::guest_efer.encoding:
	case f::guest_dr7.encoding:
	case f::guest_debugctl.encoding:
	case f::guest_pending_debug_exceptions.encoding:
	case f::cr0_read_shadow.encoding:
	case f::cr4_read_shadow.encoding:
	case f::entry_interruption_info.encoding:
	case f::entry_exception_error_code.encoding:
	case f::entry_instruction_length.encoding:
	case f::tpr_threshold.encoding:
	case f::tsc_offset.encoding:
	case f::preemption_timer_value.encoding:
		return 0;
	}
	switch (group_of(static_cast<u32>(encoding))) {
	case Group::guest:
		return dirty_guest;
	case Group::control:
		return dirty_controls;
	case Group::host:
	case Group::exit_info:
		break;
	}
	return 0;
}

int handle_vmread(Vcpu &vcpu)
{
	const Nested &nested = vcpu.nested;

	if (!permitted(vcpu))
		return result_of(ExitAction::resume);

	const Vmcs12 *vmcs12 = target(vcpu);

	if (!vmcs12)
		return finish(vcpu, fail_invalid);

	const u32 info = read(vcpu.current(), f::exit_instruction_info);
	const auto operands = FieldOperands::decode(info);
	const auto place = vmcs12::find(gpr(vcpu, operands.encoding));
	int result;

	if (!place.exists())
		return finish(vcpu, fail(vcpu, InstructionError::unsupported_field));

	u64 value = 0;

	if (in_guest_mode(vcpu) || !nested.has_evmcs())
		value = vmcs12::read(*vmcs12, place);
	else if (!read_evmcs(vcpu, place, value))
		return finish(vcpu, fail(vcpu, InstructionError::unsupported_field));
	if (!operands.in_memory)
		set_gpr(vcpu, operands.value, value);
	else if (!write_memory(vcpu, info, &value, operand_size(vcpu), result))
		return result;
	return finish(vcpu, succeed);
}

int handle_vmwrite(Vcpu &vcpu)
{
	Nested &nested = vcpu.nested;

	if (!permitted(vcpu))
		return result_of(ExitAction::resume);

	Vmcs12 *vmcs12 = target(vcpu);

	// L1 writes to the page of an enlightened VMCS itself.
	if (!vmcs12 || (!in_guest_mode(vcpu) && nested.has_evmcs()))
		return finish(vcpu, fail_invalid);

	const u32 info = read(vcpu.current(), f::exit_instruction_info);
	const auto operands = FieldOperands::decode(info);
	const u64 encoding = gpr(vcpu, operands.encoding);
	const auto place = vmcs12::find(encoding);
	u64 value = 0;
	int result;

	// The operand is read, and may fault, before the field is looked at.
	if (!operands.in_memory)
		value = gpr(vcpu, operands.value);
	else if (!read_memory(vcpu, info, &value, operand_size(vcpu), result))
		return result;
	if (!place.exists())
		return finish(vcpu, fail(vcpu, InstructionError::unsupported_field));
	if (place.read_only && !nested.capabilities.shown.misc().has(misc::vmwrite_any_field))
		return finish(vcpu, fail(vcpu, InstructionError::read_only_field));

	if (in_guest_mode(vcpu)) {
		vmcs12::write(*vmcs12, place, value);
		return finish(vcpu, succeed);
	}
	// L1 reads exit information from the shadow, whose other fields it may have written.
	if (place.read_only)
		take_from_shadow(vcpu);
	vmcs12::write(*vmcs12, place, value);
	nested.dirty |= dirtied_by(encoding & ~u64{vmcs12::high_access});
	if (place.read_only)
		give_to_shadow(vcpu);
	return finish(vcpu, succeed);
}

} // namespace backend::nested
