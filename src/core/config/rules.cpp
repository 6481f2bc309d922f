// SPDX-License-Identifier: GPL-2.0-only
#include "core/config/rules.hpp"

#include "core/config/checks.hpp"
#include "vmx/arch.hpp"

namespace vmx::config {

namespace {

constexpr auto reject = Severity::reject;
constexpr auto warn = Severity::warn;
constexpr auto info_only = Severity::info;

constexpr Rule pair(const char *id, Severity severity, Drop drop, Bit a, Bit b, const char *why)
{
	return {.id = id,
		.severity = severity,
		.kind = Kind::pair,
		.drop = drop,
		.a = a,
		.b = b,
		.why = why};
}

constexpr Rule needs(const char *id, Severity severity, Drop drop, Bit a, Bit b, const char *why)
{
	return {.id = id,
		.severity = severity,
		.kind = Kind::needs,
		.drop = drop,
		.a = a,
		.b = b,
		.why = why};
}

constexpr Rule word(const char *id, Severity severity, Check check, Msr msr, u64 parameter,
		    const char *why)
{
	return {.id = id,
		.severity = severity,
		.kind = Kind::word,
		.drop = Drop::nothing,
		.check = check,
		.msr = msr,
		.parameter = parameter,
		.why = why};
}

/// `msr` is not zero although `gate`, which makes it exist, is not supported.
constexpr Rule gated(const char *id, Msr msr, Bit gate, const char *why)
{
	return {.id = id,
		.severity = reject,
		.kind = Kind::word,
		.drop = Drop::nothing,
		.a = gate,
		.check = checks::set_without_activation,
		.msr = msr,
		.why = why};
}

constexpr const char *pairs_why =
	"SDM, VM-Entry Controls and VM-Exit Controls: what entry loads, exit must restore";
constexpr const char *exec_why = "SDM, VM-Execution Control Fields: checks on VM entry";
constexpr const char *cap_why = "SDM, VPID and EPT Capabilities";
constexpr const char *allowed_why = "SDM, Reserved Controls and Default Settings";
constexpr const char *basic_why = "SDM, Basic VMX Information";
constexpr const char *cpuid_why = "the instruction and the control that governs it come together";
constexpr const char *backend_why = "how this backend uses it";

// clang-format off
constexpr Rule rule_table[] = {
	// What VM entry loads, VM exit must take back, and the other way round.
	pair("perf-global-ctrl-pair", reject, Drop::both, entry::load_perf_global_ctrl, exit::load_perf_global_ctrl, pairs_why),
	pair("pat-pair",              reject, Drop::both, entry::load_pat,              exit::load_pat,              pairs_why),
	pair("efer-pair",             reject, Drop::both, entry::load_efer,             exit::load_efer,             pairs_why),
	pair("bndcfgs-pair",          reject, Drop::both, entry::load_bndcfgs,          exit::clear_bndcfgs,         pairs_why),
	pair("rtit-ctl-pair",         reject, Drop::both, entry::load_rtit_ctl,         exit::clear_rtit_ctl,        pairs_why),
	pair("cet-pair",              reject, Drop::both, entry::load_cet,              exit::load_cet,              pairs_why),
	pair("pkrs-pair",             reject, Drop::both, entry::load_pkrs,             exit::load_pkrs,             pairs_why),
	pair("lbr-ctl-pair",          reject, Drop::both, entry::load_guest_lbr_ctl,    exit::clear_lbr_ctl,         pairs_why),
	pair("uinv-pair",             reject, Drop::both, entry::load_uinv,             exit::clear_uinv,            pairs_why),
	pair("conceal-pt-pair",       reject, Drop::both, entry::conceal_vmx_from_pt,   exit::conceal_vmx_from_pt,   pairs_why),
	needs("fred-entry-exit-save", reject, Drop::first, entry::load_fred, exit2::save_fred, pairs_why),
	needs("fred-entry-exit-load", reject, Drop::first, entry::load_fred, exit2::load_fred, pairs_why),
	needs("fred-exit-entry",      reject, Drop::first, exit2::save_fred | exit2::load_fred, entry::load_fred, pairs_why),

	// Capabilities of what is not there.
	needs("ept-capability-without-ept",   reject, Drop::first, ept_vpid_cap::ept_half,  secondary::enable_ept,  cap_why),
	needs("vpid-capability-without-vpid", reject, Drop::first, ept_vpid_cap::vpid_half, secondary::enable_vpid, cap_why),

	// EPT and VPID that could not be used.
	needs("ept-page-walk",   reject, Drop::first, secondary::enable_ept, ept_vpid_cap::page_walk_4 | ept_vpid_cap::page_walk_5, cap_why),
	needs("ept-memory-type", reject, Drop::first, secondary::enable_ept, ept_vpid_cap::memory_wb | ept_vpid_cap::memory_uc,     cap_why),
	needs("invept-type",     reject, Drop::first, ept_vpid_cap::invept,  ept_vpid_cap::invept_types,                            cap_why),
	needs("invvpid-type",    reject, Drop::first, ept_vpid_cap::invvpid, ept_vpid_cap::invvpid_types,                           cap_why),

	// Controls that VM entry refuses without another.
	needs("pml-ept",                 reject, Drop::first, secondary::enable_pml,             secondary::enable_ept, exec_why),
	needs("pml-accessed-dirty",      reject, Drop::first, secondary::enable_pml,             ept_vpid_cap::accessed_dirty, "SDM, Page-Modification Logging: logs when a dirty flag is set"),
	needs("unrestricted-guest-ept",  reject, Drop::first, secondary::unrestricted_guest,     secondary::enable_ept, exec_why),
	needs("unrestricted-guest-lma",  reject, Drop::first, secondary::unrestricted_guest,     misc::stores_lma,      "SDM, Miscellaneous Data: bit 5 is 1 wherever unrestricted guest is supported"),
	needs("ve-ept",                  reject, Drop::first, secondary::ept_violation_ve,       secondary::enable_ept, exec_why),
	needs("mode-based-execute-ept",  reject, Drop::first, secondary::mode_based_execute_ept, secondary::enable_ept, exec_why),
	needs("sub-page-write-ept",      reject, Drop::first, secondary::sub_page_write,         secondary::enable_ept, exec_why),
	needs("pt-gpa-ept",              reject, Drop::first, secondary::pt_use_gpa,             secondary::enable_ept, exec_why),
	needs("hlat-ept",                reject, Drop::first, tertiary::enable_hlat,             secondary::enable_ept, exec_why),
	needs("ept-paging-write-ept",    reject, Drop::first, tertiary::ept_paging_write,        secondary::enable_ept, exec_why),
	needs("guest-paging-ept",        reject, Drop::first, tertiary::guest_paging_verification, secondary::enable_ept, exec_why),
	needs("eptp-switching-ept",      reject, Drop::first, vmfunc::eptp_switching,            secondary::enable_ept, exec_why),
	needs("x2apic-tpr-shadow",       reject, Drop::first, secondary::virtualize_x2apic,      primary::use_tpr_shadow, exec_why),
	needs("apic-register-tpr-shadow", reject, Drop::first, secondary::apic_register_virtualization, primary::use_tpr_shadow, exec_why),
	needs("interrupt-delivery-tpr-shadow", reject, Drop::first, secondary::virtual_interrupt_delivery, primary::use_tpr_shadow, exec_why),
	needs("interrupt-delivery-exiting", reject, Drop::first, secondary::virtual_interrupt_delivery, pin::external_interrupt_exiting, exec_why),
	needs("ipi-virtualization-tpr-shadow", reject, Drop::first, tertiary::ipi_virtualization, primary::use_tpr_shadow, exec_why),
	needs("posted-interrupt-delivery", reject, Drop::first, pin::posted_interrupts, secondary::virtual_interrupt_delivery, exec_why),
	needs("posted-interrupt-ack",    reject, Drop::first, pin::posted_interrupts, exit::ack_interrupt_on_exit, exec_why),
	needs("virtual-nmi-exiting",     reject, Drop::first, pin::virtual_nmis, pin::nmi_exiting, exec_why),

	// Words that contradict themselves or each other.
	word("pin-impossible",          reject, checks::must_and_cannot, Msr::pinbased_ctls,       0, allowed_why),
	word("primary-impossible",      reject, checks::must_and_cannot, Msr::procbased_ctls,      0, allowed_why),
	word("secondary-impossible",    reject, checks::must_and_cannot, Msr::procbased_ctls2,     0, allowed_why),
	word("exit-impossible",         reject, checks::must_and_cannot, Msr::exit_ctls,           0, allowed_why),
	word("entry-impossible",        reject, checks::must_and_cannot, Msr::entry_ctls,          0, allowed_why),
	word("true-pin-impossible",     reject, checks::must_and_cannot, Msr::true_pinbased_ctls,  0, allowed_why),
	word("true-primary-impossible", reject, checks::must_and_cannot, Msr::true_procbased_ctls, 0, allowed_why),
	word("true-exit-impossible",    reject, checks::must_and_cannot, Msr::true_exit_ctls,      0, allowed_why),
	word("true-entry-impossible",   reject, checks::must_and_cannot, Msr::true_entry_ctls,     0, allowed_why),
	word("secondary-forced",        reject, checks::forces_something, Msr::procbased_ctls2,    0, "SDM, Secondary Processor-Based VM-Execution Controls: bits 31:0 are always 0"),
	word("pin-default1",            reject, checks::lacks_default1, Msr::pinbased_ctls,  pin::default1.bits,     allowed_why),
	word("primary-default1",        reject, checks::lacks_default1, Msr::procbased_ctls, primary::default1.bits, allowed_why),
	word("exit-default1",           reject, checks::lacks_default1, Msr::exit_ctls,      exit::default1.bits,    allowed_why),
	word("entry-default1",          reject, checks::lacks_default1, Msr::entry_ctls,     entry::default1.bits,   allowed_why),
	word("true-pin-forces-more",     reject, checks::true_forces_more, Msr::true_pinbased_ctls,  0, allowed_why),
	word("true-primary-forces-more", reject, checks::true_forces_more, Msr::true_procbased_ctls, 0, allowed_why),
	word("true-exit-forces-more",    reject, checks::true_forces_more, Msr::true_exit_ctls,      0, allowed_why),
	word("true-entry-forces-more",   reject, checks::true_forces_more, Msr::true_entry_ctls,     0, allowed_why),
	gated("secondary-without-activation", Msr::procbased_ctls2, primary::activate_secondary, "SDM, Secondary Processor-Based VM-Execution Controls"),
	gated("tertiary-without-activation",  Msr::procbased_ctls3, primary::activate_tertiary,  "SDM, Tertiary Processor-Based VM-Execution Controls"),
	gated("exit2-without-activation",     Msr::exit_ctls2,      exit::activate_secondary,    "SDM, Secondary VM-Exit Controls"),
	gated("vmfunc-without-activation",    Msr::vmfunc,          secondary::enable_vmfunc,    "SDM, VM Functions"),
	word("basic-bit-31",    reject, checks::basic_bit_31, Msr::basic, 0,    basic_why),
	word("region-size",     reject, checks::region_size,  Msr::basic, 4096, basic_why),
	word("memory-type",     reject, checks::memory_type,  Msr::basic, 0,    basic_why),
	word("cr0-fixed",       reject, checks::fixed_contradict, Msr::cr0_fixed0, 0, "SDM, VMX-Fixed Bits in CR0"),
	word("cr4-fixed",       reject, checks::fixed_contradict, Msr::cr4_fixed0, 0, "SDM, VMX-Fixed Bits in CR4"),
	word("cr4-vmxe",        reject, checks::cr4_without_vmxe, Msr::cr4_fixed1, cr4::vmxe, "SDM, VMX-Fixed Bits in CR4"),

	// Seen on working machines.
	word("vmcs-enum",            warn, checks::enum_too_low, Msr::vmcs_enum, 0, "SDM, VMCS Enumeration; a known erratum reports too low an index"),
	word("true-pin-differs",     warn, checks::true_allows_other, Msr::true_pinbased_ctls,  0, allowed_why),
	word("true-primary-differs", warn, checks::true_allows_other, Msr::true_procbased_ctls, 0, allowed_why),
	word("true-exit-differs",    warn, checks::true_allows_other, Msr::true_exit_ctls,      0, allowed_why),
	word("true-entry-differs",   warn, checks::true_allows_other, Msr::true_entry_ctls,     0, allowed_why),
	pair("pat-save-load",        warn, Drop::nothing, exit::save_pat,  exit::load_pat,  "real CPUs have both"),
	pair("efer-save-load",       warn, Drop::nothing, exit::save_efer, exit::load_efer, "real CPUs have both"),
	pair("preemption-timer-save", warn, Drop::nothing, pin::preemption_timer, exit::save_preemption_timer, "real CPUs have both; ACRN offers the timer alone"),
	needs("virtual-nmi-window",  warn, Drop::first,   pin::virtual_nmis, primary::nmi_window_exiting, "SDM, VM-Execution Control Fields: without the window, a blocked NMI is never seen to end"),
	needs("nmi-window-virtual",  warn, Drop::nothing, primary::nmi_window_exiting, pin::virtual_nmis, "SDM: NMI-window exiting needs virtual NMIs; ACRN and Xen offer it alone"),
	needs("shadowing-vmwrite",   warn, Drop::first,   secondary::vmcs_shadowing, misc::vmwrite_any_field, "SDM, Miscellaneous Data: exit information could not be put into a shadow VMCS"),
	needs("rtit-ctl-misc",       warn, Drop::first,   entry::load_rtit_ctl, misc::intel_pt, "SDM, Miscellaneous Data"),
	{.id = "ept-paging-exits", .severity = warn, .kind = Kind::word, .drop = Drop::first, .a = secondary::enable_ept,
	 .check = checks::forces_paging_exits, .msr = Msr::procbased_ctls2,
	 .parameter = (primary::cr3_load_exiting | primary::cr3_store_exiting | primary::invlpg_exiting).bits,
	 .why = "a guest with EPT runs without CR3 and INVLPG exits"},

	// CPUID and the controls that follow from it.
	needs("bndcfgs-cpuid",  warn, Drop::first,   entry::load_bndcfgs,               cpu_feature::mpx,      "microcode can take MPX away and leave the controls"),
	needs("rtit-ctl-cpuid", warn, Drop::first,   entry::load_rtit_ctl,              cpu_feature::intel_pt, cpuid_why),
	needs("rdtscp-cpuid",   warn, Drop::first,   secondary::enable_rdtscp,          cpu_feature::rdtscp,   cpuid_why),
	needs("invpcid-cpuid",  warn, Drop::first,   secondary::enable_invpcid,         cpu_feature::invpcid,  cpuid_why),
	needs("xsaves-cpuid",   warn, Drop::first,   secondary::enable_xsaves,          cpu_feature::xsaves,   cpuid_why),
	needs("waitpkg-cpuid",  warn, Drop::first,   secondary::enable_user_wait_pause, cpu_feature::waitpkg,  cpuid_why),
	needs("cpuid-rdtscp",   warn, Drop::nothing, cpu_feature::rdtscp,  secondary::enable_rdtscp,          cpuid_why),
	needs("cpuid-invpcid",  warn, Drop::nothing, cpu_feature::invpcid, secondary::enable_invpcid,         cpuid_why),
	needs("cpuid-xsaves",   warn, Drop::nothing, cpu_feature::xsaves,  secondary::enable_xsaves,          cpuid_why),
	needs("cpuid-waitpkg",  warn, Drop::nothing, cpu_feature::waitpkg, secondary::enable_user_wait_pause, cpuid_why),
	needs("cpuid-rdrand",   warn, Drop::nothing, cpu_feature::rdrand,  secondary::rdrand_exiting,         cpuid_why),
	needs("cpuid-rdseed",   warn, Drop::nothing, cpu_feature::rdseed,  secondary::rdseed_exiting,         cpuid_why),
	needs("cpuid-sgx",      warn, Drop::nothing, cpu_feature::sgx,     secondary::encls_exiting,          "a guest's ENCLS could not be intercepted"),

	// How this backend combines features.
	needs("use-ept-page-walk-4",   info_only, Drop::first, secondary::enable_ept, ept_vpid_cap::page_walk_4, backend_why),
	needs("use-ept-write-back",    info_only, Drop::first, secondary::enable_ept, ept_vpid_cap::memory_wb,   backend_why),
	needs("use-ept-invept",        info_only, Drop::first, secondary::enable_ept, ept_vpid_cap::invept_all,  backend_why),
	needs("use-vpid-invvpid",      info_only, Drop::first, secondary::enable_vpid, ept_vpid_cap::invvpid,    backend_why),
	needs("use-vpid-type",         info_only, Drop::first, secondary::enable_vpid, ept_vpid_cap::invvpid_single | ept_vpid_cap::invvpid_all, backend_why),
	needs("use-apic-access-tpr",   info_only, Drop::first, secondary::virtualize_apic_accesses, primary::use_tpr_shadow, backend_why),
	needs("use-ipi-posted",        info_only, Drop::first, tertiary::ipi_virtualization, pin::posted_interrupts, backend_why),
	needs("use-rdrand-exiting",    info_only, Drop::first, secondary::rdrand_exiting, cpu_feature::rdrand, backend_why),
	needs("use-rdseed-exiting",    info_only, Drop::first, secondary::rdseed_exiting, cpu_feature::rdseed, backend_why),
	needs("use-encls-exiting",     info_only, Drop::first, secondary::encls_exiting,  cpu_feature::sgx,    backend_why),
};
// clang-format on

static_assert(sizeof(rule_table) / sizeof(rule_table[0]) <= RuleSet::capacity);

/// The value of a word, as "entry allowed-1 0x0000d1ff".
void append_word(Text &text, const Facts &facts, Word word)
{
	text << info(word).label << " " << Hex{facts.have[index(word)], info(word).digits};
}

/// The values of the words two bits are in: " (entry allowed-1 0x0000d1ff, exit allowed-1
/// 0x003fefff)".
void append_words(Text &text, const Facts &facts, Word first, Word second)
{
	const bool show_first = info(first).label;
	const bool show_second = info(second).label && second != first;

	text << " (";
	if (show_first)
		append_word(text, facts, first);
	if (show_first && show_second)
		text << ", ";
	if (show_second)
		append_word(text, facts, second);
	text << ")";
}

} // namespace

Table<Rule> rules()
{
	return {rule_table, sizeof(rule_table) / sizeof(rule_table[0])};
}

bool violated(const Rule &rule, const VmxCapabilities &caps, const Facts &facts, Text &text)
{
	text.clear();

	if (rule.kind == Kind::word) {
		if (!caps.has(rule.msr) || !rule.check(caps, rule, text))
			return false;
		text << " [" << rule.id << "]";
		return true;
	}

	if (!facts.knows(rule.a.word) || !facts.knows(rule.b.word))
		return false;

	const bool a = facts.has(rule.a);
	const bool b = facts.has(rule.b);

	if (a == b || (rule.kind == Kind::needs && b))
		return false;

	const Bit there = a ? rule.a : rule.b;
	const Bit absent = a ? rule.b : rule.a;

	text << there << " is supported but " << absent << " is not";
	append_words(text, facts, there.word, absent.word);
	text << " [" << rule.id << "]";
	return true;
}

} // namespace vmx::config
