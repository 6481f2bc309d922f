// SPDX-License-Identifier: GPL-2.0-only
#include "core/dump/names.hpp"

namespace vmx::dump {

namespace {

constexpr const char *instruction_errors[] = {
	nullptr,
	"VMCALL executed in VMX root operation",
	"VMCLEAR with invalid physical address",
	"VMCLEAR with VMXON pointer",
	"VMLAUNCH with non-clear VMCS",
	"VMRESUME with non-launched VMCS",
	"VMRESUME after VMXOFF",
	"VM entry with invalid control fields",
	"VM entry with invalid host-state fields",
	"VMPTRLD with invalid physical address",
	"VMPTRLD with VMXON pointer",
	"VMPTRLD with incorrect VMCS revision identifier",
	"VMREAD/VMWRITE from/to unsupported VMCS component",
	"VMWRITE to read-only VMCS component",
	nullptr,
	"VMXON executed in VMX root operation",
	"VM entry with invalid executive-VMCS pointer",
	"VM entry with non-launched executive VMCS",
	"VM entry with executive-VMCS pointer not VMXON pointer",
	"VMCALL with non-clear VMCS",
	"VMCALL with invalid VM-exit control fields",
	nullptr,
	"VMCALL with incorrect MSEG revision identifier",
	"VMXOFF under dual-monitor treatment of SMIs and SMM",
	"VMCALL with invalid SMM-monitor features",
	"VM entry with invalid VM-execution control fields in executive VMCS",
	"VM entry with events blocked by MOV SS",
	nullptr,
	"invalid operand to INVEPT/INVVPID",
};

constexpr const char *exceptions[] = {"#DE", "#DB",   "NMI", "#BP", "#OF", "#BR", "#UD", "#NM",
				      "#DF", nullptr, "#TS", "#NP", "#SS", "#GP", "#PF", nullptr,
				      "#MF", "#AC",   "#MC", "#XM", "#VE", "#CP"};

struct Row {
	Reason reason;
	const char *name;
};

// clang-format off
constexpr Row reasons[] = {
	{Reason::exception_nmi,       "exception or NMI"},
	{Reason::external_interrupt,  "external interrupt"},
	{Reason::triple_fault,        "triple fault"},
	{Reason::init_signal,         "INIT signal"},
	{Reason::sipi,                "start-up IPI"},
	{Reason::io_smi,              "I/O system-management interrupt"},
	{Reason::other_smi,           "other SMI"},
	{Reason::interrupt_window,    "interrupt window"},
	{Reason::nmi_window,          "NMI window"},
	{Reason::task_switch,         "task switch"},
	{Reason::cpuid,               "CPUID"},
	{Reason::getsec,              "GETSEC"},
	{Reason::hlt,                 "HLT"},
	{Reason::invd,                "INVD"},
	{Reason::invlpg,              "INVLPG"},
	{Reason::rdpmc,               "RDPMC"},
	{Reason::rdtsc,               "RDTSC"},
	{Reason::rsm,                 "RSM"},
	{Reason::vmcall,              "VMCALL"},
	{Reason::vmclear,             "VMCLEAR"},
	{Reason::vmlaunch,            "VMLAUNCH"},
	{Reason::vmptrld,             "VMPTRLD"},
	{Reason::vmptrst,             "VMPTRST"},
	{Reason::vmread,              "VMREAD"},
	{Reason::vmresume,            "VMRESUME"},
	{Reason::vmwrite,             "VMWRITE"},
	{Reason::vmxoff,              "VMXOFF"},
	{Reason::vmxon,               "VMXON"},
	{Reason::cr_access,           "control-register access"},
	{Reason::mov_dr,              "MOV DR"},
	{Reason::io_instruction,      "I/O instruction"},
	{Reason::rdmsr,               "RDMSR"},
	{Reason::wrmsr,               "WRMSR"},
	{Reason::invalid_guest,       "VM-entry failure due to invalid guest state"},
	{Reason::msr_load_fail,       "VM-entry failure due to MSR loading"},
	{Reason::mwait,               "MWAIT"},
	{Reason::monitor_trap_flag,   "monitor trap flag"},
	{Reason::monitor,             "MONITOR"},
	{Reason::pause,               "PAUSE"},
	{Reason::machine_check,       "VM-entry failure due to machine-check event"},
	{Reason::tpr_below_threshold, "TPR below threshold"},
	{Reason::apic_access,         "APIC access"},
	{Reason::virtualized_eoi,     "virtualized EOI"},
	{Reason::gdtr_idtr,           "access to GDTR or IDTR"},
	{Reason::ldtr_tr,             "access to LDTR or TR"},
	{Reason::ept_violation,       "EPT violation"},
	{Reason::ept_misconfig,       "EPT misconfiguration"},
	{Reason::invept,              "INVEPT"},
	{Reason::rdtscp,              "RDTSCP"},
	{Reason::preemption_timer,    "VMX-preemption timer expired"},
	{Reason::invvpid,             "INVVPID"},
	{Reason::wbinvd,              "WBINVD or WBNOINVD"},
	{Reason::xsetbv,              "XSETBV"},
	{Reason::apic_write,          "APIC write"},
	{Reason::rdrand,              "RDRAND"},
	{Reason::invpcid,             "INVPCID"},
	{Reason::vmfunc,              "VMFUNC"},
	{Reason::encls,               "ENCLS"},
	{Reason::rdseed,              "RDSEED"},
	{Reason::pml_full,            "page-modification log full"},
	{Reason::xsaves,              "XSAVES"},
	{Reason::xrstors,             "XRSTORS"},
	{Reason::pconfig,             "PCONFIG"},
	{Reason::spp_event,           "SPP-related event"},
	{Reason::umwait,              "UMWAIT"},
	{Reason::tpause,              "TPAUSE"},
	{Reason::bus_lock,            "bus lock"},
	{Reason::notify,              "instruction timeout"},
};
// clang-format on

template <unsigned Size> const char *at(const char *const (&names)[Size], u64 index)
{
	return index < Size ? names[index] : nullptr;
}

} // namespace

const char *instruction_error_name(u32 error)
{
	const char *name = at(instruction_errors, error);

	return name ? name : "unknown";
}

const char *exit_reason_name(Reason reason)
{
	for (const Row &row : reasons)
		if (row.reason == reason)
			return row.name;
	return "unknown";
}

const char *entry_failure_name(Reason reason, u64 qualification)
{
	if (reason != Reason::invalid_guest)
		return nullptr;
	switch (qualification) {
	case 2:
		return "loading the PDPTEs";
	case 3:
		return "injecting an NMI while blocked by STI";
	case 4:
		return "VMCS link pointer";
	default:
		return nullptr;
	}
}

const char *exception_name(u32 vector)
{
	return at(exceptions, vector);
}

} // namespace vmx::dump
