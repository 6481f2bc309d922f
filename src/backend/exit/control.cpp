// SPDX-License-Identifier: GPL-2.0-only
#include "backend/exit/handler.hpp"
#include "backend/nested/control_registers.hpp"
#include "backend/vcpu/registers.hpp"
#include "backend/vcpu/segments.hpp"
#include "core/decode/qualification.hpp"
#include "kernel/trace.hpp"
#include "kernel/vcpu.hpp"

/// Accesses to control and debug registers.
namespace backend {

namespace {

using decode::CrAccess;

/// The common end of an access: skip the instruction, or let the guest have its #GP.
int complete(Vcpu &vcpu, int error)
{
	return kernel::kvm_complete_insn_gp(&vcpu.kvm, error);
}

int write_cr8(Vcpu &vcpu, u64 value)
{
	const u8 was = static_cast<u8>(kernel::kvm_get_cr8(&vcpu.kvm));
	const int ret = complete(vcpu, kernel::kvm_set_cr8(&vcpu.kvm, value));

	// Userspace with an APIC of its own wants to know when the priority sinks.
	if (ret != result_of(ExitAction::resume) || kernel::lapic_in_kernel(vcpu.kvm) ||
	    was <= value)
		return ret;
	vcpu.kvm.run->exit_reason = kernel::KVM_EXIT_SET_TPR;
	return result_of(ExitAction::to_userspace);
}

int mov_to_cr(Vcpu &vcpu, CrAccess access)
{
	const u64 value = gpr(vcpu, access.gpr);

	kernel::trace_cr(true, access.cr, value);
	switch (access.cr) {
	case 0:
		return complete(vcpu,
				kernel::kvm_set_cr0(&vcpu.kvm,
						    nested::cr0_after_write(
							    vcpu, cr0_bits(vcpu, ~u64{0}), value)));
	case 3:
		return complete(vcpu, kernel::kvm_set_cr3(&vcpu.kvm, value));
	case 4:
		return complete(vcpu,
				kernel::kvm_set_cr4(&vcpu.kvm,
						    nested::cr4_after_write(
							    vcpu, cr4_bits(vcpu, ~u64{0}), value)));
	case 8:
		return write_cr8(vcpu, value);
	default:
		return handle_undefined(vcpu);
	}
}

int mov_from_cr(Vcpu &vcpu, CrAccess access)
{
	u64 value;

	switch (access.cr) {
	case 3:
		value = cr3(vcpu);
		break;
	case 8:
		value = kernel::kvm_get_cr8(&vcpu.kvm);
		break;
	default:
		return handle_undefined(vcpu);
	}
	set_gpr(vcpu, access.gpr, value);
	kernel::trace_cr(false, access.cr, value);
	return kernel::kvm_skip_emulated_instruction(&vcpu.kvm);
}

int clts(Vcpu &vcpu)
{
	const u64 value = cr0_bits(vcpu, ~cr0::ts);

	kernel::trace_cr(true, 0, value);
	return complete(vcpu, kernel::kvm_set_cr0(&vcpu.kvm, value));
}

int lmsw(Vcpu &vcpu, CrAccess access)
{
	const auto low = static_cast<u16>(
		nested::cr0_after_write(vcpu, cr0_bits(vcpu, ~u64{0}), access.lmsw_source) & 0xf);

	kernel::trace_cr(true, 0, cr0_bits(vcpu, ~u64{0xf}) | low);
	kernel::kvm_lmsw(&vcpu.kvm, low);
	return kernel::kvm_skip_emulated_instruction(&vcpu.kvm);
}

/// MOV DR while DR7.GD is set. @return whether the access ends here, with `result`.
bool general_detect(Vcpu &vcpu, int &result)
{
	const u64 dr7 = read(vcpu.current(), f::guest_dr7);

	if (!(dr7 & dr7::gd))
		return false;
	if (vcpu.kvm.guest_debug & kernel::KVM_GUESTDBG_USE_HW_BP) {
		kernel::kvm_run *run = vcpu.kvm.run;

		run->debug.arch.dr6 = dr6::bd | dr6::active_low;
		run->debug.arch.dr7 = dr7;
		run->debug.arch.pc = kernel::kvm_get_linear_rip(&vcpu.kvm);
		run->debug.arch.exception = vector::db;
		run->exit_reason = kernel::KVM_EXIT_DEBUG;
		result = result_of(ExitAction::to_userspace);
	} else {
		kernel::kvm_queue_exception_p(&vcpu.kvm, vector::db, dr6::bd);
		result = result_of(ExitAction::resume);
	}
	return true;
}

} // namespace

int handle_cr_access(Vcpu &vcpu)
{
	const auto access = CrAccess::decode(exit_qualification(vcpu));

	switch (access.kind) {
	case CrAccess::Kind::mov_to_cr:
		return mov_to_cr(vcpu, access);
	case CrAccess::Kind::mov_from_cr:
		return mov_from_cr(vcpu, access);
	case CrAccess::Kind::clts:
		return clts(vcpu);
	case CrAccess::Kind::lmsw:
		return lmsw(vcpu, access);
	}
	return handle_undefined(vcpu);
}

int handle_mov_dr(Vcpu &vcpu)
{
	const auto access = decode::DrAccess::decode(exit_qualification(vcpu));
	int result;

	// CR4.DE makes DR4 and DR5 #UD, which goes before all else.
	if (!kernel::kvm_require_dr(&vcpu.kvm, access.dr))
		return result_of(ExitAction::resume);
	if (get_cpl(&vcpu.kvm) > 0)
		return complete(vcpu, 1);
	if (general_detect(vcpu, result))
		return result;

	// A guest that uses its debug registers will again: it gets them to itself until the next
	// exit that takes them back, unless the debugger has them.
	if (!vcpu.kvm.guest_debug) {
		vcpu.vmcs().primary.remove(vcpu.current(), primary::mov_dr_exiting);
		vcpu.kvm.arch.switch_db_regs |= kernel::KVM_DEBUGREG_WONT_EXIT;
		return result_of(ExitAction::resume);
	}
	if (access.read) {
		unsigned long value;

		kernel::kvm_get_dr(&vcpu.kvm, access.dr, &value);
		set_gpr(vcpu, access.gpr, value);
		return complete(vcpu, 0);
	}
	return complete(vcpu, kernel::kvm_set_dr(&vcpu.kvm, access.dr, gpr(vcpu, access.gpr)));
}

} // namespace backend
