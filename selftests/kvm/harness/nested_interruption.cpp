// SPDX-License-Identifier: GPL-2.0-only
#include "nested_interruption.hpp"

namespace kvm {

namespace field = vmx::field;

namespace {

std::uint32_t information(vmx::EventType type, unsigned number, bool error_code)
{
	return vmx::Interruption::make(type, static_cast<std::uint8_t>(number), error_code).raw;
}

} // namespace

void inject(L1 &l1, vmx::EventType type, unsigned number, std::optional<std::uint32_t> error_code,
	    std::uint32_t length)
{
	l1.write(field::entry_interruption_info, information(type, number, error_code.has_value()));
	l1.write(field::entry_exception_error_code, error_code.value_or(0));
	l1.write(field::entry_instruction_length, length);
}

void expect_event(L1 &l1, vmx::EventType type, unsigned number,
		  std::optional<std::uint32_t> error_code, tap::Where where)
{
	l1.expect_field(field::exit_interruption_info,
			information(type, number, error_code.has_value()), where);
	if (error_code)
		l1.expect_field(field::exit_interruption_error_code, *error_code, where);
}

void expect_vectoring(L1 &l1, vmx::EventType type, unsigned number, tap::Where where)
{
	l1.expect_field(field::idt_vectoring_info, information(type, number, false), where);
}

} // namespace kvm
