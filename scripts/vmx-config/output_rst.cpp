// SPDX-License-Identifier: GPL-2.0-only
#include "output.hpp"

#include <algorithm>
#include <array>
#include <cstdio>

#include "core/config/rules.hpp"

using namespace vmx::config;

namespace {

/// A "simple table" of reStructuredText: columns as wide as their widest cell.
template <size_t Columns> class RstTable {
public:
	explicit RstTable(const std::array<std::string, Columns> &titles) { add(titles); }

	void add(const std::array<std::string, Columns> &cells)
	{
		rows_.push_back(cells);
		for (size_t n = 0; n < Columns; n++)
			width_[n] = std::max(width_[n], cells[n].size());
	}

	void print() const
	{
		rule();
		row(rows_.front());
		rule();
		for (size_t n = 1; n < rows_.size(); n++)
			row(rows_[n]);
		rule();
		std::puts("");
	}

private:
	void rule() const
	{
		std::string line;
		for (size_t n = 0; n < Columns; n++)
			line += std::string(width_[n], '=') + (n + 1 < Columns ? "  " : "");
		std::puts(line.c_str());
	}

	void row(const std::array<std::string, Columns> &cells) const
	{
		std::string line;
		for (size_t n = 0; n + 1 < Columns; n++)
			line += cells[n] + std::string(width_[n] - cells[n].size() + 2, ' ');
		std::puts((line + cells[Columns - 1]).c_str());
	}

	std::vector<std::array<std::string, Columns>> rows_;
	std::array<size_t, Columns> width_{};
};

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
