// SPDX-License-Identifier: GPL-2.0-only
#include "json_source.hpp"

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <optional>
#include <set>
#include <sstream>

#include <nlohmann/json.hpp>

using nlohmann::json;
using vmx::u32;
using vmx::u64;

namespace {

/// Parses "0x" and hexadecimal digits. @throws std::string what is wrong with it.
u64 parse_hex(const std::string &text, unsigned max_digits)
{
	if (text.size() < 3 || text[0] != '0' || (text[1] != 'x' && text[1] != 'X') ||
	    text.find_first_not_of("0123456789abcdefABCDEF", 2) != std::string::npos)
		throw "\"" + text + "\" is not a hexadecimal number, expected \"0x...\"";

	const size_t first = text.find_first_not_of('0', 2);
	const size_t digits = first == std::string::npos ? 0 : text.size() - first;

	if (digits > max_digits)
		throw "\"" + text + "\" is too wide: " + std::to_string(digits * 4) +
			" bits, expected at most " + std::to_string(max_digits * 4);
	return std::stoull(text.substr(2), nullptr, 16);
}

u64 parse_number(const json &value, unsigned max_digits)
{
	if (value.is_string())
		return parse_hex(value.get<std::string>(), max_digits);
	if (!value.is_number_unsigned())
		throw value.dump() +
			(value.is_number() ? " does not fit 64 bits unsigned"
					   : std::string(" is ") + value.type_name()) +
			", expected \"0x...\" or an unsigned number";

	const u64 number = value.get<u64>();

	if (max_digits < 16 && number >> (4 * max_digits))
		throw value.dump() + " is too wide, expected at most " +
			std::to_string(max_digits * 4) + " bits";
	return number;
}

vmx::Msr parse_msr(const std::string &key)
{
	const u64 index = parse_hex(key, 8);

	for (const vmx::MsrInfo &info : vmx::capability_msrs)
		if (static_cast<u32>(info.msr) == index)
			return info.msr;
	throw key + " is no VMX capability MSR, expected 0x3a or 0x480 to 0x493";
}

/// "family 6 model 14 stepping 8" as CPUID.1:EAX would say it.
std::optional<u32> parse_cpu(const std::string &text)
{
	unsigned family = 0, model = 0, stepping = 0;

	if (std::sscanf(text.c_str(), "family %u model %u stepping %u", &family, &model,
			&stepping) != 3 ||
	    family > 15 || model > 255 || stepping > 15)
		return std::nullopt;
	return stepping | (model & 0xf) << 4 | family << 8 | (model >> 4) << 16;
}

class Reader {
public:
	explicit Reader(const std::string &path) : path_(path) {}

	std::vector<Item> read()
	{
		const json root = parse();
		std::vector<Item> items;

		if (root.is_object()) {
			items.push_back(read_item(root, 0));
		} else if (root.is_array()) {
			for (const json &entry : root)
				items.push_back(read_item(entry, items.size()));
		} else {
			fail("", std::string("is a JSON ") + root.type_name() +
					 ", expected an array of objects or one object");
		}
		if (items.empty())
			fail("", "holds no item");
		return items;
	}

private:
	[[noreturn]] void fail(const std::string &where, const std::string &what) const
	{
		throw Unusable(path_ + ": " + (where.empty() ? "" : where + ": ") + what);
	}

	json parse() const
	{
		std::ifstream in(path_);
		if (!in)
			throw Unusable(path_ + ": cannot be opened: " + std::strerror(errno));
		std::stringstream text;
		text << in.rdbuf();
		if (std::filesystem::is_directory(path_))
			fail("", "is a directory, expected a JSON file");
		if (text.str().empty())
			fail("", "is empty, expected JSON");

		// The parser lets a later key of the same name win silently.
		std::vector<std::set<std::string>> keys;
		std::string duplicate;
		const auto watch = [&](int, json::parse_event_t event, json &value) {
			if (event == json::parse_event_t::object_start)
				keys.emplace_back();
			else if (event == json::parse_event_t::object_end)
				keys.pop_back();
			else if (event == json::parse_event_t::key && duplicate.empty() &&
				 !keys.back().insert(value.get<std::string>()).second)
				duplicate = value.get<std::string>();
			return true;
		};

		json root;
		try {
			root = json::parse(text.str(), watch);
		} catch (const json::exception &error) {
			fail("", std::string("is not valid JSON: ") + error.what());
		}
		if (!duplicate.empty())
			fail("",
			     "key \"" + duplicate + "\" stands twice in one object, expected once");
		return root;
	}

	Item read_item(const json &entry, size_t number) const
	{
		std::string where = "item " + std::to_string(number);

		if (!entry.is_object())
			fail(where,
			     std::string("is ") + entry.type_name() + ", expected an object");

		Item item;
		item.name = text_of(entry, "name", where).value_or(where);
		item.kind = text_of(entry, "kind", where).value_or("");
		where += " (" + item.name + ")";
		read_msrs(entry, where, item);
		read_missing(entry, where, item);
		read_signature(entry, where, item);
		return item;
	}

	std::optional<std::string> text_of(const json &entry, const char *key,
					   const std::string &where) const
	{
		if (!entry.contains(key))
			return std::nullopt;
		if (!entry[key].is_string())
			fail(where, std::string("\"") + key + "\" is " + entry[key].type_name() +
					    ", expected a string");
		return entry[key].get<std::string>();
	}

	void read_msrs(const json &entry, const std::string &where, Item &item) const
	{
		if (!entry.contains("msrs") || !entry["msrs"].is_object() || entry["msrs"].empty())
			fail(where, "has no \"msrs\", expected an object like {\"0x480\": "
				    "\"0x...\", ...}");
		for (const auto &[key, value] : entry["msrs"].items()) {
			try {
				const vmx::Msr msr = parse_msr(key);
				if (item.caps.has(msr))
					throw std::string("stands twice, once in another spelling");
				item.caps.set(msr, parse_number(value, 16));
			} catch (const std::string &error) {
				fail(where, "MSR " + key + ": " + error);
			}
		}
	}

	void read_missing(const json &entry, const std::string &where, Item &item) const
	{
		if (!entry.contains("missing"))
			return;
		if (!entry["missing"].is_array())
			fail(where, "\"missing\" is not an array");
		for (const json &key : entry["missing"]) {
			try {
				if (!key.is_string())
					throw key.dump() + " is not a string";
				const vmx::Msr msr = parse_msr(key.get<std::string>());
				if (item.caps.has(msr))
					throw key.dump() + " is listed although it has a value";
				item.declared_missing |= 1u << vmx::slot_of(msr);
			} catch (const std::string &error) {
				fail(where, "missing: " + error);
			}
		}
	}

	void read_signature(const json &entry, const std::string &where, Item &item) const
	{
		std::optional<u32> signature;

		try {
			if (entry.contains("cpuid_1_eax"))
				signature = static_cast<u32>(parse_number(entry["cpuid_1_eax"], 8));
		} catch (const std::string &error) {
			fail(where, "cpuid_1_eax: " + error);
		}
		if (const auto cpu = text_of(entry, "cpu", where); cpu && !signature) {
			signature = parse_cpu(*cpu);
			if (!signature)
				fail(where, "\"cpu\" is \"" + *cpu +
						    "\", expected \"family N model N stepping N\"");
		}
		item.caps.cpu.signature = signature.value_or(0);
		item.caps.cpu.signature_known = signature.has_value();
	}

	const std::string &path_;
};

} // namespace

std::vector<Item> read_json(const std::string &path)
{
	return Reader(path).read();
}
