// SPDX-License-Identifier: GPL-2.0-only
// The host's runner: every case of every suite as a line of KTAP, a summary line, exit status 0
// or 1.
#include <cstdio>
#include <cstring>
#include <string>

#include "unit.hpp"

namespace {

struct Counts {
	unsigned run = 0;
	unsigned failed = 0;
};

void comment(void *, const char *text)
{
	std::printf("# %s\n", text);
}

template <class Each> void for_each_case(const char *pattern, Each each)
{
	for (unsigned s = 0; s < unit::suite_count; s++) {
		const unit::Suite &suite = *unit::suites[s];
		for (unsigned n = 0; n < suite.count; n++) {
			const std::string name =
				std::string(suite.name) + "." + suite.cases[n].name;
			if (name.find(pattern) != std::string::npos)
				each(name, suite.cases[n]);
		}
	}
}

} // namespace

int main(int argc, char **argv)
{
	const char *pattern = argc > 1 ? argv[1] : "";
	Counts counts;
	unsigned planned = 0;

	if (argc > 2 || !std::strcmp(pattern, "--help")) {
		std::puts("Usage: unit [TEXT]: runs the cases whose name contains TEXT");
		return argc > 2 ? 2 : 0;
	}
	for_each_case(pattern, [&](const std::string &, const unit::Case &) { planned++; });
	if (!planned) {
		std::fprintf(stderr, "unit: no case's name contains \"%s\"\n", pattern);
		return 2;
	}

	std::printf("KTAP version 1\n1..%u\n", planned);
	for_each_case(pattern, [&](const std::string &name, const unit::Case &test_case) {
		unit::Test test(comment, nullptr);
		test_case.run(test);
		counts.run++;
		counts.failed += test.failures() != 0;
		std::printf("%s %u %s\n", test.failures() ? "not ok" : "ok", counts.run,
			    name.c_str());
		std::fflush(stdout);
	});
	std::printf("# %u passed, %u failed, 0 skipped\n", counts.run - counts.failed,
		    counts.failed);
	return counts.failed ? 1 : 0;
}
