// SPDX-License-Identifier: GPL-2.0-only
#include "output.hpp"

#include <cstdio>

#include "core/config/rules.hpp"
#include "rst_table.hpp"

using namespace vmx::config;

namespace {

void heading(const char *text)
{
	std::printf("%s\n%s\n\n", text,
		    std::string(std::char_traits<char>::length(text), '-').c_str());
}

std::string text_of(Bit bit)
{
	Text text;

	text << bit;
	return text.c_str();
}

std::string condition_of(const Rule &rule)
{
	switch (rule.kind) {
	case Kind::pair:
		return "both or neither: " + text_of(rule.a) + ", " + text_of(rule.b);
	case Kind::needs:
		return text_of(rule.a) + " needs " + text_of(rule.b);
	case Kind::word:
		break;
	}
	return std::string("a property of ") + name_of(rule.msr);
}

std::string dropped_by(const Rule &rule)
{
	switch (rule.drop) {
	case Drop::nothing:
		return "nothing";
	case Drop::first:
		return text_of(rule.a);
	case Drop::both:
		break;
	}
	return "both";
}

void print_rules(const char *title, Severity severity)
{
	RstTable<4> table({"Id", "Must hold", "Dropped", "Source"});

	heading(title);
	for (const Rule &rule : rules())
		if (rule.severity == severity)
			table.add({rule.id, condition_of(rule), dropped_by(rule), rule.why});
	table.print();
}

} // namespace

namespace output {

void rst()
{
	RstTable<6> table({"Word", "Bit", "Control", "Use", "For", "Mask"});

	std::puts(".. SPDX-License-Identifier: GPL-2.0-only\n"
		  ".. Printed by ``vmx-config --rst``. Do not edit: ``make golden`` writes it "
		  "anew.\n");
	heading("Controls");
	for (const Control &control : controls()) {
		Text mask;
		mask << Hex{control.bit.mask, info(control.bit.word).digits};
		table.add({info(control.bit.word).name,
			   std::to_string(__builtin_ctzll(control.bit.mask)), control.name,
			   name_of(control.use), control.feature, mask.c_str()});
	}
	table.print();
	print_rules("Rules that reject", Severity::reject);
	print_rules("Rules that warn", Severity::warn);
	print_rules("What the backend combines", Severity::info);
}

} // namespace output
