// SPDX-License-Identifier: GPL-2.0-only
#pragma once

#include "item.hpp"

/// How an item is shown.
namespace output {

/// The capability MSRs, the controls with what was chosen, and the findings.
void table(const Item &item, const Judged &judged);

/// All items as one JSON document.
void json(const std::vector<Item> &items, const std::vector<Judged> &judged,
	  const std::vector<std::string> &differences);

/// One line per item: name, verdict, configuration, violated rules; separated by tabs.
void golden(const std::vector<Item> &items);

/// The tables of controls and rules as reStructuredText.
void rst();

} // namespace output
