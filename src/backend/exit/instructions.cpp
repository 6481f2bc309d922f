// SPDX-License-Identifier: GPL-2.0-only
#include "backend/exit/handler.hpp"
#include "backend/nested/direct_flush.hpp"
#include "backend/nested/guest_mode.hpp"
#include "backend/vcpu/events.hpp"
#include "backend/vcpu/operand.hpp"
#include "backend/vcpu/registers.hpp"

/// Instructions that exit, and that kvm.ko emulates whole.
namespace backend {

int handle_cpuid(Vcpu &vcpu)
{
	return kernel::kvm_emulate_cpuid(&vcpu.kvm);
}

int handle_hlt(Vcpu &vcpu)
{
	return kernel::kvm_emulate_halt(&vcpu.kvm);
}

int handle_rdmsr(Vcpu &vcpu)
{
	return kernel::kvm_emulate_rdmsr(&vcpu.kvm);
}

int handle_wrmsr(Vcpu &vcpu)
{
	return kernel::kvm_emulate_wrmsr(&vcpu.kvm);
}

int handle_vmcall(Vcpu &vcpu)
{
	// L1 gets all others of L2's.
	if (in_guest_mode(vcpu))
		return nested::handle_direct_flush(vcpu);
	return kernel::kvm_emulate_hypercall(&vcpu.kvm);
}

int handle_invd(Vcpu &vcpu)
{
	return kernel::kvm_emulate_invd(&vcpu.kvm);
}

int handle_wbinvd(Vcpu &vcpu)
{
	return kernel::kvm_emulate_wbinvd(&vcpu.kvm);
}

int handle_xsetbv(Vcpu &vcpu)
{
	return kernel::kvm_emulate_xsetbv(&vcpu.kvm);
}

int handle_monitor(Vcpu &vcpu)
{
	return kernel::kvm_emulate_monitor(&vcpu.kvm);
}

int handle_mwait(Vcpu &vcpu)
{
	return kernel::kvm_emulate_mwait(&vcpu.kvm);
}

int handle_rdpmc(Vcpu &vcpu)
{
	return kernel::kvm_emulate_rdpmc(&vcpu.kvm);
}

int handle_invlpg(Vcpu &vcpu)
{
	kernel::kvm_mmu_invlpg(&vcpu.kvm, exit_qualification(vcpu));
	return kernel::kvm_skip_emulated_instruction(&vcpu.kvm);
}

int handle_invpcid(Vcpu &vcpu)
{
	constexpr u32 descriptor_size = 16;
	const auto operand =
		decode::MemoryOperand::decode(read(vcpu.current(), f::exit_instruction_info));
	u64 descriptor;

	if (!linear_address(vcpu, operand, descriptor_size, Access::read, descriptor))
		return result_of(ExitAction::resume);
	return kernel::kvm_handle_invpcid(&vcpu.kvm, gpr(vcpu, operand.register_operand),
					  descriptor);
}

int handle_descriptor_table(Vcpu &vcpu)
{
	// SGDT, SIDT, SLDT, STR under an emulated CR4.UMIP: the emulator judges.
	return kernel::kvm_emulate_instruction(&vcpu.kvm, 0);
}

int handle_undefined(Vcpu &vcpu)
{
	// Not offered to this guest, whatever the CPU has.
	kernel::kvm_queue_exception(&vcpu.kvm, vector::ud);
	return result_of(ExitAction::resume);
}

int handle_monitor_trap(Vcpu &)
{
	return result_of(ExitAction::resume);
}

} // namespace backend
