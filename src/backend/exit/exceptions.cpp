// SPDX-License-Identifier: GPL-2.0-only
#include "backend/exit/exceptions.hpp"

#include "backend/exit/handler.hpp"
#include "backend/setup.hpp"
#include "backend/vcpu/events.hpp"
#include "backend/vcpu/real_mode.hpp"
#include "backend/vcpu/registers.hpp"
#include "backend/vcpu/segments.hpp"
#include "kernel/vcpu.hpp"

/// Exceptions of the guest that the exception bitmap asks for.
namespace backend {

namespace {

int exit_debug(Vcpu &vcpu, u8 vector)
{
	kernel::kvm_run *run = vcpu.kvm.run;

	run->exit_reason = kernel::KVM_EXIT_DEBUG;
	run->debug.arch.pc = kernel::kvm_get_linear_rip(&vcpu.kvm);
	run->debug.arch.exception = vector;
	return result_of(ExitAction::to_userspace);
}

int handle_db(Vcpu &vcpu)
{
	// The qualification has DR6's layout, active high (SDM, "Exit Qualification for Debug
	// Exceptions").
	const u64 conditions = exit_qualification(vcpu);

	if (!(vcpu.kvm.guest_debug &
	      (kernel::KVM_GUESTDBG_SINGLESTEP | kernel::KVM_GUESTDBG_USE_HW_BP))) {
		// ICEBP (INT1) is a trap, but the CPU leaves RIP on it: the guest expects it
		// behind.
		if (vcpu.exit.interruption.is(EventType::privileged_software_exception))
			(void)skip_instruction(&vcpu.kvm);
		// The single-step trap after STI or MOV SS is one that VM entry refuses to deliver
		// unless it is told that it is pending (SDM, "Checks on Guest Non-Register State").
		else if ((conditions & (dr6::bs | dr6::trap_bits)) == dr6::bs &&
			 get_rflags(&vcpu.kvm) & rflags::tf && get_interrupt_shadow(&vcpu.kvm))
			write(vcpu.current(), f::guest_pending_debug_exceptions,
			      read(vcpu.current(), f::guest_pending_debug_exceptions) | dr6::bs);
		kernel::kvm_queue_exception_p(&vcpu.kvm, vector::db, conditions);
		return result_of(ExitAction::resume);
	}
	vcpu.kvm.run->debug.arch.dr6 = conditions | dr6::active_low;
	vcpu.kvm.run->debug.arch.dr7 = read(vcpu.current(), f::guest_dr7);
	return exit_debug(vcpu, vector::db);
}

int handle_bp(Vcpu &vcpu)
{
	// Userspace that passes it on injects it with this length.
	vcpu.kvm.arch.event_exit_inst_len =
		static_cast<u8>(read(vcpu.current(), f::exit_instruction_length));
	return exit_debug(vcpu, vector::bp);
}

int handle_gp(Vcpu &vcpu, u32 error_code)
{
	// Only intercepted for VMware's backdoor port; its users take no error code, and are in no
	// enclave, whose instructions nobody can read.
	if (error_code || vcpu.exit.reason.enclave()) {
		kernel::kvm_queue_exception_e(&vcpu.kvm, vector::gp, error_code);
		return result_of(ExitAction::resume);
	}
	return kernel::kvm_emulate_instruction(&vcpu.kvm, kernel::EMULTYPE_VMWARE_GP);
}

int handle_ac(Vcpu &vcpu, u32 error_code)
{
	if (!is_split_lock(vcpu))
		kernel::kvm_queue_exception_e(&vcpu.kvm, vector::ac, error_code);
	else if (!kernel::handle_guest_split_lock(rip(vcpu))) {
		vcpu.kvm.run->exit_reason = kernel::KVM_EXIT_EXCEPTION;
		vcpu.kvm.run->ex.exception = vector::ac;
		vcpu.kvm.run->ex.error_code = error_code;
		return result_of(ExitAction::to_userspace);
	}
	return result_of(ExitAction::resume);
}

int handle_nm(Vcpu &vcpu)
{
	// handle_exit_irqoff() has saved what XFD says of it.
	kernel::kvm_queue_exception(&vcpu.kvm, vector::nm);
	return result_of(ExitAction::resume);
}

/// Those that mean the same in real mode and out of it.
bool has_own_handler(Vcpu &vcpu, u8 vector)
{
	return vector == vector::ud || vector == vector::db || vector == vector::pf ||
	       (vector == vector::bp && vcpu.kvm.guest_debug & kernel::KVM_GUESTDBG_USE_SW_BP);
}

} // namespace

bool is_split_lock(Vcpu &vcpu)
{
	const bool guests_own = cr0_bits(vcpu, cr0::am) && get_rflags(&vcpu.kvm) & rflags::ac &&
				get_cpl(&vcpu.kvm) == 3;

	return !guests_own && kernel::split_lock_detection();
}

bool is_page_fault_for_host(const Vcpu &vcpu)
{
	return !setup().features.ept || vcpu.kvm.arch.apf.host_apf_flags;
}

int handle_exception(Vcpu &vcpu)
{
	const Interruption why = vcpu.exit.interruption;

	// Both have run on the host with interrupts off.
	if (why.is(EventType::nmi) || why.is_exception(vector::mc))
		return result_of(ExitAction::resume);

	const u32 error_code =
		why.has_error_code() ? read(vcpu.current(), f::exit_interruption_error_code) : 0;

	if (vcpu.real_mode.active && !has_own_handler(vcpu, why.vector())) [[unlikely]]
		return handle_real_mode_exception(vcpu, why.vector(), error_code);

	switch (why.vector()) {
	case vector::ud:
		return kernel::handle_ud(&vcpu.kvm);
	case vector::db:
		return handle_db(vcpu);
	case vector::bp:
		return handle_bp(vcpu);
	case vector::nm:
		return handle_nm(vcpu);
	case vector::gp:
		return handle_gp(vcpu, error_code);
	case vector::ac:
		return handle_ac(vcpu, error_code);
	case vector::pf:
		if (is_page_fault_for_host(vcpu))
			return kernel::kvm_handle_page_fault(&vcpu.kvm, error_code,
							     exit_qualification(vcpu), nullptr, 0);
		kernel::kvm_fixup_and_inject_pf_error(&vcpu.kvm, exit_qualification(vcpu),
						      static_cast<u16>(error_code));
		return result_of(ExitAction::resume);
	default:
		vcpu.kvm.run->exit_reason = kernel::KVM_EXIT_EXCEPTION;
		vcpu.kvm.run->ex.exception = why.vector();
		vcpu.kvm.run->ex.error_code = error_code;
		return result_of(ExitAction::to_userspace);
	}
}

} // namespace backend
