// SPDX-License-Identifier: GPL-2.0-only
#pragma once

#include <algorithm>
#include <array>
#include <cstdio>
#include <string>
#include <vector>

/// A "simple table" of reStructuredText: columns as wide as their widest cell.
template <std::size_t Columns> class RstTable {
public:
	explicit RstTable(const std::array<std::string, Columns> &titles) { add(titles); }

	void add(const std::array<std::string, Columns> &cells)
	{
		rows_.push_back(cells);
		for (std::size_t n = 0; n < Columns; n++)
			width_[n] = std::max(width_[n], cells[n].size());
	}

	void print() const
	{
		rule();
		row(rows_.front());
		rule();
		for (std::size_t n = 1; n < rows_.size(); n++)
			row(rows_[n]);
		rule();
		std::puts("");
	}

private:
	void rule() const
	{
		std::string line;
		for (std::size_t n = 0; n < Columns; n++)
			line += std::string(width_[n], '=') + (n + 1 < Columns ? "  " : "");
		std::puts(line.c_str());
	}

	void row(const std::array<std::string, Columns> &cells) const
	{
		std::string line;
		for (std::size_t n = 0; n + 1 < Columns; n++)
			line += cells[n] + std::string(width_[n] - cells[n].size() + 2, ' ');
		std::puts((line + cells[Columns - 1]).c_str());
	}

	std::vector<std::array<std::string, Columns>> rows_;
	std::array<std::size_t, Columns> width_{};
};
