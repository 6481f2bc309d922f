// SPDX-License-Identifier: GPL-2.0-only
// Prints the checks of VM entry as a table of reStructuredText.
#include <cstdio>

#include "core/check/check.hpp"
#include "core/check/msr_list.hpp"
#include "rst_table.hpp"

using namespace vmx;
using namespace vmx::check;

namespace {

std::string describe(const Verdict &verdict)
{
	switch (verdict.kind) {
	case Verdict::Kind::fail_invalid:
		return "VMfailInvalid";
	case Verdict::Kind::fail_valid:
		return "VMfailValid(" + std::to_string(verdict.number) + ")";
	default:
		return "exit " + std::to_string(verdict.number & 0xffff) + ", qualification " +
		       std::to_string(verdict.qualification);
	}
}

const char *checked_by(Area area)
{
	return area == Area::guest ? "module, CPU" : "module";
}

const char *verdict_of(MsrList list)
{
	switch (list) {
	case MsrList::entry_load:
		return "exit 34, qualification the entry's number";
	case MsrList::exit_store:
		return "VMX abort 1";
	case MsrList::exit_load:
		break;
	}
	return "VMX abort 4";
}

} // namespace

int main()
{
	RstTable<4> table({"Check", "Section of the SDM", "Verdict", "Checked by"});

	for_each_group([&](const Checks &checks) {
		for (const Check &check : checks)
			table.add({check.id, check.section,
				   describe(check::verdict_of(checks.area, check)),
				   checked_by(checks.area)});
	});
	for (const MsrList list : {MsrList::entry_load, MsrList::exit_store, MsrList::exit_load})
		for (const MsrCheck &check : msr_checks(list))
			table.add({check.id, check.section, verdict_of(list), "module"});

	std::puts(".. SPDX-License-Identifier: GPL-2.0-only\n"
		  ".. Printed by ``entry-checks``. Do not edit: ``make golden`` writes it anew.\n");
	table.print();
	return 0;
}
