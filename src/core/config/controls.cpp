// SPDX-License-Identifier: GPL-2.0-only
#include "core/config/table.hpp"

namespace vmx::config {

namespace {

// clang-format off
constexpr Control control_table[] = {
	{pin::external_interrupt_exiting,         "external-interrupt exiting",       Use::required, "interrupts"},
	{pin::nmi_exiting,                        "NMI exiting",                      Use::required, "NMIs"},
	{pin::virtual_nmis,                       "virtual NMIs",                     Use::optional, "NMIs"},
	{pin::preemption_timer,                   "VMX-preemption timer",             Use::optional, "APIC timer"},
	{pin::posted_interrupts,                  "process posted interrupts",        Use::optional, "APICv"},

	{primary::interrupt_window_exiting,       "interrupt-window exiting",         Use::runtime,  "interrupts"},
	{primary::use_tsc_offsetting,             "use TSC offsetting",               Use::required, "TSC"},
	{primary::hlt_exiting,                    "HLT exiting",                      Use::required, "idle"},
	{primary::invlpg_exiting,                 "INVLPG exiting",                   Use::required, "shadow paging"},
	{primary::mwait_exiting,                  "MWAIT exiting",                    Use::required, "idle"},
	{primary::rdpmc_exiting,                  "RDPMC exiting",                    Use::required, "PMU"},
	{primary::rdtsc_exiting,                  "RDTSC exiting",                    Use::unused,   "TSC"},
	{primary::cr3_load_exiting,               "CR3-load exiting",                 Use::required, "shadow paging"},
	{primary::cr3_store_exiting,              "CR3-store exiting",                Use::required, "shadow paging"},
	{primary::activate_tertiary,              "activate tertiary controls",       Use::optional, "tertiary controls"},
	{primary::cr8_load_exiting,               "CR8-load exiting",                 Use::required_without, "TPR", primary::use_tpr_shadow},
	{primary::cr8_store_exiting,              "CR8-store exiting",                Use::required_without, "TPR", primary::use_tpr_shadow},
	{primary::use_tpr_shadow,                 "use TPR shadow",                   Use::optional, "TPR"},
	{primary::nmi_window_exiting,             "NMI-window exiting",               Use::unused,   "NMIs"},
	{primary::mov_dr_exiting,                 "MOV-DR exiting",                   Use::required, "debug registers"},
	{primary::unconditional_io_exiting,       "unconditional I/O exiting",        Use::required, "port I/O"},
	{primary::use_io_bitmaps,                 "use I/O bitmaps",                  Use::unused,   "port I/O"},
	{primary::monitor_trap_flag,              "monitor trap flag",                Use::unused,   "nested"},
	{primary::use_msr_bitmaps,                "use MSR bitmaps",                  Use::optional, "MSRs"},
	{primary::monitor_exiting,                "MONITOR exiting",                  Use::required, "idle"},
	{primary::pause_exiting,                  "PAUSE exiting",                    Use::unused,   "spin loops"},
	{primary::activate_secondary,             "activate secondary controls",      Use::optional, "secondary controls"},

	{secondary::virtualize_apic_accesses,     "virtualize APIC accesses",         Use::optional, "flexpriority"},
	{secondary::enable_ept,                   "enable EPT",                       Use::optional, "EPT"},
	{secondary::descriptor_table_exiting,     "descriptor-table exiting",         Use::optional, "UMIP emulation"},
	{secondary::enable_rdtscp,                "enable RDTSCP",                    Use::optional, "RDTSCP, RDPID"},
	{secondary::virtualize_x2apic,            "virtualize x2APIC mode",           Use::optional, "APICv"},
	{secondary::enable_vpid,                  "enable VPID",                      Use::optional, "VPID"},
	{secondary::wbinvd_exiting,               "WBINVD exiting",                   Use::optional, "device assignment"},
	{secondary::unrestricted_guest,           "unrestricted guest",               Use::optional, "real mode"},
	{secondary::apic_register_virtualization, "APIC-register virtualization",     Use::optional, "APICv"},
	{secondary::virtual_interrupt_delivery,   "virtual-interrupt delivery",       Use::optional, "APICv"},
	{secondary::pause_loop_exiting,           "PAUSE-loop exiting",               Use::optional, "spin loops"},
	{secondary::rdrand_exiting,               "RDRAND exiting",                   Use::optional, "hidden RDRAND"},
	{secondary::enable_invpcid,               "enable INVPCID",                   Use::optional, "INVPCID"},
	{secondary::enable_vmfunc,                "enable VM functions",              Use::unused,   "nested"},
	{secondary::vmcs_shadowing,               "VMCS shadowing",                   Use::optional, "nested"},
	{secondary::encls_exiting,                "ENCLS exiting",                    Use::optional, "SGX"},
	{secondary::rdseed_exiting,               "RDSEED exiting",                   Use::optional, "hidden RDSEED"},
	{secondary::enable_pml,                   "enable PML",                       Use::optional, "dirty log"},
	{secondary::ept_violation_ve,             "EPT-violation #VE",                Use::unused,   "none"},
	{secondary::conceal_vmx_from_pt,          "conceal VMX from PT",              Use::unused,   "none"},
	{secondary::enable_xsaves,                "enable XSAVES/XRSTORS",            Use::optional, "XSAVES"},
	{secondary::pasid_translation,            "PASID translation",                Use::unused,   "none"},
	{secondary::mode_based_execute_ept,       "mode-based execute control",       Use::unused,   "none"},
	{secondary::sub_page_write,               "sub-page write permissions",       Use::unused,   "none"},
	{secondary::pt_use_gpa,                   "Intel PT uses GPAs",               Use::unused,   "none"},
	{secondary::use_tsc_scaling,              "use TSC scaling",                  Use::optional, "TSC"},
	{secondary::enable_user_wait_pause,       "enable user wait and pause",       Use::optional, "WAITPKG"},
	{secondary::enable_pconfig,               "enable PCONFIG",                   Use::unused,   "none"},
	{secondary::enclv_exiting,                "ENCLV exiting",                    Use::unused,   "none"},
	{secondary::bus_lock_detection,           "VMM bus-lock detection",           Use::optional, "bus-lock exits"},
	{secondary::instruction_timeout,          "instruction timeout",              Use::optional, "notify exits"},

	{tertiary::loadiwkey_exiting,             "LOADIWKEY exiting",                Use::unused,   "none"},
	{tertiary::enable_hlat,                   "enable HLAT",                      Use::unused,   "none"},
	{tertiary::ept_paging_write,              "EPT paging-write control",         Use::unused,   "none"},
	{tertiary::guest_paging_verification,     "guest-paging verification",        Use::unused,   "none"},
	{tertiary::ipi_virtualization,            "IPI virtualization",               Use::optional, "APICv"},
	{tertiary::enable_msr_list,               "enable MSR-list instructions",     Use::unused,   "none"},
	{tertiary::virtualize_spec_ctrl,          "virtualize IA32_SPEC_CTRL",        Use::unused,   "none"},

	{exit::save_debug_controls,               "save debug controls",              Use::required, "debug registers"},
	{exit::host_address_space_size,           "host address-space size",          Use::required, "64-bit host"},
	{exit::load_perf_global_ctrl,             "IA32_PERF_GLOBAL_CTRL load",       Use::optional, "PMU"},
	{exit::ack_interrupt_on_exit,             "acknowledge interrupt on exit",    Use::required, "interrupts"},
	{exit::save_pat,                          "IA32_PAT save",                    Use::unused,   "none"},
	{exit::load_pat,                          "IA32_PAT load",                    Use::optional, "PAT"},
	{exit::save_efer,                         "IA32_EFER save",                   Use::unused,   "none"},
	{exit::load_efer,                         "IA32_EFER load",                   Use::optional, "EFER"},
	{exit::save_preemption_timer,             "VMX-preemption timer save",        Use::unused,   "nested"},
	{exit::clear_bndcfgs,                     "IA32_BNDCFGS clear",               Use::optional, "MPX"},
	{exit::conceal_vmx_from_pt,               "conceal VMX from PT",              Use::unused,   "none"},
	{exit::clear_rtit_ctl,                    "IA32_RTIT_CTL clear",              Use::unused,   "none"},
	{exit::clear_lbr_ctl,                     "IA32_LBR_CTL clear",               Use::unused,   "none"},
	{exit::clear_uinv,                        "UINV clear",                       Use::unused,   "none"},
	{exit::load_cet,                          "CET state load",                   Use::unused,   "none"},
	{exit::load_pkrs,                         "IA32_PKRS load",                   Use::unused,   "none"},
	{exit::save_perf_global_ctrl,             "IA32_PERF_GLOBAL_CTRL save",       Use::unused,   "none"},
	{exit::activate_secondary,                "activate secondary exit controls", Use::unused,   "none"},

	{exit2::save_fred,                        "FRED state save",                  Use::unused,   "none"},
	{exit2::load_fred,                        "FRED state load",                  Use::unused,   "none"},

	{entry::load_debug_controls,              "load debug controls",              Use::required, "debug registers"},
	{entry::ia32e_mode_guest,                 "IA-32e mode guest",                Use::runtime,  "64-bit guests"},
	{entry::entry_to_smm,                     "entry to SMM",                     Use::unused,   "none"},
	{entry::deactivate_dual_monitor,          "deactivate dual-monitor treatment", Use::unused,  "none"},
	{entry::load_perf_global_ctrl,            "IA32_PERF_GLOBAL_CTRL load",       Use::optional, "PMU"},
	{entry::load_pat,                         "IA32_PAT load",                    Use::optional, "PAT"},
	{entry::load_efer,                        "IA32_EFER load",                   Use::optional, "EFER"},
	{entry::load_bndcfgs,                     "IA32_BNDCFGS load",                Use::optional, "MPX"},
	{entry::conceal_vmx_from_pt,              "conceal VMX from PT",              Use::unused,   "none"},
	{entry::load_rtit_ctl,                    "IA32_RTIT_CTL load",               Use::unused,   "none"},
	{entry::load_uinv,                        "UINV load",                        Use::unused,   "none"},
	{entry::load_cet,                         "CET state load",                   Use::unused,   "none"},
	{entry::load_guest_lbr_ctl,               "guest IA32_LBR_CTL load",          Use::unused,   "none"},
	{entry::load_pkrs,                        "IA32_PKRS load",                   Use::unused,   "none"},
	{entry::load_fred,                        "FRED state load",                  Use::unused,   "none"},
};

/// Names of what is no control but stands in a rule: capability bits and groups of bits.
struct Named {
	Bit bit;
	const char *name;
};

constexpr Named named_table[] = {
	{ept_vpid_cap::ept_half,                            "any EPT capability"},
	{ept_vpid_cap::vpid_half,                           "any VPID capability"},
	{ept_vpid_cap::page_walk_4,                         "4-level EPT page walk"},
	{ept_vpid_cap::page_walk_4 | ept_vpid_cap::page_walk_5, "EPT page walk of 4 or 5 levels"},
	{ept_vpid_cap::memory_wb,                           "write-back EPT memory type"},
	{ept_vpid_cap::memory_wb | ept_vpid_cap::memory_uc, "EPT memory type (write-back or uncacheable)"},
	{ept_vpid_cap::invept,                              "INVEPT"},
	{ept_vpid_cap::invept_all,                          "all-context INVEPT"},
	{ept_vpid_cap::invept_types,                        "any INVEPT type"},
	{ept_vpid_cap::accessed_dirty,                      "EPT accessed and dirty flags"},
	{ept_vpid_cap::invvpid,                             "INVVPID"},
	{ept_vpid_cap::invvpid_types,                       "any INVVPID type"},
	{ept_vpid_cap::invvpid_single | ept_vpid_cap::invvpid_all, "single- or all-context INVVPID"},
	{vmfunc::eptp_switching,                            "EPTP switching"},
	{misc::stores_lma,                                  "EFER.LMA stored on VM exit (bit 5)"},
	{misc::intel_pt,                                    "Intel PT in VMX operation (bit 14)"},
	{misc::vmwrite_any_field,                           "VMWRITE to any field (bit 29)"},
	{exit2::save_fred | exit2::load_fred,               "FRED state save or load"},
};

constexpr WordInfo word_table[words] = {
	{"pin-based ",        "pin-based allowed-1",      "pin-based controls",         8},
	{"primary ",          "primary allowed-1",        "primary controls",           8},
	{"secondary ",        "secondary allowed-1",      "secondary controls",         8},
	{"tertiary ",         "tertiary allowed-1",       "tertiary controls",         16},
	{"vm-exit ",          "exit allowed-1",           "vm-exit controls",           8},
	{"secondary vm-exit ", "secondary exit allowed-1", "secondary vm-exit controls", 16},
	{"vm-entry ",         "entry allowed-1",          "vm-entry controls",          8},
	{"",                  "IA32_VMX_EPT_VPID_CAP",    "EPT and VPID capabilities", 16},
	{"VM function ",      "IA32_VMX_VMFUNC",          "VM functions",              16},
	{"IA32_VMX_MISC ",    "IA32_VMX_MISC",            "miscellaneous data",        16},
	{"CPUID ",            nullptr,                    "CPUID features",             8},
};
// clang-format on

} // namespace

Table<Control> controls()
{
	return {control_table, sizeof(control_table) / sizeof(control_table[0])};
}

const WordInfo &info(Word word)
{
	return word_table[index(word)];
}

const char *name_of(Use use)
{
	switch (use) {
	case Use::required:
		return "required";
	case Use::required_without:
		return "required without TPR shadow";
	case Use::optional:
		return "optional";
	case Use::runtime:
		return "required, set at run time";
	case Use::unused:
		break;
	}
	return "not used";
}

const char *name_of(Bit bit)
{
	for (const Control &control : control_table)
		if (control.bit == bit)
			return control.name;
	for (const Named &named : named_table)
		if (named.bit == bit)
			return named.name;
	for (const CpuFeatureInfo &feature : cpu_features)
		if (Bit{feature.feature} == bit)
			return feature.name;
	return "unnamed";
}

} // namespace vmx::config
