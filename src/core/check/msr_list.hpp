// SPDX-License-Identifier: GPL-2.0-only
#pragma once

#include "vmx/capabilities.hpp"
#include "vmx/msr_entry.hpp"

/// The checks on one entry of a list of MSRs, named as those of check.hpp. What is left once they
/// hold is whether WRMSR or RDMSR itself would take the MSR, which is for who does it.
namespace vmx::check {

enum class MsrList : u8 { entry_load, exit_store, exit_load };

struct MsrCheck {
	const char *id;
	const char *section; ///< title in the SDM
	bool (*holds)(const MsrEntry &entry, bool smm);
};

struct MsrChecks {
	const MsrCheck *rows;
	unsigned count;

	[[nodiscard]] constexpr const MsrCheck *begin() const { return rows; }
	[[nodiscard]] constexpr const MsrCheck *end() const { return rows + count; }
};

[[nodiscard]] MsrChecks msr_checks(MsrList list);

/// The first check that does not hold, null if all do: then the entry may be processed.
/// @param smm VM entry began in SMM, VM exit ends there
[[nodiscard]] const MsrCheck *check_msr(MsrList list, const MsrEntry &entry, bool smm = false);

/// Whether the list is no longer than the processor recommends. Beyond that the SDM leaves open
/// what happens.
constexpr bool length_supported(u32 count, Misc misc)
{
	return count <= max_msr_list(misc);
}

} // namespace vmx::check
