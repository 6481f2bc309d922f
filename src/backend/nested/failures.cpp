// SPDX-License-Identifier: GPL-2.0-only
#include "backend/nested/failures.hpp"

#include "core/config/text.hpp"

namespace backend::nested {

namespace {

using namespace vmx;

constinit u64 failures[check::group_count][check::most_rows];

} // namespace

void count_failure(const check::Failure &failure)
{
	// L1 may fail as often as it likes: nothing is searched.
	__atomic_fetch_add(&failures[static_cast<unsigned>(failure.group)][failure.row], u64{1},
			   __ATOMIC_RELAXED);
}

void print_failures(const config::Sink &sink)
{
	config::Text text;
	const u64(*of_group)[check::most_rows] = failures;

	check::for_each_group([&](const check::Checks &group) {
		for (unsigned row = 0; row < group.count; ++row) {
			const u64 count = __atomic_load_n(&(*of_group)[row], __ATOMIC_RELAXED);

			if (!count)
				continue;
			text.clear();
			text << group.rows[row].id << " " << count;
			sink(config::Severity::info, text.c_str());
		}
		++of_group;
	});
}

} // namespace backend::nested
