// SPDX-License-Identifier: GPL-2.0-only
#include "core/check/msr_list.hpp"

#include <utility>

#include "vmx/apic.hpp"
#include "vmx/arch.hpp"

/// SDM, "Loading MSRs" of VM entries, "Saving MSRs" and "Loading MSRs" of VM exits.
namespace vmx::check {

namespace {

bool reserved(const MsrEntry &entry, bool)
{
	return !entry.reserved;
}

bool fs_base(const MsrEntry &entry, bool)
{
	return entry.msr != msr::fs_base;
}

bool gs_base(const MsrEntry &entry, bool)
{
	return entry.msr != msr::gs_base;
}

bool x2apic(const MsrEntry &entry, bool)
{
	return entry.msr - apic::x2apic_msrs >= apic::x2apic_msr_count;
}

bool written_in_smm(const MsrEntry &entry, bool smm)
{
	return smm || entry.msr != msr::smm_monitor_ctl;
}

bool read_in_smm(const MsrEntry &entry, bool smm)
{
	return smm || entry.msr != msr::smbase;
}

/// SDM, volume 4, "Architectural MSRs": a processor may refuse these two in the lists. This one
/// does.
bool microcode(const MsrEntry &entry, bool)
{
	return entry.msr != msr::bios_updt_trig && entry.msr != msr::bios_sign_id;
}

constexpr const char *loading = "Loading MSRs";
constexpr const char *saving = "Saving MSRs";

// clang-format off
constexpr MsrCheck entry_load[] = {
	{"entry_msr_load.fs_base",   loading, fs_base},
	{"entry_msr_load.gs_base",   loading, gs_base},
	{"entry_msr_load.x2apic",    loading, x2apic},
	{"entry_msr_load.smm",       loading, written_in_smm},
	{"entry_msr_load.microcode", loading, microcode},
	{"entry_msr_load.reserved",  loading, reserved},
};

constexpr MsrCheck exit_store[] = {
	{"exit_msr_store.x2apic",    saving,  x2apic},
	{"exit_msr_store.smm",       saving,  read_in_smm},
	{"exit_msr_store.microcode", saving,  microcode},
	{"exit_msr_store.reserved",  saving,  reserved},
};

constexpr MsrCheck exit_load[] = {
	{"exit_msr_load.fs_base",    loading, fs_base},
	{"exit_msr_load.gs_base",    loading, gs_base},
	{"exit_msr_load.x2apic",     loading, x2apic},
	{"exit_msr_load.smm",        loading, written_in_smm},
	{"exit_msr_load.microcode",  loading, microcode},
	{"exit_msr_load.reserved",   loading, reserved},
};
// clang-format on

template <unsigned size> MsrChecks all(const MsrCheck (&rows)[size])
{
	return {rows, size};
}

/// Straight code, as of the groups in check.hpp: a list is gone through at every entry and exit.
template <const auto &table>
[[gnu::flatten]] const MsrCheck *first_failure(const MsrEntry &entry, bool smm)
{
	const MsrCheck *found = nullptr;
	const auto ask = [&]<unsigned... n>(std::integer_sequence<unsigned, n...>)
	{
		(void)((table[n].holds(entry, smm) || (found = &table[n], false)) && ...);
	};

	ask(std::make_integer_sequence<unsigned, sizeof(table) / sizeof(table[0])>{});
	return found;
}

} // namespace

MsrChecks msr_checks(MsrList list)
{
	switch (list) {
	case MsrList::entry_load:
		return all(entry_load);
	case MsrList::exit_store:
		return all(exit_store);
	case MsrList::exit_load:
		break;
	}
	return all(exit_load);
}

const MsrCheck *check_msr(MsrList list, const MsrEntry &entry, bool smm)
{
	switch (list) {
	case MsrList::entry_load:
		return first_failure<entry_load>(entry, smm);
	case MsrList::exit_store:
		return first_failure<exit_store>(entry, smm);
	case MsrList::exit_load:
		break;
	}
	return first_failure<exit_load>(entry, smm);
}

} // namespace vmx::check
