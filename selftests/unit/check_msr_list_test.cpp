// SPDX-License-Identifier: GPL-2.0-only
#include "core/check/msr_list.hpp"
#include "unit.hpp"
#include "vmx/arch.hpp"

using namespace vmx;
using namespace vmx::check;

namespace {

struct Case {
	MsrList list;
	const char *id; ///< null: may be processed
	MsrEntry entry;
	bool smm = false;
};

using enum MsrList;

// clang-format off
constexpr Case cases[] = {
	{entry_load, nullptr,                    {msr::efer, 0, 0x500}},
	{entry_load, nullptr,                    {msr::kernel_gs_base, 0, 0}},
	{entry_load, nullptr,                    {0x7ff, 0, 0}},
	{entry_load, nullptr,                    {0x900, 0, 0}},
	{entry_load, nullptr,                    {msr::smm_monitor_ctl, 0, 0}, true},
	{entry_load, "entry_msr_load.fs_base",   {msr::fs_base, 0, 0}},
	{entry_load, "entry_msr_load.gs_base",   {msr::gs_base, 0, 0}},
	{entry_load, "entry_msr_load.x2apic",    {0x800, 0, 0}},
	{entry_load, "entry_msr_load.x2apic",    {0x8ff, 0, 0}},
	{entry_load, "entry_msr_load.smm",       {msr::smm_monitor_ctl, 0, 0}},
	{entry_load, "entry_msr_load.microcode", {0x79, 0, 0}},
	{entry_load, "entry_msr_load.microcode", {0x8b, 0, 0}, true},
	{entry_load, "entry_msr_load.reserved",  {msr::efer, 1U << 31, 0}},
	{exit_store, nullptr,                    {msr::fs_base, 0, 0}},
	{exit_store, nullptr,                    {msr::smm_monitor_ctl, 0, 0}},
	{exit_store, nullptr,                    {msr::smbase, 0, 0}, true},
	{exit_store, "exit_msr_store.x2apic",    {0x830, 0, 0}},
	{exit_store, "exit_msr_store.smm",       {msr::smbase, 0, 0}},
	{exit_store, "exit_msr_store.microcode", {0x8b, 0, 0}},
	{exit_store, "exit_msr_store.reserved",  {msr::efer, 1, 0}},
	{exit_load,  nullptr,                    {msr::pat, 0, 0}},
	{exit_load,  "exit_msr_load.fs_base",    {msr::fs_base, 0, 0}},
	{exit_load,  "exit_msr_load.gs_base",    {msr::gs_base, 0, 0}},
	{exit_load,  "exit_msr_load.x2apic",     {0x80b, 0, 0}},
	{exit_load,  "exit_msr_load.smm",        {msr::smm_monitor_ctl, 0, 0}},
	{exit_load,  "exit_msr_load.microcode",  {0x79, 0, 0}},
	{exit_load,  "exit_msr_load.reserved",   {msr::pat, 1, 0}},
};
// clang-format on

} // namespace

TEST(entries)
{
	for (const Case &one : cases) {
		const MsrCheck *failed = check_msr(one.list, one.entry, one.smm);

		EXPECT_STRING(failed ? failed->id : "none", one.id ? one.id : "none");
		for (const MsrCheck &check : msr_checks(one.list))
			EXPECT_EQ(check.holds(one.entry, one.smm), &check != failed);
	}
}

TEST(each_check_has_a_case_here)
{
	for (const MsrList list : {entry_load, exit_store, exit_load})
		for (const MsrCheck &check : msr_checks(list)) {
			bool found = false;
			for (const Case &one : cases)
				found |= one.id && unit::same(one.id, check.id);
			if (!found)
				test.fail("no case", 0, check.id);
		}
}

TEST(length)
{
	EXPECT(length_supported(512, {}));
	EXPECT(!length_supported(513, {}));
	EXPECT(length_supported(4096, {7ULL << 25}));
	EXPECT(!length_supported(4097, {7ULL << 25}));
}

SUITE(check_msr_list, entries, each_check_has_a_case_here, length);
