// SPDX-License-Identifier: GPL-2.0-only
#pragma once

#include "core/check/source.hpp"
#include "vmx/arch.hpp"
#include "vmx/capabilities.hpp"
#include "vmx/controls.hpp"
#include "vmx/fields.hpp"
#include "vmx/interruption.hpp"

/// What the checks of VM entry look at, as plain values.
namespace vmx {
struct Vmcs12;
}

namespace vmx::check {

using field::Segment;

struct SegmentState {
	u64 base;
	u32 limit, rights;
	u16 selector;

	[[nodiscard]] constexpr bool usable() const { return !(rights & rights::unusable); }
	[[nodiscard]] constexpr u32 type() const { return rights::type(rights); }
	[[nodiscard]] constexpr u32 dpl() const { return rights::dpl(rights); }
	[[nodiscard]] constexpr u32 rpl() const { return selector & 3; }

	[[nodiscard]] friend constexpr bool operator==(const SegmentState &,
						       const SegmentState &) = default;
};

/// Where a list of MSRs lies, and how many entries it has.
struct MsrArea {
	u64 address;
	u32 count;

	[[nodiscard]] friend constexpr bool operator==(const MsrArea &, const MsrArea &) = default;
};

/// The host-state area, and in it the names of State.
struct HostState {
	u64 cr0, cr3, cr4;
	u64 pat, efer, perf_global_ctrl, pkrs;
	u64 sysenter_esp, sysenter_eip;
	u64 s_cet, ssp, interrupt_ssp_table;
	u16 es, cs, ss, ds, fs, gs, tr; ///< selectors
	u64 fs_base, gs_base, tr_base, gdtr_base, idtr_base;
	u64 rip;

	[[nodiscard]] friend constexpr bool operator==(const HostState &,
						       const HostState &) = default;
};

/// What is no field of the VMCS: the processor at the instruction, and memory that fields point to.
/// Who checks a VM entry reads it, once. Where a value is not known, the checks of it hold.
struct Moment {
	bool vmlaunch = false; ///< else VMRESUME
	bool launched = false; ///< the launch state of the VMCS is "launched", not "clear"
	bool shadow = false;   ///< the current VMCS is a shadow VMCS
	bool mov_ss = false;   ///< events are blocked by MOV SS
	bool ia32e = false;    ///< IA32_EFER.LMA
	bool smm = false;
	bool tracing = false; ///< IA32_RTIT_CTL.TraceEn

	/// `virtual_tpr` is the dword at offset 80H of the virtual-APIC page.
	bool has_virtual_tpr = false;
	u32 virtual_tpr = 0;
	/// `link_header` is the first dword of what the VMCS link pointer points to.
	bool has_link_header = false;
	u32 link_header = 0;
	/// State::pdptes come from the memory that CR3 points to, although EPT is off.
	bool has_pdptes = false;

	u64 current_vmcs = 0, executive_vmcs = 0;

	[[nodiscard]] friend constexpr bool operator==(const Moment &, const Moment &) = default;
};

struct State {
	Pin pin;
	Primary primary;
	Secondary secondary; ///< empty unless `primary` activates it, as the three below
	Tertiary tertiary;
	VmFunc vm_functions;
	Exit exit;
	Exit2 exit2;
	Entry entry;

	u64 io_bitmap_a, io_bitmap_b, msr_bitmap, vmread_bitmap, vmwrite_bitmap;
	u64 virtual_apic_page, apic_access, posted_descriptor;
	u64 eptp, eptp_list, pml, spp_table, hlat_pointer, ve_info;
	u64 low_pasid_directory, high_pasid_directory, pid_table, tsc_multiplier;
	u32 cr3_target_count, tpr_threshold;
	u16 vpid, notification_vector, last_pid_index;

	MsrArea exit_store, exit_load, entry_load;
	Interruption event; ///< VM-entry interruption information
	u32 event_error_code, event_instruction_length;

	HostState host;

	u64 cr0, cr3, cr4, dr7;
	u64 debugctl, pat, efer, perf_global_ctrl, bndcfgs, rtit_ctl, lbr_ctl, pkrs;
	u64 sysenter_esp, sysenter_eip;
	u64 s_cet, ssp, interrupt_ssp_table;
	u16 uinv;

	SegmentState segments[8];
	u64 gdtr_base, idtr_base;
	u32 gdtr_limit, idtr_limit;

	u64 rip, rflags;
	u32 activity, interruptibility;
	u64 pending_debug, link_pointer;
	u64 pdptes[4];

	Moment now;

	[[nodiscard]] constexpr const SegmentState &operator[](Segment s) const
	{
		return segments[static_cast<u32>(s)];
	}
	[[nodiscard]] constexpr SegmentState &operator[](Segment s)
	{
		return segments[static_cast<u32>(s)];
	}

	[[nodiscard]] constexpr bool ia32e() const { return entry.has(entry::ia32e_mode_guest); }
	[[nodiscard]] constexpr bool unrestricted() const
	{
		return secondary.has(secondary::unrestricted_guest);
	}
	[[nodiscard]] constexpr bool ept() const { return secondary.has(secondary::enable_ept); }
	/// The guest will be in virtual-8086 mode.
	[[nodiscard]] constexpr bool virtual_8086() const { return rflags & rflags::vm; }
	/// VM exits return to 64-bit mode.
	[[nodiscard]] constexpr bool host_64bit() const
	{
		return exit.has(exit::host_address_space_size);
	}

	[[nodiscard]] friend constexpr bool operator==(const State &, const State &) = default;
};

/// Any setting of a control word.
template <class Word>
inline constexpr Allowed<Word> anything = {.allowed0 = {}, .allowed1 = ~Word{}};

/// What the CPU that would run the guest allows; to a guest hypervisor, what it has been shown.
/// What is not given allows everything.
struct Limits {
	u64 cr0_fixed0, cr0_fixed1, cr4_fixed0, cr4_fixed1;
	u64 debugctl = 0xffc7; ///< bits of IA32_DEBUGCTL that are not reserved; so are those below
	u64 efer = efer::sce | efer::lme | efer::lma | efer::nx;
	u64 perf_global_ctrl = ~u64{0};
	u64 rtit_ctl = ~u64{0}, lbr_ctl = ~u64{0};
	u8 physical_bits = 36, linear_bits = 48;
	bool rtm = false, sgx = false, bus_lock_detect = false;
	/// Injecting an NMI into blocking by STI fails, which the SDM leaves to the processor.
	bool sti_blocks_nmi = true;

	Allowed<Pin> pin = anything<Pin>;
	Allowed<Primary> primary = anything<Primary>;
	Allowed<Secondary> secondary = anything<Secondary>;
	Allowed<Tertiary> tertiary = anything<Tertiary>;
	Allowed<Exit> exit = anything<Exit>;
	Allowed<Exit2> exit2 = anything<Exit2>;
	Allowed<Entry> entry = anything<Entry>;
	VmFunc vm_functions = ~VmFunc{};
	EptVpidCap ept_vpid = ~EptVpidCap{};
	Misc misc = ~Misc{};
	/// A BASIC of which only bit 56 is set: error codes go with any exception.
	Basic basic = {bit(56)};
	/// The revisions that a VMCS behind a link pointer may have.
	u32 revisions[2] = {};

	/// The control words and the miscellaneous data as a CPU has them.
	constexpr void take(const VmxCapabilities &capabilities);
};

constexpr void Limits::take(const VmxCapabilities &capabilities)
{
	cr0_fixed0 = capabilities.get(Msr::cr0_fixed0);
	cr0_fixed1 = capabilities.get(Msr::cr0_fixed1);
	cr4_fixed0 = capabilities.get(Msr::cr4_fixed0);
	cr4_fixed1 = capabilities.get(Msr::cr4_fixed1);
	pin = capabilities.pin();
	primary = capabilities.primary();
	secondary = capabilities.secondary();
	tertiary = capabilities.tertiary();
	exit = capabilities.exit();
	exit2 = capabilities.exit2();
	entry = capabilities.entry();
	vm_functions = {capabilities.get(Msr::vmfunc)};
	ept_vpid = capabilities.ept_vpid();
	misc = capabilities.misc();
	basic = capabilities.basic();
	revisions[0] = revisions[1] = basic.revision();
}

/// Fields that the CPU lacks are 0.
[[nodiscard]] State read_state(const VmcsSource &vmcs);

// What the checks of an area look at besides what those before it do. State::now is the caller's.
void read_controls(const Vmcs12 &vmcs12, State &state);
void read_host(const Vmcs12 &vmcs12, State &state);
void read_guest(const Vmcs12 &vmcs12, State &state);

} // namespace vmx::check
