// SPDX-License-Identifier: GPL-2.0-only
#include "cases.h"

#include "unit.hpp"

namespace {

void copy(char *to, unsigned size, const char *from)
{
	unsigned n = 0;

	for (; n + 1 < size && from[n]; n++)
		to[n] = from[n];
	to[n] = '\0';
}

} // namespace

extern "C" const void *kvmxx_unit_next(const void *previous, char *name, unsigned int size)
{
	bool take = !previous;

	for (unsigned s = 0; s < unit::suite_count; s++) {
		const unit::Suite &suite = *unit::suites[s];
		for (unsigned n = 0; n < suite.count; n++) {
			const unit::Case &test_case = suite.cases[n];
			if (take) {
				unit::Text full_name;
				full_name << suite.name << "." << test_case.name;
				copy(name, size, full_name.c_str());
				return &test_case;
			}
			take = &test_case == previous;
		}
	}
	return nullptr;
}

extern "C" void kvmxx_unit_run(const void *unit_case,
			       void (*report)(void *context, const char *text), void *context)
{
	unit::Test test(report, context);

	// KUnit hands back what kvmxx_unit_next() gave it.
	static_cast<const unit::Case *>(unit_case)->run(test);
}
