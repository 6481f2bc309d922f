// SPDX-License-Identifier: GPL-2.0-only
#pragma once

#include "vmx/speculation.hpp"

/// Architectural performance monitoring, versions 1 and 2 (SDM, "Architectural Performance
/// Monitoring"): what a CPUID leaf gives a guest, and what its MSRs and RDPMC's indices mean.
namespace vmx::pmu {

/// As many as kvm.ko has room for.
inline constexpr u32 max_general = 8, max_fixed = 3;

/// Of a counter in IA32_PERF_GLOBAL_CTRL and its kin; kvm.ko's index of it, too.
inline constexpr u32 first_fixed_bit = 32;

namespace msr {
inline constexpr u32 counter = 0xc1, event_select = 0x186, full_width_counter = 0x4c1,
		     fixed_counter = 0x309, fixed_control = 0x38d, global_status = 0x38e,
		     global_control = 0x38f, global_overflow_control = 0x390;
}

/// What there is to count with: of a CPU, or of a guest.
struct Counters {
	u32 version; ///< 0: no PMU
	u32 general, fixed;
	u32 general_width, fixed_width; ///< bits
	u32 events;			///< a bit for each architectural event that is there

	/// CPUID leaf 0AH: EAX, EBX and EDX.
	static constexpr Counters decode(u32 eax, u32 ebx, u32 edx)
	{
		const u32 version = eax & 0xff, events = eax >> 24;
		const u32 known = events < 32 ? (u32{1} << events) - 1 : ~u32{0};

		// Version 1 has no fixed counters, whatever EDX holds.
		return {.version = version,
			.general = eax >> 8 & 0xff,
			.fixed = version > 1 ? edx & 0x1f : 0,
			.general_width = eax >> 16 & 0xff,
			.fixed_width = version > 1 ? edx >> 5 & 0xff : 0,
			.events = ~ebx & known};
	}

	/// What a guest gets that was promised `this` on a CPU that has `host`.
	constexpr Counters within(const Counters &host) const
	{
		constexpr auto least = [](u32 a, u32 b) { return a < b ? a : b; };

		if (!version || !host.version)
			return {};
		return {.version = version,
			.general = least(least(general, host.general), max_general),
			.fixed = least(least(fixed, host.fixed), max_fixed),
			.general_width = least(general_width, host.general_width),
			.fixed_width = least(fixed_width, host.fixed_width),
			.events = events & host.events};
	}

	/// A bit for each counter, as in IA32_PERF_GLOBAL_CTRL.
	constexpr u64 all() const
	{
		return (bit(general) - 1) | (bit(fixed) - 1) << first_fixed_bit;
	}

	/// IA32_FIXED_CTR_CTRL: four bits for each, of which AnyThread is not virtualised.
	constexpr u64 fixed_control_bits() const
	{
		u64 bits = 0;

		for (u32 i = 0; i < fixed; ++i)
			bits |= u64{0xb} << i * 4;
		return bits;
	}

	/// What may be cleared: overflows, of the buffer too, and "condition changed".
	constexpr u64 overflow_control_bits() const { return all() | bit(62) | bit(63); }

	constexpr u64 general_mask() const { return mask_of(general_width); }
	constexpr u64 fixed_mask() const { return mask_of(fixed_width); }

private:
	static constexpr u64 mask_of(u32 width) { return width < 64 ? bit(width) - 1 : ~u64{0}; }
};

/// What an MSR or an index is about.
enum class Kind : u8 {
	none,
	general_counter,
	general_counter_full_width,
	event_select,
	fixed_counter,
	fixed_control,
	global_status,
	global_control,
	global_overflow_control,
};

struct Target {
	Kind kind;
	u32 number; ///< of the counter; below the number of them

	constexpr bool is_counter() const
	{
		return kind >= Kind::general_counter && kind <= Kind::fixed_counter;
	}
	friend constexpr bool operator==(const Target &, const Target &) = default;
};

/// `index` as the number of one of `count` things, also under speculation. @return whether it is
/// one.
constexpr bool number_of(u32 index, u32 first, u32 count, u32 &number)
{
	const u64 distance = u64{index} - first;

	if (distance >= count)
		return false;
	number = static_cast<u32>(clamp_index(distance, count));
	return true;
}

/// An MSR's meaning for a guest with those counters. `full_width`: IA32_PERF_CAPABILITIES.FW_WRITE.
constexpr Target target_of_msr(u32 index, const Counters &counters, bool full_width)
{
	u32 number = 0;

	if (number_of(index, msr::counter, counters.general, number))
		return {Kind::general_counter, number};
	if (number_of(index, msr::event_select, counters.general, number))
		return {Kind::event_select, number};
	if (number_of(index, msr::fixed_counter, counters.fixed, number))
		return {Kind::fixed_counter, number};
	if (full_width && number_of(index, msr::full_width_counter, counters.general, number))
		return {Kind::general_counter_full_width, number};
	if (counters.version < 2)
		return {Kind::none, 0};
	switch (index) {
	case msr::fixed_control:
		return {Kind::fixed_control, 0};
	case msr::global_status:
		return {Kind::global_status, 0};
	case msr::global_control:
		return {Kind::global_control, 0};
	case msr::global_overflow_control:
		return {Kind::global_overflow_control, 0};
	default:
		return {Kind::none, 0};
	}
}

/// RDPMC: bit 30 of ECX is for fixed counters, bit 31 for their lower halves alone.
constexpr Target target_of_rdpmc(u32 ecx, const Counters &counters)
{
	const bool fixed = ecx & bit(30);
	u32 number = 0;

	if (!number_of(ecx & 0x3fffffff, 0, fixed ? counters.fixed : counters.general, number))
		return {Kind::none, 0};
	return {fixed ? Kind::fixed_counter : Kind::general_counter, number};
}
constexpr bool rdpmc_is_fast(u32 ecx)
{
	return ecx & bit(31);
}

/// Event and unit mask as IA32_PERFEVTSEL has them, of the architectural events (SDM, "Pre-defined
/// Architectural Performance Events") by their bits in CPUID.
inline constexpr u16 architectural_events[] = {
	0x003c, // unhalted core cycles
	0x00c0, // instructions retired
	0x013c, // unhalted reference cycles
	0x4f2e, // last-level cache references
	0x412e, // last-level cache misses
	0x00c4, // branch instructions retired
	0x00c5, // branch misses retired
};

/// Whether what that IA32_PERFEVTSEL selects is no architectural event that the guest lacks.
constexpr bool event_available(u64 event_select, u32 events)
{
	for (u32 i = 0; i < sizeof(architectural_events) / sizeof(architectural_events[0]); ++i)
		if ((event_select & 0xffff) == architectural_events[i])
			return events >> i & 1;
	return true;
}

/// What a fixed counter counts, as a selection; for the third, perf's name of it: no real counter
/// has it.
inline constexpr u64 fixed_events[max_fixed] = {0x00c0, 0x003c, 0x0300};

/// IA32_PERFEVTSEL: bits 63:32 and AnyThread, but for what TSX adds: IN_TX.
inline constexpr u64 event_select_reserved = 0xffffffff00200000, in_tx = bit(32),
		     in_tx_checkpointed = bit(33);
/// Event, unit mask, edge, invert and counter mask: what perf takes as it is.
inline constexpr u64 event_select_raw = 0xff84ffff;
inline constexpr u64 event_select_enable = bit(22);

} // namespace vmx::pmu
