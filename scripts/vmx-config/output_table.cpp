// SPDX-License-Identifier: GPL-2.0-only
#include "output.hpp"

#include <cstdio>

using namespace vmx::config;

namespace output {

void table(const Item &item, const Judged &judged)
{
	const auto print = [](void *, Severity, const char *text) { std::puts(text); };

	std::printf("== %s%s%s%s\n", item.name.c_str(), item.kind.empty() ? "" : " (",
		    item.kind.c_str(), item.kind.empty() ? "" : ")");
	switch (judged.report.verdict) {
	case Verdict::unknown:
		break;
	case Verdict::inconsistent:
		std::puts("configuration as with error_on_inconsistent_vmcs_config=0");
		print_config(item.caps, judge(item, {.error_on_inconsistent = false}).config,
			     {print, nullptr});
		break;
	default:
		print_config(item.caps, judged.config, {print, nullptr});
	}
	std::puts("findings");
	if (judged.lines.empty())
		std::puts("  none");
	for (const Line &line : judged.lines)
		std::printf("  %-7s %s\n", name_of(line.severity), line.text.c_str());
	std::printf("verdict %s\n\n", name_of(judged.report.verdict));
}

} // namespace output
