// SPDX-License-Identifier: GPL-2.0-only
#include "core/nested/capabilities.hpp"

#include "core/vmcs12/lookup.hpp"
#include "vmx/arch.hpp"

namespace vmx::nested {

namespace {

// Of what the CPU has, the controls that L0 passes on or acts for. The rest L1 does not see.
constexpr Pin pins = pin::external_interrupt_exiting | pin::nmi_exiting | pin::virtual_nmis;

constexpr Primary primaries =
	primary::interrupt_window_exiting | primary::use_tsc_offsetting | primary::hlt_exiting |
	primary::invlpg_exiting | primary::mwait_exiting | primary::rdpmc_exiting |
	primary::rdtsc_exiting | primary::cr3_load_exiting | primary::cr3_store_exiting |
	primary::cr8_load_exiting | primary::cr8_store_exiting | primary::use_tpr_shadow |
	primary::nmi_window_exiting | primary::mov_dr_exiting | primary::unconditional_io_exiting |
	primary::use_io_bitmaps | primary::monitor_trap_flag | primary::monitor_exiting |
	primary::pause_exiting | primary::activate_secondary;

constexpr Secondary secondaries =
	secondary::descriptor_table_exiting | secondary::enable_rdtscp |
	secondary::virtualize_x2apic | secondary::wbinvd_exiting |
	secondary::apic_register_virtualization | secondary::virtual_interrupt_delivery |
	secondary::rdrand_exiting | secondary::enable_invpcid | secondary::enable_vmfunc |
	secondary::rdseed_exiting | secondary::enable_xsaves | secondary::use_tsc_scaling |
	secondary::enable_user_wait_pause;

constexpr Exit pat_exits = exit::save_pat | exit::load_pat;
constexpr Exit exits = exit::host_address_space_size | exit::ack_interrupt_on_exit | pat_exits |
		       exit::load_perf_global_ctrl | exit::clear_bndcfgs;
constexpr Entry entries = entry::ia32e_mode_guest | entry::load_pat | entry::load_perf_global_ctrl |
			  entry::load_bndcfgs;

// What L0 does itself, whether or not the CPU can: a timer of its own, EFER in the registers of the
// vCPU, a look into L1's MSR bitmap, VMREAD and VMWRITE without an exit as far as L1 can tell.
constexpr Pin emulated_pins = pin::preemption_timer;
constexpr Primary emulated_primaries = primary::use_msr_bitmaps;
constexpr Secondary emulated_secondaries = secondary::vmcs_shadowing;
constexpr Exit emulated_exits = exit::save_efer | exit::load_efer | exit::save_preemption_timer;
constexpr Entry emulated_entries = entry::load_efer;

// Default-1 controls that may be 0 all the same, as the TRUE MSRs have them.
constexpr Primary free_primaries = primary::cr3_load_exiting | primary::cr3_store_exiting;
constexpr Exit free_exits = exit::save_debug_controls;
constexpr Entry free_entries = entry::load_debug_controls;

constexpr EptVpidCap ept_always = ept_vpid_cap::page_walk_4 | ept_vpid_cap::memory_wb |
				  ept_vpid_cap::page_2m | ept_vpid_cap::page_1g |
				  ept_vpid_cap::invept | ept_vpid_cap::invept_types;
constexpr EptVpidCap ept_of_cpu = ept_vpid_cap::execute_only | ept_vpid_cap::page_walk_5;
constexpr EptVpidCap vpid_always = ept_vpid_cap::invvpid | ept_vpid_cap::invvpid_types;

/// The preemption timer counts once in 2^5 cycles of the TSC.
constexpr u64 timer_shift = 5;
constexpr Misc misc_features =
	misc::stores_lma | misc::activity_hlt | misc::activity_wait_sipi | misc::vmwrite_any_field;

constexpr u64 region_size_bits = u64{vmcs12::region_size} << 32;
constexpr u64 write_back = u64{6} << 50;
constexpr u64 memory_type_bits = u64{0xf} << 50;
constexpr u64 ins_outs_info = bit(54), true_controls = bit(55);
constexpr u64 revision_bits = 0x7fffffff;

constexpr u64 low_half = 0xffffffff;

template <class Word> constexpr u64 pack(Word allowed0, Word allowed1)
{
	return u64{allowed1.bits} << 32 | allowed0.bits;
}

/// A pair of MSRs for one word.
struct Pair {
	Msr plain, true_msr;
	u32 default1;
};

constexpr Pair pairs[] = {
	{Msr::pinbased_ctls, Msr::true_pinbased_ctls, pin::default1.bits},
	{Msr::procbased_ctls, Msr::true_procbased_ctls, primary::default1.bits},
	{Msr::exit_ctls, Msr::true_exit_ctls, exit::default1.bits},
	{Msr::entry_ctls, Msr::true_entry_ctls, entry::default1.bits},
};

/// Sets a TRUE MSR and the one that follows it.
constexpr void set_pair(VmxCapabilities &shown, Msr true_msr, u64 value)
{
	for (const Pair &pair : pairs) {
		if (pair.true_msr != true_msr)
			continue;
		shown.set(true_msr, value);
		shown.set(pair.plain, value | pair.default1);
	}
}

u64 shown_pin(const VmxCapabilities &cpu, const VmcsConfig &config)
{
	Pin allowed = (cpu.pin().allowed1 & pins) | emulated_pins | pin::default1;

	if (config.pin.has(pin::posted_interrupts))
		allowed |= pin::posted_interrupts;
	return pack(pin::default1, allowed);
}

u64 shown_primary(const VmxCapabilities &cpu, const VmcsConfig &config)
{
	Primary allowed =
		(cpu.primary().allowed1 & primaries) | emulated_primaries | primary::default1;

	if (!config.primary.has(primary::use_tpr_shadow))
		allowed &= ~primary::use_tpr_shadow;
	return pack(primary::default1 & ~free_primaries, allowed);
}

u64 shown_secondary(const VmxCapabilities &cpu, const VmcsConfig &config, const Offer &offer)
{
	// What L0 uses for its own guests decides on these, parameters included.
	constexpr Secondary as_configured = secondary::virtualize_apic_accesses |
					    secondary::enable_ept | secondary::enable_vpid |
					    secondary::unrestricted_guest;

	if (!cpu.primary().allowed1.has(primary::activate_secondary))
		return 0;

	Secondary allowed = (cpu.secondary().allowed1 & secondaries) | emulated_secondaries |
			    (config.secondary & as_configured);

	// L1's log is filled by L0 when it sets dirty flags.
	if (offer.ept_ad)
		allowed |= secondary::enable_pml;
	if (offer.sgx)
		allowed |= cpu.secondary().allowed1 & secondary::encls_exiting;
	return pack(Secondary{}, allowed);
}

/// What of entry and exit only makes sense together, and that the CPU can have so. L0 loads
/// IA32_PERF_GLOBAL_CTRL itself: the errata of some CPUs, for which L0 does not use the controls,
/// are none for L1.
struct Both {
	Entry entry;
	Exit exit;
};

Both entry_and_exit(const VmxCapabilities &cpu, const Offer &offer)
{
	Both both{cpu.entry().allowed1 & entries, cpu.exit().allowed1 & exits};
	const auto drop_unpaired = [&](Entry entry, Exit exit, bool offered = true) {
		if (offered && both.entry.has(entry) && both.exit.has(exit))
			return;
		both.entry &= ~entry;
		both.exit &= ~exit;
	};

	drop_unpaired(entry::load_pat, pat_exits);
	drop_unpaired(entry::load_perf_global_ctrl, exit::load_perf_global_ctrl);
	drop_unpaired(entry::load_bndcfgs, exit::clear_bndcfgs, offer.mpx);
	both.entry |= emulated_entries | entry::default1;
	both.exit |= emulated_exits | exit::default1;
	return both;
}

u64 shown_ept_vpid(const VmxCapabilities &cpu, Secondary controls, const Offer &offer)
{
	EptVpidCap shown{};

	if (controls.has(secondary::enable_ept))
		shown |= ept_always | (cpu.ept_vpid() & ept_of_cpu);
	if (offer.ept_ad)
		shown |= ept_vpid_cap::accessed_dirty;
	if (controls.has(secondary::enable_vpid))
		shown |= vpid_always;
	return shown.bits;
}

// What userspace may set.

bool may_set_basic(u64 value, u64 offered)
{
	constexpr u64 features = ins_outs_info | true_controls;
	const u64 type = value & memory_type_bits;

	if ((value & ~(revision_bits | region_size_bits | memory_type_bits | features)) ||
	    (value & features & ~offered))
		return false;
	return vmcs12::known_revision(static_cast<u32>(value & revision_bits)) &&
	       (value & region_size_bits) && (type == write_back || type == 0);
}

/// More may be forced and less be allowed, bit by bit.
bool may_set_controls(u64 value, u64 offered)
{
	const u64 forced = value & low_half, allowed = value >> 32;

	return !(offered & low_half & ~forced) && !(allowed & ~(offered >> 32));
}

/// @param timer L1 has the preemption timer, whose rate is the host's to say.
bool may_set_misc(u64 value, u64 offered, bool timer)
{
	constexpr u64 rate = 0x1f, targets = u64{0x1ff} << 16, lists = u64{7} << 25;
	constexpr u64 features =
		(misc_features | misc::activity_shutdown | misc::intel_pt | misc::smbase_in_smm |
		 misc::smm_monitor_ctl | misc::zero_length_inject)
			.bits;
	constexpr u64 mseg_revision = ~low_half;

	return !(value & ~(rate | features | targets | lists | mseg_revision)) &&
	       !(value & features & ~offered) && (!timer || (value & rate) == (offered & rate)) &&
	       (value & targets) <= (offered & targets) && (value & lists) <= (offered & lists) &&
	       (value & mseg_revision) == (offered & mseg_revision);
}

bool is_subset(u64 value, u64 offered)
{
	return !(value & ~offered);
}

bool may_set(Msr msr, u64 value, u64 offered, bool timer)
{
	switch (msr) {
	case Msr::basic:
		return may_set_basic(value, offered);
	case Msr::true_pinbased_ctls:
	case Msr::true_procbased_ctls:
	case Msr::true_exit_ctls:
	case Msr::true_entry_ctls:
	case Msr::procbased_ctls2:
		return may_set_controls(value, offered);
	case Msr::misc:
		return may_set_misc(value, offered, timer);
	case Msr::cr0_fixed0:
	case Msr::cr4_fixed0:
		return is_subset(offered, value);
	case Msr::vmcs_enum:
		// Nobody acts on it: any number that a host has shown is taken.
		return true;
	case Msr::ept_vpid_cap:
	case Msr::vmfunc:
		return is_subset(value, offered);
	default:
		return false;
	}
}

// What follows CPUID.

struct Cr4Bits {
	u64 bits;
	u32 GuestCpuid::*word;
	unsigned bit;
};

// clang-format off
constexpr Cr4Bits cr4_by_cpuid[] = {
	{cr4::vme | cr4::pvi, &GuestCpuid::leaf_1_edx,  1}, // VME
	{cr4::tsd,            &GuestCpuid::leaf_1_edx,  4}, // TSC
	{cr4::de,             &GuestCpuid::leaf_1_edx,  2}, // DE
	{cr4::pse,            &GuestCpuid::leaf_1_edx,  3}, // PSE
	{cr4::pae,            &GuestCpuid::leaf_1_edx,  6}, // PAE
	{cr4::mce,            &GuestCpuid::leaf_1_edx,  7}, // MCE
	{cr4::pge,            &GuestCpuid::leaf_1_edx, 13}, // PGE
	{cr4::osfxsr,         &GuestCpuid::leaf_1_edx, 24}, // FXSR
	{cr4::osxmmexcpt,     &GuestCpuid::leaf_1_edx, 25}, // SSE
	{cr4::vmxe,           &GuestCpuid::leaf_1_ecx,  5}, // VMX
	{cr4::smxe,           &GuestCpuid::leaf_1_ecx,  6}, // SMX
	{cr4::pcide,          &GuestCpuid::leaf_1_ecx, 17}, // PCID
	{cr4::osxsave,        &GuestCpuid::leaf_1_ecx, 26}, // XSAVE
	{cr4::fsgsbase,       &GuestCpuid::leaf_7_ebx,  0}, // FSGSBASE
	{cr4::smep,           &GuestCpuid::leaf_7_ebx,  7}, // SMEP
	{cr4::smap,           &GuestCpuid::leaf_7_ebx, 20}, // SMAP
	{cr4::umip,           &GuestCpuid::leaf_7_ecx,  2}, // UMIP
	{cr4::pke,            &GuestCpuid::leaf_7_ecx,  3}, // PKU
	{cr4::la57,           &GuestCpuid::leaf_7_ecx, 16}, // LA57
};

struct SecondaryBit {
	Secondary control;
	u32 GuestCpuid::*word;
	unsigned bit;
};

// Several rows of a control: one of the features is enough.
constexpr SecondaryBit secondary_by_cpuid[] = {
	{secondary::enable_rdtscp,          &GuestCpuid::leaf_80000001_edx, 27}, // RDTSCP
	{secondary::enable_rdtscp,          &GuestCpuid::leaf_7_ecx,        22}, // RDPID
	{secondary::enable_invpcid,         &GuestCpuid::leaf_7_ebx,        10}, // INVPCID
	{secondary::rdrand_exiting,         &GuestCpuid::leaf_1_ecx,        30}, // RDRAND
	{secondary::rdseed_exiting,         &GuestCpuid::leaf_7_ebx,        18}, // RDSEED
	{secondary::enable_xsaves,          &GuestCpuid::leaf_d_1_eax,       3}, // XSAVES
	{secondary::enable_user_wait_pause, &GuestCpuid::leaf_7_ecx,         5}, // WAITPKG
	{secondary::encls_exiting,          &GuestCpuid::leaf_7_ebx,         2}, // SGX
};
// clang-format on

constexpr bool has(const GuestCpuid &cpuid, u32 GuestCpuid::*word, unsigned n)
{
	return cpuid.*word >> n & 1;
}

u64 cr4_fixed1(const GuestCpuid &cpuid)
{
	// Reading performance counters is no feature of its own.
	u64 bits = cr4::pce;

	for (const Cr4Bits &row : cr4_by_cpuid)
		if (has(cpuid, row.word, row.bit))
			bits |= row.bits;
	return bits;
}

} // namespace

Capabilities offered(const VmxCapabilities &cpu, const VmcsConfig &config, const Offer &offer)
{
	Capabilities result;
	VmxCapabilities &shown = result.shown;

	shown.set(Msr::basic, static_cast<u32>(offer.revision) | region_size_bits | write_back |
				      true_controls | (cpu.get(Msr::basic) & ins_outs_info));
	set_pair(shown, Msr::true_pinbased_ctls, shown_pin(cpu, config));
	set_pair(shown, Msr::true_procbased_ctls, shown_primary(cpu, config));
	const Both both = entry_and_exit(cpu, offer);
	set_pair(shown, Msr::true_exit_ctls, pack(exit::default1 & ~free_exits, both.exit));
	set_pair(shown, Msr::true_entry_ctls, pack(entry::default1 & ~free_entries, both.entry));
	shown.set(Msr::procbased_ctls2, shown_secondary(cpu, config, offer));
	shown.set(Msr::misc, timer_shift | misc_features.bits);
	shown.set(Msr::cr0_fixed0, cr0::pg | cr0::ne | cr0::pe);
	shown.set(Msr::cr0_fixed1, config.cr0_fixed1);
	shown.set(Msr::cr4_fixed0, cr4::vmxe);
	// UMIP is emulated by the exits of the instructions that it forbids.
	shown.set(Msr::cr4_fixed1,
		  config.cr4_fixed1 |
			  (config.secondary.has(secondary::descriptor_table_exiting) ? cr4::umip
										     : 0));
	shown.set(Msr::vmcs_enum, vmcs12::vmcs_enum);

	const Secondary controls = shown.secondary().allowed1;

	shown.set(Msr::ept_vpid_cap, shown_ept_vpid(cpu, controls, offer));
	shown.set(Msr::vmfunc, controls.has(secondary::enable_vmfunc | secondary::enable_ept)
				       ? vmfunc::eptp_switching.bits
				       : 0);
	return result;
}

bool Capabilities::set(Msr msr, u64 value, const Capabilities &offered)
{
	const bool timer = shown.pin().allowed1.has(pin::preemption_timer);

	if (!may_set(msr, value, offered.get(msr), timer))
		return false;
	if (msr >= Msr::true_pinbased_ctls && msr <= Msr::true_entry_ctls)
		set_pair(shown, msr, value);
	else
		shown.set(msr, value);
	return true;
}

void Capabilities::follow(const GuestCpuid &cpuid, const Capabilities &offered)
{
	shown.set(Msr::cr4_fixed1, cr4_fixed1(cpuid));

	Secondary follow{}, present{};
	for (const SecondaryBit &row : secondary_by_cpuid) {
		follow |= row.control;
		if (has(cpuid, row.word, row.bit))
			present |= row.control;
	}
	// XSAVES without XSAVE is nothing.
	if (!has(cpuid, &GuestCpuid::leaf_1_ecx, 26))
		present &= ~secondary::enable_xsaves;
	change(Msr::procbased_ctls2, follow.bits, present.bits, offered);

	const bool mpx = has(cpuid, &GuestCpuid::leaf_7_ebx, 14);

	change(Msr::true_exit_ctls, exit::clear_bndcfgs.bits, mpx ? ~u32{0} : 0, offered);
	change(Msr::true_entry_ctls, entry::load_bndcfgs.bits, mpx ? ~u32{0} : 0, offered);
}

void Capabilities::change(Msr msr, u32 which, u32 present, const Capabilities &offered)
{
	const u64 allowed = u64{which} << 32;
	const u64 value = (get(msr) & ~allowed) | (offered.get(msr) & allowed & u64{present} << 32);

	if (msr == Msr::procbased_ctls2)
		shown.set(msr, value);
	else
		set_pair(shown, msr, value);
}

} // namespace vmx::nested
