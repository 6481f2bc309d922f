// SPDX-License-Identifier: GPL-2.0-only
#include "backend/nested/failures.hpp"

#include "core/config/text.hpp"

namespace backend::nested {

namespace {

using namespace vmx;

/// More than there are checks.
constexpr unsigned counters = 512;

constinit u64 failures[counters];

/// Calls `each(check, number)` for every check there is.
template <class Each> void for_each_check(Each each)
{
	unsigned number = 0;

	check::for_each_group([&](const check::Checks &group) {
		for (const check::Check &row : group) {
			if (number < counters)
				each(row, number);
			++number;
		}
	});
}

} // namespace

void count_failure(const check::Check &failed)
{
	unsigned first = 0;

	// L1 may fail as often as it likes: by group, not by row.
	check::for_each_group([&](const check::Checks &group) {
		if (&failed >= group.begin() && &failed < group.end()) {
			const unsigned number =
				first + static_cast<unsigned>(&failed - group.begin());

			if (number < counters)
				__atomic_fetch_add(&failures[number], u64{1}, __ATOMIC_RELAXED);
		}
		first += group.count;
	});
}

void print_failures(const config::Sink &sink)
{
	config::Text text;

	for_each_check([&](const check::Check &row, unsigned number) {
		const u64 count = __atomic_load_n(&failures[number], __ATOMIC_RELAXED);

		if (!count)
			return;
		text.clear();
		text << row.id << " " << count;
		sink(config::Severity::info, text.c_str());
	});
}

} // namespace backend::nested
