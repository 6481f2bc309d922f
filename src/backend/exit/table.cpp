// SPDX-License-Identifier: GPL-2.0-only
#include "backend/exit/table.hpp"

#include "backend/nested/instructions.hpp"
#include "backend/nested/vm_functions.hpp"

namespace backend {

namespace {

// clang-format off
constexpr ExitRow rows[] = {
	{Reason::exception_nmi,       "EXCEPTION_NMI",       handle_exception,           true},
	{Reason::external_interrupt,  "EXTERNAL_INTERRUPT",  handle_external_interrupt},
	{Reason::triple_fault,        "TRIPLE_FAULT",        handle_triple_fault},
	{Reason::interrupt_window,    "INTERRUPT_WINDOW",    handle_interrupt_window},
	{Reason::nmi_window,          "NMI_WINDOW",          handle_nmi_window},
	{Reason::task_switch,         "TASK_SWITCH",         handle_task_switch,         true},
	{Reason::cpuid,               "CPUID",               handle_cpuid},
	{Reason::getsec,              "GETSEC",              handle_undefined},
	{Reason::hlt,                 "HLT",                 handle_hlt},
	{Reason::invd,                "INVD",                handle_invd},
	{Reason::invlpg,              "INVLPG",              handle_invlpg},
	{Reason::rdpmc,               "RDPMC",               handle_rdpmc},
	{Reason::vmcall,              "VMCALL",              handle_vmcall},
	{Reason::vmclear,             "VMCLEAR",             nested::handle_vmclear},
	{Reason::vmlaunch,            "VMLAUNCH",            nested::handle_vmlaunch},
	{Reason::vmptrld,             "VMPTRLD",             nested::handle_vmptrld},
	{Reason::vmptrst,             "VMPTRST",             nested::handle_vmptrst},
	{Reason::vmread,              "VMREAD",              nested::handle_vmread},
	{Reason::vmresume,            "VMRESUME",            nested::handle_vmresume},
	{Reason::vmwrite,             "VMWRITE",             nested::handle_vmwrite},
	{Reason::vmxoff,              "VMOFF",               nested::handle_vmxoff},
	{Reason::vmxon,               "VMON",                nested::handle_vmxon},
	{Reason::cr_access,           "CR_ACCESS",           handle_cr_access},
	{Reason::mov_dr,              "DR_ACCESS",           handle_mov_dr},
	{Reason::io_instruction,      "IO_INSTRUCTION",      handle_io},
	{Reason::rdmsr,               "MSR_READ",            handle_rdmsr},
	{Reason::wrmsr,               "MSR_WRITE",           handle_wrmsr},
	{Reason::mwait,               "MWAIT_INSTRUCTION",   handle_mwait},
	{Reason::monitor_trap_flag,   "MONITOR_TRAP_FLAG",   handle_monitor_trap},
	{Reason::monitor,             "MONITOR_INSTRUCTION", handle_monitor},
	{Reason::pause,               "PAUSE_INSTRUCTION",   handle_pause},
	{Reason::machine_check,       "MCE_DURING_VMENTRY",  handle_machine_check_exit},
	{Reason::tpr_below_threshold, "TPR_BELOW_THRESHOLD", handle_tpr_below_threshold},
	{Reason::apic_access,         "APIC_ACCESS",         handle_apic_access},
	{Reason::virtualized_eoi,     "EOI_INDUCED",         handle_virtualized_eoi},
	{Reason::apic_write,          "APIC_WRITE",          handle_apic_write},
	{Reason::gdtr_idtr,           "GDTR_IDTR",           handle_descriptor_table},
	{Reason::ldtr_tr,             "LDTR_TR",             handle_descriptor_table},
	{Reason::ept_violation,       "EPT_VIOLATION",       handle_ept_violation,       true},
	{Reason::ept_misconfig,       "EPT_MISCONFIG",       handle_ept_misconfig},
	{Reason::invept,              "INVEPT",              nested::handle_invept},
	{Reason::preemption_timer,    "PREEMPTION_TIMER",    handle_preemption_timer},
	{Reason::invvpid,             "INVVPID",             nested::handle_invvpid},
	{Reason::wbinvd,              "WBINVD",              handle_wbinvd},
	{Reason::xsetbv,              "XSETBV",              handle_xsetbv},
	{Reason::rdrand,              "RDRAND",              handle_undefined},
	{Reason::invpcid,             "INVPCID",             handle_invpcid},
	{Reason::vmfunc,              "VMFUNC",              nested::handle_vmfunc},
	{Reason::encls,               "ENCLS",               handle_encls},
	{Reason::rdseed,              "RDSEED",              handle_undefined},
	{Reason::pml_full,            "PML_FULL",            handle_pml_full,            true},
	{Reason::bus_lock,            "BUS_LOCK",            handle_bus_lock},
	{Reason::notify,              "NOTIFY",              handle_notify,              true},
};
// clang-format on

struct Index {
	u8 row[exit_reasons];
};

constexpr u8 no_row = 0xff;

consteval Index build()
{
	Index index{};

	for (u8 &row : index.row)
		row = no_row;
	for (u8 i = 0; i < sizeof(rows) / sizeof(rows[0]); ++i) {
		u8 &place = index.row[static_cast<u16>(rows[i].reason)];

		// Not a constant expression, so a second row for a reason stops the build here.
		if (place != no_row)
			__builtin_abort();
		place = i;
	}
	return index;
}

constexpr Index by_reason = build();

} // namespace

const ExitRow *find_row(Reason reason)
{
	const auto number = static_cast<u16>(reason);

	if (number >= exit_reasons)
		return nullptr;
	const u8 row = by_reason.row[number];
	return row == no_row ? nullptr : &rows[row];
}

} // namespace backend
