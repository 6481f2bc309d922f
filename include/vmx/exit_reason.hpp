// SPDX-License-Identifier: GPL-2.0-only
#pragma once

#include "vmx/types.hpp"

/// Basic exit reasons (SDM, appendix "VMX Basic Exit Reasons"): bits 15:0 of the exit-reason field.
namespace vmx {

// clang-format off
enum class Reason : u16 {
	exception_nmi         = 0,  external_interrupt = 1,  triple_fault        = 2,  init_signal       = 3,
	sipi                  = 4,  io_smi             = 5,  other_smi           = 6,  interrupt_window  = 7,
	nmi_window            = 8,  task_switch        = 9,  cpuid               = 10, getsec            = 11,
	hlt                   = 12, invd               = 13, invlpg              = 14, rdpmc             = 15,
	rdtsc                 = 16, rsm                = 17, vmcall              = 18, vmclear           = 19,
	vmlaunch              = 20, vmptrld            = 21, vmptrst             = 22, vmread            = 23,
	vmresume              = 24, vmwrite            = 25, vmxoff              = 26, vmxon             = 27,
	cr_access             = 28, mov_dr             = 29, io_instruction      = 30, rdmsr             = 31,
	wrmsr                 = 32, invalid_guest      = 33, msr_load_fail       = 34, mwait             = 36,
	monitor_trap_flag     = 37, monitor            = 39, pause               = 40, machine_check     = 41,
	tpr_below_threshold   = 43, apic_access        = 44, virtualized_eoi     = 45, gdtr_idtr         = 46,
	ldtr_tr               = 47, ept_violation      = 48, ept_misconfig       = 49, invept            = 50,
	rdtscp                = 51, preemption_timer   = 52, invvpid             = 53, wbinvd            = 54,
	xsetbv                = 55, apic_write         = 56, rdrand              = 57, invpcid           = 58,
	vmfunc                = 59, encls              = 60, rdseed              = 61, pml_full          = 62,
	xsaves                = 63, xrstors            = 64, pconfig             = 65, spp_event         = 66,
	umwait                = 67, tpause             = 68, bus_lock            = 74, notify            = 75,
};
// clang-format on

inline constexpr unsigned exit_reasons = 76;

/// Whether the exit defines the VM-exit instruction information (SDM, "Information for VM Exits Due
/// to Instruction Execution").
constexpr bool has_instruction_info(Reason reason)
{
	switch (reason) {
	case Reason::vmclear:
	case Reason::vmptrld:
	case Reason::vmptrst:
	case Reason::vmread:
	case Reason::vmwrite:
	case Reason::vmxon:
	case Reason::io_instruction:
	case Reason::gdtr_idtr:
	case Reason::ldtr_tr:
	case Reason::invept:
	case Reason::invvpid:
	case Reason::rdrand:
	case Reason::invpcid:
	case Reason::rdseed:
	case Reason::xsaves:
	case Reason::xrstors:
	case Reason::umwait:
	case Reason::tpause:
		return true;
	default:
		return false;
	}
}

/// Whether the exit may define the guest-linear address (SDM, "Basic VM-Exit Information").
constexpr bool has_linear_address(Reason reason)
{
	switch (reason) {
	case Reason::io_smi:
	case Reason::cr_access:
	case Reason::io_instruction:
	case Reason::ept_violation:
	case Reason::pml_full:
	case Reason::spp_event:
		return true;
	default:
		return false;
	}
}

/// The exit-reason field as a whole.
struct ExitReason {
	u32 raw;

	constexpr Reason basic() const { return static_cast<Reason>(raw & 0xffff); }
	constexpr bool enclave() const { return raw & bit(27); } ///< it was in an enclave
	constexpr bool bus_lock() const { return raw & bit(26); }
	constexpr ExitReason without_bus_lock() const { return {raw & static_cast<u32>(~bit(26))}; }
	constexpr bool entry_failed() const { return raw & bit(31); }
};

} // namespace vmx
