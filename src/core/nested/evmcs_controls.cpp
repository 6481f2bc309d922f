// SPDX-License-Identifier: GPL-2.0-only
#include "core/nested/evmcs_controls.hpp"

#include "vmx/controls.hpp"

namespace vmx::nested {

namespace {

// Without the preemption timer's value, the posted-interrupt descriptor, the APIC-access page, the
// EOI-exit bitmaps, VM functions, the bitmaps of VMREAD and VMWRITE and the page-modification log,
// for which the page has no fields. Virtualized APIC registers and TSC scaling are what the
// distribution's module of this kernel leaves out besides.
constexpr Pin pins = pin::external_interrupt_exiting | pin::nmi_exiting | pin::virtual_nmis;

constexpr Primary primaries =
	primary::interrupt_window_exiting | primary::use_tsc_offsetting | primary::hlt_exiting |
	primary::invlpg_exiting | primary::mwait_exiting | primary::rdpmc_exiting |
	primary::rdtsc_exiting | primary::cr3_load_exiting | primary::cr3_store_exiting |
	primary::cr8_load_exiting | primary::cr8_store_exiting | primary::use_tpr_shadow |
	primary::nmi_window_exiting | primary::mov_dr_exiting | primary::unconditional_io_exiting |
	primary::use_io_bitmaps | primary::monitor_trap_flag | primary::use_msr_bitmaps |
	primary::monitor_exiting | primary::pause_exiting | primary::activate_secondary;

constexpr Secondary secondaries =
	secondary::enable_ept | secondary::descriptor_table_exiting | secondary::enable_rdtscp |
	secondary::virtualize_x2apic | secondary::enable_vpid | secondary::wbinvd_exiting |
	secondary::unrestricted_guest | secondary::rdrand_exiting | secondary::enable_invpcid |
	secondary::encls_exiting | secondary::rdseed_exiting | secondary::enable_xsaves |
	secondary::enable_user_wait_pause;

constexpr Exit exits = exit::save_debug_controls | exit::host_address_space_size |
		       exit::ack_interrupt_on_exit | exit::save_pat | exit::load_pat |
		       exit::save_efer | exit::load_efer | exit::clear_bndcfgs;

constexpr Entry entries = entry::load_debug_controls | entry::ia32e_mode_guest | entry::load_pat |
			  entry::load_efer | entry::load_bndcfgs;

constexpr u64 everything = ~u64{0};

/// Bits of the MSR's upper half, "allowed 1", that may stay.
u64 carried(Msr msr, bool perf_global_ctrl)
{
	const u32 exit_perf = perf_global_ctrl ? exit::load_perf_global_ctrl.bits : 0;
	const u32 entry_perf = perf_global_ctrl ? entry::load_perf_global_ctrl.bits : 0;

	switch (msr) {
	case Msr::pinbased_ctls:
	case Msr::true_pinbased_ctls:
		return (pins | pin::default1).bits;
	case Msr::procbased_ctls:
	case Msr::true_procbased_ctls:
		return (primaries | primary::default1).bits;
	case Msr::procbased_ctls2:
		return secondaries.bits;
	case Msr::exit_ctls:
	case Msr::true_exit_ctls:
		return (exits | exit::default1).bits | exit_perf;
	case Msr::entry_ctls:
	case Msr::true_entry_ctls:
		return (entries | entry::default1).bits | entry_perf;
	default:
		return everything;
	}
}

} // namespace

u64 evmcs_capability(Msr msr, u64 value, bool perf_global_ctrl)
{
	constexpr u64 low_half = 0xffffffff;

	// There is no field for them.
	if (msr == Msr::vmfunc)
		return 0;
	const u64 allowed = carried(msr, perf_global_ctrl);

	return allowed == everything ? value : value & (allowed << 32 | low_half);
}

VmxCapabilities evmcs_capabilities(const VmxCapabilities &shown, bool perf_global_ctrl)
{
	constexpr Msr filtered[] = {Msr::pinbased_ctls,	  Msr::true_pinbased_ctls,
				    Msr::procbased_ctls,  Msr::true_procbased_ctls,
				    Msr::procbased_ctls2, Msr::exit_ctls,
				    Msr::true_exit_ctls,  Msr::entry_ctls,
				    Msr::true_entry_ctls, Msr::vmfunc};
	VmxCapabilities result = shown;

	for (const Msr msr : filtered)
		result.set(msr, evmcs_capability(msr, shown.get(msr), perf_global_ctrl));
	return result;
}

} // namespace vmx::nested
