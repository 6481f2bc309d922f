// SPDX-License-Identifier: GPL-2.0-only
// Every CPU of selftests/golden/vmx_caps.json against selftests/golden/vmx_caps.golden.tsv.
#include "core/config/config.hpp"

#include "core/config/rules.hpp"
#include "unit.hpp"

using namespace vmx::config;
using vmx::u32;
using vmx::u64;
using vmx::VmcsConfig;
using vmx::VmxCapabilities;

namespace {

struct Golden {
	const char *name;
	bool hardware;
	VmxCapabilities caps;
	const char *verdict;
	u32 pin;
	u32 primary;
	u32 secondary;
	u64 tertiary;
	u32 exit;
	u32 entry;
	u64 ept_vpid;
	const char *violated; ///< ids separated by commas, "-" for none
};

constexpr Golden golden[] = {
#include "golden.inc"
};

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

class Difference {
public:
	Difference(unit::Test &test, const Golden &row) : test_(test), row_(row) {}

	void value(const char *what, u64 found, u64 expected)
	{
		if (found == expected)
			return;
		Text text;
		text << row_.name << ": " << what << ": found " << Hex{found} << ", golden "
		     << Hex{expected};
		test_.fail(__FILE__, __LINE__, text.c_str());
	}

	void text(const char *what, const char *found, const char *expected)
	{
		if (unit::same(found, expected))
			return;
		Text text;
		text << row_.name << ": " << what << ": found " << found << ", golden " << expected;
		test_.fail(__FILE__, __LINE__, text.c_str());
	}

private:
	unit::Test &test_;
	const Golden &row_;
};

void list_violated(const RuleSet &violated, Text &text)
{
	const char *separator = "";

	for (unsigned n = 0; n < rules().count; n++) {
		if (!violated.contains(n))
			continue;
		text << separator << rules()[n].id;
		separator = ",";
	}
	if (!*separator)
		text << "-";
}

} // namespace

TEST(every_cpu_gets_its_golden_configuration)
{
	for (const Golden &row : golden) {
		Report report;
		const VmcsConfig config = compute(row.caps, {}, report);
		Difference difference{test, row};
		Text violated;

		list_violated(report.violated, violated);
		difference.text("verdict", name_of(report.verdict), row.verdict);
		difference.value("pin-based controls", config.pin.bits, row.pin);
		difference.value("primary controls", config.primary.bits, row.primary);
		difference.value("secondary controls", config.secondary.bits, row.secondary);
		difference.value("tertiary controls", config.tertiary.bits, row.tertiary);
		difference.value("vm-exit controls", config.exit.bits, row.exit);
		difference.value("vm-entry controls", config.entry.bits, row.entry);
		difference.value("EPT and VPID capabilities", config.ept_vpid.bits, row.ept_vpid);
		difference.text("violated rules", violated.c_str(), row.violated);
	}
}

TEST(no_hardware_is_rejected)
{
	unsigned hardware = 0;

	for (const Golden &row : golden) {
		if (!row.hardware)
			continue;
		Report report;
		(void)compute(row.caps, {}, report);
		hardware++;
		if (report.rejects)
			test.fail(__FILE__, __LINE__, row.name);
	}
	EXPECT_EQ(hardware, 97u);
}

TEST(a_chosen_word_is_always_allowed)
{
	for (const Golden &row : golden) {
		Report report;
		const VmcsConfig config =
			compute(row.caps, {.error_on_inconsistent = false}, report);
		if (report.verdict != Verdict::ok)
			continue;
		const VmxCapabilities &caps = row.caps;
		EXPECT(caps.pin().allowed1.has(config.pin) && config.pin.has(caps.pin().allowed0));
		EXPECT(caps.primary().allowed1.has(config.primary));
		EXPECT(config.primary.has(caps.primary().allowed0));
		EXPECT(caps.secondary().allowed1.has(config.secondary));
		EXPECT(caps.exit().allowed1.has(config.exit) &&
		       config.exit.has(caps.exit().allowed0));
		EXPECT(caps.entry().allowed1.has(config.entry) &&
		       config.entry.has(caps.entry().allowed0));
	}
}

TEST(a_hybrid_cpu_is_told_apart)
{
	const Golden *groups[2] = {};
	unsigned found = 0;

	for (const Golden &row : golden)
		if (unit::contains(row.name, "i5-L16G7") && found < 2)
			groups[found++] = &row;
	EXPECT_EQ(found, 2u);
	if (found < 2)
		return;

	Report report;
	const VmcsConfig first = compute(groups[0]->caps, {}, report);
	const VmcsConfig second = compute(groups[1]->caps, {}, report);
	EXPECT(compare(first, second, {}) != 0);
}

SUITE(config_golden, every_cpu_gets_its_golden_configuration, no_hardware_is_rejected,
      a_chosen_word_is_always_allowed, a_hybrid_cpu_is_told_apart);
