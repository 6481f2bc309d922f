// SPDX-License-Identifier: GPL-2.0-only
#include "backend/nested/operand.hpp"

#include "backend/exit/handler.hpp"
#include "backend/vcpu/operand.hpp"

namespace backend::nested {

bool read_memory(Vcpu &vcpu, u32 info, void *to, u32 size, int &result)
{
	const auto operand = decode::MemoryOperand::decode(info);
	kernel::x86_exception fault{};
	u64 address;

	result = result_of(ExitAction::resume);
	if (!linear_address(vcpu, operand, size, Access::read, address))
		return false;
	const int error = kernel::kvm_read_guest_virt(&vcpu.kvm, address, to, size, &fault);

	if (error == kernel::X86EMUL_CONTINUE)
		return true;
	result = kernel::kvm_handle_memory_failure(&vcpu.kvm, error, &fault);
	return false;
}

bool write_memory(Vcpu &vcpu, u32 info, const void *from, u32 size, int &result)
{
	const auto operand = decode::MemoryOperand::decode(info);
	kernel::x86_exception fault{};
	u64 address;

	result = result_of(ExitAction::resume);
	if (!linear_address(vcpu, operand, size, Access::write, address))
		return false;
	// kvm.ko only reads from there, for all that its prototype lacks a const.
	const int error = kernel::kvm_write_guest_virt_system(
		&vcpu.kvm, address, const_cast<void *>(from), size, &fault);

	if (error == kernel::X86EMUL_CONTINUE)
		return true;
	result = kernel::kvm_handle_memory_failure(&vcpu.kvm, error, &fault);
	return false;
}

bool read_pointer(Vcpu &vcpu, u64 &pointer, int &result)
{
	return read_memory(vcpu, read(vcpu.current(), f::exit_instruction_info), &pointer,
			   sizeof(pointer), result);
}

} // namespace backend::nested
