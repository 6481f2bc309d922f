// SPDX-License-Identifier: GPL-2.0-only
#include "output.hpp"

#include <cstdio>

#include "core/config/rules.hpp"

using namespace vmx::config;
using vmx::VmcsConfig;

namespace output {

void golden(const std::vector<Item> &items)
{
	std::puts("# "
		  "name\tverdict\tpin\tprimary\tsecondary\ttertiary\texit\tentry\tept_"
		  "vpid\tviolated rules");
	for (const Item &item : items) {
		const Judged judged = judge(item);
		const VmcsConfig &config = judged.config;
		const char *separator = "";

		std::printf(
			"%s\t%s\t0x%08x\t0x%08x\t0x%08x\t0x%016llx\t0x%08x\t0x%08x\t0x%016llx\t",
			item.name.c_str(), name_of(judged.report.verdict), config.pin.bits,
			config.primary.bits, config.secondary.bits,
			static_cast<unsigned long long>(config.tertiary.bits), config.exit.bits,
			config.entry.bits, static_cast<unsigned long long>(config.ept_vpid.bits));
		for (unsigned n = 0; n < rules().count; n++) {
			if (!judged.report.violated.contains(n))
				continue;
			std::printf("%s%s", separator, rules()[n].id);
			separator = ",";
		}
		std::puts(*separator ? "" : "-");
	}
}

} // namespace output
