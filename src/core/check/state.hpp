// SPDX-License-Identifier: GPL-2.0-only
#pragma once

#include "core/check/source.hpp"
#include "vmx/arch.hpp"
#include "vmx/controls.hpp"
#include "vmx/fields.hpp"
#include "vmx/interruption.hpp"

/// What the checks of VM entry look at, as plain values.
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
};

struct State {
	Pin pin;
	Primary primary;
	Secondary secondary; ///< empty unless `primary` activates it
	Exit exit;
	Entry entry;
	Interruption event; ///< VM-entry interruption information

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
	/// The guest will be in virtual-8086 mode.
	[[nodiscard]] constexpr bool virtual_8086() const { return rflags & rflags::vm; }
};

/// What the CPU that would run the guest allows.
struct Limits {
	u64 cr0_fixed0, cr0_fixed1, cr4_fixed0, cr4_fixed1;
	u64 debugctl = 0xffc7; ///< bits of IA32_DEBUGCTL that are not reserved
	u64 perf_global_ctrl = ~u64{0};
	u8 physical_bits = 36, linear_bits = 48;
	bool rtm = false, sgx = false, bus_lock_detect = false;
};

/// Fields that the CPU lacks are 0.
[[nodiscard]] State read_state(const VmcsSource &vmcs);

} // namespace vmx::check
