// SPDX-License-Identifier: GPL-2.0-only
//
// Many small variations of one VM entry in a case. All are tried; those that do not hold are told
// together, those that need what is not offered are left out.
#pragma once

#include "nested.hpp"

namespace kvm {

struct Row {
	const char *what;
	void (*change)(L1 &l1); // of the default VMCS
};

// Each row is to pass the check. L2 is the code.
template <typename Check> void each_row(const Code &l2, std::span<const Row> rows, Check check_one,
					tap::Where where = tap::Where::current())
{
	std::string failures;
	std::size_t done = 0;
	std::optional<L1> l1;
	for (const Row &row : rows) {
		if (!l1)
			l1.emplace().prepare(l2);
		else
			l1->write_default_vmcs(vmcs_address);
		try {
			row.change(*l1);
			check_one(*l1, row.what);
			done++;
		} catch (const tap::Skip &) {
		} catch (const tap::Failure &failure) {
			failures += (failures.empty() ? "" : "\n# ") + std::string(row.what) +
				    ": " + failure.message;
			l1.reset(); // it may be anywhere
		}
	}
	if (!failures.empty())
		tap::fail(failures, where);
	if (!done)
		tap::skip("nothing of what is needed is offered");
}

} // namespace kvm
