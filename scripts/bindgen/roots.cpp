// SPDX-License-Identifier: GPL-2.0-only
#include "roots.hpp"

#include <fstream>
#include <sstream>
#include <stdexcept>

namespace bindgen {

namespace {

std::ifstream open(const std::string &path)
{
	std::ifstream in(path);
	if (!in)
		throw std::runtime_error(path + ": cannot be opened");
	return in;
}

} // namespace

std::vector<Root> read_roots(const std::string &path)
{
	std::ifstream in = open(path);
	std::vector<Root> roots;
	std::string text;

	for (int line = 1; std::getline(in, text); ++line) {
		std::istringstream words(text.substr(0, text.find('#')));
		std::vector<std::string> word;
		for (std::string w; words >> w;)
			word.push_back(w);
		if (word.empty())
			continue;

		Root root{RootKind::any, "", false, line};
		if (word.front() == "?") {
			root.optional = true;
			word.erase(word.begin());
		}
		if (word.size() == 1 && word[0] == "types") {
			root.kind = RootKind::types;
		} else if (word.size() == 1) {
			root.name = word[0];
		} else if (word.size() == 2) {
			root.name = word[1];
			if (word[0] == "struct" || word[0] == "union" || word[0] == "enum")
				root.kind = RootKind::type;
			else if (word[0] == "function")
				root.kind = RootKind::function;
			else if (word[0] == "exports")
				root.kind = RootKind::exports;
		}
		if (root.kind != RootKind::types &&
		    (root.name.empty() || word.size() > 2 ||
		     (word.size() == 2 && root.kind == RootKind::any)))
			throw std::runtime_error(
				path + ":" + std::to_string(line) +
				": expected a name, 'struct NAME', 'function NAME', "
				"'exports MODULE' or 'types', found '" +
				text + "'");
		roots.push_back(root);
	}
	return roots;
}

std::map<std::string, std::string> read_symvers(const std::string &path)
{
	std::ifstream in = open(path);
	std::map<std::string, std::string> symbols;
	std::string text;

	for (int line = 1; std::getline(in, text); ++line) {
		std::istringstream words(text);
		std::string crc, symbol, module;
		if (!(words >> crc >> symbol >> module))
			throw std::runtime_error(path + ":" + std::to_string(line) +
						 ": expected 'CRC SYMBOL MODULE …', found '" +
						 text + "'");
		symbols[symbol] = module.substr(module.rfind('/') + 1);
	}
	return symbols;
}

} // namespace bindgen
