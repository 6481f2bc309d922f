// SPDX-License-Identifier: GPL-2.0-only
#include "item.hpp"

using namespace vmx::config;

Judged judge(const Item &item, const Options &options)
{
	Judged judged;
	const auto keep = [](void *context, Severity severity, const char *text) {
		static_cast<std::vector<Line> *>(context)->push_back({severity, text});
	};

	judged.report.sink = {keep, &judged.lines};
	judged.config = compute(item.caps, options, judged.report);
	judged.report.sink = {};
	return judged;
}

const char *name_of(Severity severity)
{
	switch (severity) {
	case Severity::info:
		return "info";
	case Severity::warn:
		return "warn";
	case Severity::reject:
		break;
	}
	return "reject";
}

const char *name_of(Verdict verdict)
{
	switch (verdict) {
	case Verdict::ok:
		return "ok";
	case Verdict::unknown:
		return "unknown";
	case Verdict::unsupported:
		return "unsupported";
	case Verdict::inconsistent:
		break;
	}
	return "inconsistent";
}
