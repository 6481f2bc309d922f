// SPDX-License-Identifier: GPL-2.0-only
#include "backend/exit/counters.hpp"

#include "backend/exit/table.hpp"
#include "core/config/text.hpp"

namespace backend {

void print_exits(const config::Sink &sink)
{
	config::Text text;

	for (u32 n = 0; n <= other_exits; ++n) {
		const ExitRow *row = find_row(static_cast<Reason>(n));
		const u64 count = kernel::exits(n);

		if (!row && !count)
			continue;
		text.clear();
		if (row)
			text << row->name;
		else if (n == other_exits)
			text << "OTHERS";
		else
			text << "REASON_" << n;
		text << " " << count;
		sink(config::Severity::info, text.c_str());
	}
}

} // namespace backend
