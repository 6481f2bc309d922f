// SPDX-License-Identifier: GPL-2.0-only
#pragma once

#include "vmx/controls.hpp"
#include "vmx/cpu.hpp"

/// What a CPU says it can do in VMX operation: the capability MSRs as one plain value (SDM,
/// appendix "VMX Capability Reporting Facility"). Nothing here reads an MSR: the module, the host
/// tool and the tests each fill a VmxCapabilities from their own source.
namespace vmx {

/// The MSRs that report VMX capabilities, and the one that can forbid VMX.
enum class Msr : u32 {
	feature_control = 0x3a,
	basic = 0x480,
	pinbased_ctls,
	procbased_ctls,
	exit_ctls,
	entry_ctls,
	misc,
	cr0_fixed0,
	cr0_fixed1,
	cr4_fixed0,
	cr4_fixed1,
	vmcs_enum,
	procbased_ctls2,
	ept_vpid_cap,
	true_pinbased_ctls,
	true_procbased_ctls,
	true_exit_ctls,
	true_entry_ctls,
	vmfunc,
	procbased_ctls3,
	exit_ctls2,
};

struct MsrInfo {
	Msr msr;
	const char *name;
};

// clang-format off
inline constexpr MsrInfo capability_msrs[] = {
	{Msr::feature_control,     "IA32_FEATURE_CONTROL"},
	{Msr::basic,               "IA32_VMX_BASIC"},
	{Msr::pinbased_ctls,       "IA32_VMX_PINBASED_CTLS"},
	{Msr::procbased_ctls,      "IA32_VMX_PROCBASED_CTLS"},
	{Msr::exit_ctls,           "IA32_VMX_EXIT_CTLS"},
	{Msr::entry_ctls,          "IA32_VMX_ENTRY_CTLS"},
	{Msr::misc,                "IA32_VMX_MISC"},
	{Msr::cr0_fixed0,          "IA32_VMX_CR0_FIXED0"},
	{Msr::cr0_fixed1,          "IA32_VMX_CR0_FIXED1"},
	{Msr::cr4_fixed0,          "IA32_VMX_CR4_FIXED0"},
	{Msr::cr4_fixed1,          "IA32_VMX_CR4_FIXED1"},
	{Msr::vmcs_enum,           "IA32_VMX_VMCS_ENUM"},
	{Msr::procbased_ctls2,     "IA32_VMX_PROCBASED_CTLS2"},
	{Msr::ept_vpid_cap,        "IA32_VMX_EPT_VPID_CAP"},
	{Msr::true_pinbased_ctls,  "IA32_VMX_TRUE_PINBASED_CTLS"},
	{Msr::true_procbased_ctls, "IA32_VMX_TRUE_PROCBASED_CTLS"},
	{Msr::true_exit_ctls,      "IA32_VMX_TRUE_EXIT_CTLS"},
	{Msr::true_entry_ctls,     "IA32_VMX_TRUE_ENTRY_CTLS"},
	{Msr::vmfunc,              "IA32_VMX_VMFUNC"},
	{Msr::procbased_ctls3,     "IA32_VMX_PROCBASED_CTLS3"},
	{Msr::exit_ctls2,          "IA32_VMX_EXIT_CTLS2"},
};
// clang-format on

inline constexpr unsigned capability_msr_count =
	sizeof(capability_msrs) / sizeof(capability_msrs[0]);

/// Position of `msr` in `capability_msrs`.
constexpr unsigned slot_of(Msr msr)
{
	const u32 index = static_cast<u32>(msr);

	return index == 0x3a ? 0 : index - 0x480 + 1;
}

static_assert(capability_msrs[slot_of(Msr::exit_ctls2)].msr == Msr::exit_ctls2);
static_assert(slot_of(Msr::exit_ctls2) + 1 == capability_msr_count);

constexpr const char *name_of(Msr msr)
{
	return capability_msrs[slot_of(msr)].name;
}

/// IA32_VMX_EPT_VPID_CAP (SDM, "VPID and EPT Capabilities").
using EptVpidCap = Mask<struct EptVpidCapWord, u64>;

// clang-format off
namespace ept_vpid_cap {
inline constexpr EptVpidCap execute_only             {bit(0)};
inline constexpr EptVpidCap page_walk_4              {bit(6)};
inline constexpr EptVpidCap page_walk_5              {bit(7)};
inline constexpr EptVpidCap memory_uc                {bit(8)};
inline constexpr EptVpidCap memory_wb                {bit(14)};
inline constexpr EptVpidCap page_2m                  {bit(16)};
inline constexpr EptVpidCap page_1g                  {bit(17)};
inline constexpr EptVpidCap invept                   {bit(20)};
inline constexpr EptVpidCap accessed_dirty           {bit(21)};
inline constexpr EptVpidCap violation_info           {bit(22)};
inline constexpr EptVpidCap supervisor_shadow_stack  {bit(23)};
inline constexpr EptVpidCap invept_single            {bit(25)};
inline constexpr EptVpidCap invept_all               {bit(26)};
inline constexpr EptVpidCap invvpid                  {bit(32)};
inline constexpr EptVpidCap invvpid_address          {bit(40)};
inline constexpr EptVpidCap invvpid_single           {bit(41)};
inline constexpr EptVpidCap invvpid_all              {bit(42)};
inline constexpr EptVpidCap invvpid_single_noglobal  {bit(43)};

inline constexpr EptVpidCap invept_types  = invept_single | invept_all;
inline constexpr EptVpidCap invvpid_types = invvpid_address | invvpid_single | invvpid_all |
					    invvpid_single_noglobal;
/// The halves that report on EPT and on VPID. Bits 53:48 (HLAT prefix sizes) belong to neither.
inline constexpr EptVpidCap ept_half      {0x00000000ffffffffull};
inline constexpr EptVpidCap vpid_half     {0x0000ffff00000000ull};
} // namespace ept_vpid_cap
// clang-format on

/// IA32_VMX_MISC (SDM, "Miscellaneous Data").
using Misc = Mask<struct MiscWord, u64>;

// clang-format off
namespace misc {
inline constexpr Misc stores_lma           {bit(5)};  ///< VM exits store EFER.LMA
inline constexpr Misc activity_hlt         {bit(6)};
inline constexpr Misc activity_shutdown    {bit(7)};
inline constexpr Misc activity_wait_sipi   {bit(8)};
inline constexpr Misc intel_pt             {bit(14)}; ///< Intel PT can be used in VMX operation
inline constexpr Misc smbase_in_smm        {bit(15)};
inline constexpr Misc smm_monitor_ctl      {bit(28)};
inline constexpr Misc vmwrite_any_field    {bit(29)}; ///< VMWRITE to VM-exit information fields
inline constexpr Misc zero_length_inject   {bit(30)};
} // namespace misc
// clang-format on

/// log2 of the ratio between the TSC's and the VMX-preemption timer's rate.
constexpr u32 preemption_timer_shift(Misc word)
{
	return word.bits & 0x1f;
}

/// How many CR3-target values there are.
constexpr u32 cr3_target_count(Misc word)
{
	return word.bits >> 16 & 0x1ff;
}

/// Entries recommended at most in an MSR load or store list.
constexpr u32 max_msr_list(Misc word)
{
	return 512 * (static_cast<u32>(word.bits >> 25 & 7) + 1);
}

/// IA32_VMX_BASIC (SDM, "Basic VMX Information").
struct Basic {
	u64 bits{};

	[[nodiscard]] constexpr u32 revision() const { return bits & 0x7fffffff; }
	[[nodiscard]] constexpr bool reserved_bit_31() const { return bits >> 31 & 1; }
	/// Bytes of a VMXON region or VMCS: 1..4096.
	[[nodiscard]] constexpr u32 region_size() const { return bits >> 32 & 0x1fff; }
	/// Regions must lie below 4 GiB. Always 0 on a CPU with Intel 64.
	[[nodiscard]] constexpr bool addresses_32bit() const { return bits >> 48 & 1; }
	/// 0 uncacheable, 6 write-back.
	[[nodiscard]] constexpr u32 memory_type() const { return bits >> 50 & 0xf; }
	/// VM exits of INS and OUTS report VM-exit instruction information.
	[[nodiscard]] constexpr bool ins_outs_info() const { return bits >> 54 & 1; }
	/// The TRUE capability MSRs exist: default-1 controls may be clear.
	[[nodiscard]] constexpr bool true_controls() const { return bits >> 55 & 1; }
	/// A hardware exception may be injected with or without an error code, whatever its vector.
	[[nodiscard]] constexpr bool any_error_code() const { return bits >> 56 & 1; }
};

/// What one control word may hold: bits of `allowed0` must be 1, bits outside `allowed1` must be 0.
template <class Word> struct Allowed {
	Word allowed0{};
	Word allowed1{};
};

/// The capability MSRs of one CPU. An MSR that was not read is absent, which is not the same as
/// zero.
struct VmxCapabilities {
	u64 values[capability_msr_count]{};
	u32 present{}; ///< bit n: values[n] was read
	Cpu cpu{};

	constexpr void set(Msr msr, u64 value)
	{
		values[slot_of(msr)] = value;
		present |= u32{1} << slot_of(msr);
	}

	constexpr void forget(Msr msr)
	{
		values[slot_of(msr)] = 0;
		present &= ~(u32{1} << slot_of(msr));
	}

	[[nodiscard]] constexpr bool has(Msr msr) const { return present >> slot_of(msr) & 1; }

	/// @return the MSR's value, 0 if absent.
	[[nodiscard]] constexpr u64 get(Msr msr) const { return values[slot_of(msr)]; }

	[[nodiscard]] constexpr Basic basic() const { return {get(Msr::basic)}; }

	[[nodiscard]] constexpr Misc misc() const { return {get(Msr::misc)}; }

	/// The MSR that rules a word: the TRUE one if BASIC[55] says so. A dump without
	/// IA32_VMX_BASIC, or with only one of the two, is read through the one it has.
	[[nodiscard]] constexpr Msr chosen(Msr plain, Msr true_msr) const
	{
		const bool wants_true = has(Msr::basic) ? basic().true_controls() : !has(plain);

		return (wants_true && has(true_msr)) || !has(plain) ? true_msr : plain;
	}

	[[nodiscard]] constexpr Msr pin_msr() const
	{
		return chosen(Msr::pinbased_ctls, Msr::true_pinbased_ctls);
	}

	[[nodiscard]] constexpr Msr primary_msr() const
	{
		return chosen(Msr::procbased_ctls, Msr::true_procbased_ctls);
	}

	[[nodiscard]] constexpr Msr exit_msr() const
	{
		return chosen(Msr::exit_ctls, Msr::true_exit_ctls);
	}

	[[nodiscard]] constexpr Msr entry_msr() const
	{
		return chosen(Msr::entry_ctls, Msr::true_entry_ctls);
	}

	/// The word that an MSR rules: allowed-0 settings in bits 31:0, allowed-1 settings in bits
	/// 63:32.
	template <class Word> [[nodiscard]] constexpr Allowed<Word> split(Msr msr) const
	{
		static_assert(sizeof(Word) == sizeof(u32));

		return {.allowed0 = {static_cast<u32>(get(msr))},
			.allowed1 = {static_cast<u32>(get(msr) >> 32)}};
	}

	/// A word with a TRUE MSR. Both MSRs must report the same allowed-1 settings; where they do
	/// not, a control counts only if both have it.
	template <class Word>
	[[nodiscard]] constexpr Allowed<Word> split(Msr plain, Msr true_msr) const
	{
		Allowed<Word> allowed = split<Word>(chosen(plain, true_msr));

		if (has(plain))
			allowed.allowed1 &= split<Word>(plain).allowed1;
		return allowed;
	}

	[[nodiscard]] constexpr Allowed<Pin> pin() const
	{
		return split<Pin>(Msr::pinbased_ctls, Msr::true_pinbased_ctls);
	}

	[[nodiscard]] constexpr Allowed<Primary> primary() const
	{
		return split<Primary>(Msr::procbased_ctls, Msr::true_procbased_ctls);
	}

	[[nodiscard]] constexpr Allowed<Exit> exit() const
	{
		return split<Exit>(Msr::exit_ctls, Msr::true_exit_ctls);
	}

	[[nodiscard]] constexpr Allowed<Entry> entry() const
	{
		return split<Entry>(Msr::entry_ctls, Msr::true_entry_ctls);
	}

	/// The three words below are zero unless the word that activates them can do so.
	[[nodiscard]] constexpr Allowed<Secondary> secondary() const
	{
		if (!primary().allowed1.has(primary::activate_secondary))
			return {};
		return split<Secondary>(Msr::procbased_ctls2);
	}

	[[nodiscard]] constexpr Allowed<Tertiary> tertiary() const
	{
		if (!primary().allowed1.has(primary::activate_tertiary))
			return {};
		return {.allowed0 = {}, .allowed1 = {get(Msr::procbased_ctls3)}};
	}

	[[nodiscard]] constexpr Allowed<Exit2> exit2() const
	{
		if (!exit().allowed1.has(exit::activate_secondary))
			return {};
		return {.allowed0 = {}, .allowed1 = {get(Msr::exit_ctls2)}};
	}

	[[nodiscard]] constexpr EptVpidCap ept_vpid() const { return {get(Msr::ept_vpid_cap)}; }
};

} // namespace vmx
