// SPDX-License-Identifier: GPL-2.0-only
#include "backend/nested/emulation.hpp"

#include "backend/nested/guest_mode.hpp"
#include "backend/nested/intercepts.hpp"
#include "backend/nested/leave.hpp"
#include "backend/vcpu/registers.hpp"
#include "kernel/requests.hpp"

namespace backend::nested {

namespace {

using Instruction = kernel::x86_instruction_info;

int exit_to_l1(Vcpu &vcpu, const Instruction &instruction, Reason reason, u64 qualification)
{
	vcpu.nested.vmcs12->exit_instruction_length =
		static_cast<u32>(instruction.next_rip - rip(vcpu));
	leave(vcpu, {.reason = {static_cast<u32>(reason)}, .qualification = qualification});
	return kernel::X86EMUL_INTERCEPTED;
}

/// SDM, table "Exit Qualification for I/O Instructions".
int check_io(Vcpu &vcpu, const Instruction &instruction)
{
	const bool in = instruction.intercept == kernel::x86_intercept_in ||
			instruction.intercept == kernel::x86_intercept_ins;
	const bool string = instruction.intercept == kernel::x86_intercept_ins ||
			    instruction.intercept == kernel::x86_intercept_outs;
	const auto port = static_cast<u16>(in ? instruction.src_val : instruction.dst_val);
	const u32 size = in ? instruction.dst_bytes : instruction.src_bytes;

	if (!l1_intercepts_io(vcpu, port, size))
		return kernel::X86EMUL_CONTINUE;
	return exit_to_l1(vcpu, instruction, Reason::io_instruction,
			  (size - 1) | u64{in} << 3 | u64{string} << 4 |
				  u64{instruction.rep_prefix != 0} << 5 | u64{port} << 16);
}

/// What L1 may ask to exit, by the emulator's name of it.
bool is_intercepted(Vcpu &vcpu, u8 what)
{
	const Primary controls = primary12(vcpu);
	const Secondary more = secondary12(vcpu);

	switch (what) {
	case kernel::x86_intercept_lidt:
	case kernel::x86_intercept_sidt:
	case kernel::x86_intercept_lgdt:
	case kernel::x86_intercept_sgdt:
	case kernel::x86_intercept_lldt:
	case kernel::x86_intercept_sldt:
	case kernel::x86_intercept_ltr:
	case kernel::x86_intercept_str:
		return more.has(secondary::descriptor_table_exiting);
	case kernel::x86_intercept_rdtsc:
	case kernel::x86_intercept_rdtscp:
		return controls.has(primary::rdtsc_exiting);
	case kernel::x86_intercept_rdpmc:
		return controls.has(primary::rdpmc_exiting);
	case kernel::x86_intercept_hlt:
		return controls.has(primary::hlt_exiting);
	case kernel::x86_intercept_invlpg:
		return controls.has(primary::invlpg_exiting);
	case kernel::x86_intercept_dr_read:
	case kernel::x86_intercept_dr_write:
		return controls.has(primary::mov_dr_exiting);
	case kernel::x86_intercept_monitor:
		return controls.has(primary::monitor_exiting);
	case kernel::x86_intercept_mwait:
		return controls.has(primary::mwait_exiting);
	case kernel::x86_intercept_wbinvd:
		return more.has(secondary::wbinvd_exiting);
	case kernel::x86_intercept_cpuid:
	case kernel::x86_intercept_invd:
	case kernel::x86_intercept_xsetbv:
		return true;
	case kernel::x86_intercept_cr_read:
	case kernel::x86_intercept_cr_write:
	case kernel::x86_intercept_clts:
	case kernel::x86_intercept_lmsw:
		// Which register and value decides: what L1 owns nothing of is L2's.
		return vcpu.nested.vmcs12->cr0_guest_host_mask ||
		       vcpu.nested.vmcs12->cr4_guest_host_mask ||
		       controls.has_any(primary::cr3_load_exiting | primary::cr3_store_exiting |
					primary::cr8_load_exiting | primary::cr8_store_exiting);
	case kernel::x86_intercept_rdmsr:
	case kernel::x86_intercept_wrmsr:
		return true;
	default:
		return false;
	}
}

} // namespace

int check_emulated(Vcpu &vcpu, const Instruction &instruction)
{
	switch (instruction.intercept) {
	case kernel::x86_intercept_in:
	case kernel::x86_intercept_ins:
	case kernel::x86_intercept_out:
	case kernel::x86_intercept_outs:
		return check_io(vcpu, instruction);
	case kernel::x86_intercept_pause:
		if (primary12(vcpu).has(primary::pause_exiting))
			return exit_to_l1(vcpu, instruction, Reason::pause, 0);
		return kernel::X86EMUL_CONTINUE;
	default:
		break;
	}
	// These exit before they are emulated, unless L2's code changes under the emulator.
	return is_intercepted(vcpu, instruction.intercept) ? kernel::X86EMUL_UNHANDLEABLE
							   : kernel::X86EMUL_CONTINUE;
}

void pend_monitor_trap(Vcpu &vcpu)
{
	// RSM's L2 has not run yet.
	if (vcpu.nested.entry_pending)
		return;
	vcpu.nested.mtf_pending = true;
	kernel::make_request(vcpu.kvm, kernel::KVM_REQ_EVENT);
}

} // namespace backend::nested
