// SPDX-License-Identifier: GPL-2.0-only
#pragma once

#include "core/check/state.hpp"
#include "vmx/exit_reason.hpp"

/// The checks of VM entry, each with a name, in the SDM's order. The CPU says only that one failed;
/// these say which. What needs memory to be read stands in State::now, for the caller to fill.
namespace vmx::check {

struct Check {
	const char *id;	     ///< area.subject.what, for logs, counters and tests
	const char *section; ///< title in the SDM
	/// True also where the check does not apply.
	bool (*holds)(const State &state, const Limits &limits);
	/// In the guest-state area the exit qualification; of the basic checks the VM-instruction
	/// error number, where 0 stands for VMfailInvalid.
	u8 number = 0;
};

/// What fails together, with one verdict.
enum class Area : u8 { basic, controls, host, guest };

struct Checks {
	Area area;
	const Check *rows;
	unsigned count;

	[[nodiscard]] constexpr const Check *begin() const { return rows; }
	[[nodiscard]] constexpr const Check *end() const { return rows + count; }
};

// clang-format off
/// The subsections of the SDM's "Basic VM-Entry Checks", "Checks on VMX Controls and Host-State Area"
/// and "Checks on the Guest State Area", in order.
#define VMX_CHECK_GROUPS(GROUP)           \
	GROUP(basic,      basic)              \
	GROUP(controls,   execution_control)  \
	GROUP(controls,   exit_control)       \
	GROUP(controls,   entry_control)      \
	GROUP(host,       host_register)      \
	GROUP(host,       host_segment)       \
	GROUP(host,       address_space)      \
	GROUP(guest,      control_register)   \
	GROUP(guest,      segment)            \
	GROUP(guest,      descriptor_table)   \
	GROUP(guest,      rip_rflags)         \
	GROUP(guest,      non_register)       \
	GROUP(guest,      pdpte)
// clang-format on

/// No row of a group.
inline constexpr unsigned no_row = ~0U;

/// More than any group has.
inline constexpr unsigned most_rows = 128;

// For each group the rows, the first of them that does not hold, and whether all do. The second is
// straight code, for the entry that passes.
#define VMX_DECLARE_GROUP(area, name)                                                              \
	[[nodiscard]] Checks name##_checks();                                                      \
	[[nodiscard]] unsigned name##_violation(const State &state, const Limits &limits);         \
	[[nodiscard]] inline bool name##_checks_hold(const State &state, const Limits &limits)     \
	{                                                                                          \
		return name##_violation(state, limits) == no_row;                                  \
	}
VMX_CHECK_GROUPS(VMX_DECLARE_GROUP)
#undef VMX_DECLARE_GROUP

#define VMX_GROUP_NAME(area, name) name,
enum class CheckGroup : u8 { VMX_CHECK_GROUPS(VMX_GROUP_NAME) };
#undef VMX_GROUP_NAME

#define VMX_COUNT_GROUP(area, name) +1
inline constexpr unsigned group_count = VMX_CHECK_GROUPS(VMX_COUNT_GROUP);
#undef VMX_COUNT_GROUP

/// Calls `each(checks)` for each group, in order.
template <class Each> void for_each_group(Each each)
{
#define VMX_VISIT_GROUP(area, name) each(name##_checks());
	VMX_CHECK_GROUPS(VMX_VISIT_GROUP)
#undef VMX_VISIT_GROUP
}

/// Calls `found(check)` for each check of an area that does not hold.
/// @return how many those are.
template <class Found>
unsigned find_violations(Area area, const State &state, const Limits &limits, Found found)
{
	unsigned count = 0;

	for_each_group([&](const Checks &checks) {
		if (checks.area != area)
			return;
		for (const Check &check : checks) {
			if (check.holds(state, limits))
				continue;
			found(check);
			count++;
		}
	});
	return count;
}

/// What VM entry does.
struct Verdict {
	enum class Kind : u8 {
		enters,
		fail_invalid, ///< VMfailInvalid
		fail_valid,   ///< VMfailValid with an error number
		exit,	      ///< to the host, as by a VM exit
	};

	Kind kind;
	u32 number; ///< VM-instruction error, or the field "exit reason"
	u64 qualification;

	[[nodiscard]] friend constexpr bool operator==(const Verdict &, const Verdict &) = default;

	static constexpr Verdict fail_invalid() { return {Kind::fail_invalid, 0, 0}; }
	static constexpr Verdict fail_valid(u32 error) { return {Kind::fail_valid, error, 0}; }
	static constexpr Verdict exit(Reason reason, u64 qualification)
	{
		return {Kind::exit, static_cast<u32>(bit(31)) | static_cast<u32>(reason),
			qualification};
	}
	/// @param entry of the VM-entry MSR-load area, 1 for the first
	static constexpr Verdict msr_loading(u32 entry)
	{
		return exit(Reason::msr_load_fail, entry);
	}
};

constexpr Verdict verdict_of(Area area, const Check &check)
{
	constexpr u32 invalid_controls = 7, invalid_host_state = 8;

	switch (area) {
	case Area::basic:
		return check.number ? Verdict::fail_valid(check.number) : Verdict::fail_invalid();
	case Area::controls:
		return Verdict::fail_valid(invalid_controls);
	case Area::host:
		return Verdict::fail_valid(invalid_host_state);
	case Area::guest:
		break;
	}
	return Verdict::exit(Reason::invalid_guest, check.number);
}

/// The first check that does not hold, none if all do.
struct Failure {
	const Check *check = nullptr;
	Area area{};
	CheckGroup group{};
	u8 row = 0; ///< of the group

	[[nodiscard]] explicit constexpr operator bool() const { return check; }
	[[nodiscard]] constexpr Verdict verdict() const
	{
		return check ? verdict_of(area, *check) : Verdict{};
	}
};
static_assert(sizeof(Failure) == 16, "two registers, for an entry that passes");

/// Of one area: where only that has changed, or its time has come.
template <Area area> [[nodiscard]] Failure check_area(const State &state, const Limits &limits);
extern template Failure check_area<Area::basic>(const State &, const Limits &);
extern template Failure check_area<Area::controls>(const State &, const Limits &);
extern template Failure check_area<Area::host>(const State &, const Limits &);
extern template Failure check_area<Area::guest>(const State &, const Limits &);

/// All areas, in order.
[[nodiscard]] Failure check_entry(const State &state, const Limits &limits);

/// Whether a VM entry would take that EPT pointer: for INVEPT and EPTP switching, which ask the
/// same (SDM, "Extended-Page-Table Pointer (EPTP)").
[[nodiscard]] bool is_ept_pointer(u64 eptp, const Limits &limits);

// What several checks ask.

/// No bit at or above `n` is set. `n` is below 64.
constexpr bool fits(u64 value, unsigned n)
{
	return !(value >> n);
}

} // namespace vmx::check
