// SPDX-License-Identifier: GPL-2.0-only
#include "output.hpp"

#include <cstdio>

#include <nlohmann/json.hpp>

#include "core/config/rules.hpp"

using namespace vmx::config;
using vmx::VmcsConfig;
using Json = nlohmann::ordered_json;

namespace {

std::string hex(vmx::u64 value, unsigned digits)
{
	Text text;

	text << Hex{value, digits};
	return text.c_str();
}

Json config_of(const VmcsConfig &config)
{
	Json json;

	json["pin"] = hex(config.pin.bits, 8);
	json["primary"] = hex(config.primary.bits, 8);
	json["secondary"] = hex(config.secondary.bits, 8);
	json["tertiary"] = hex(config.tertiary.bits, 16);
	json["exit"] = hex(config.exit.bits, 8);
	json["entry"] = hex(config.entry.bits, 8);
	json["ept_vpid"] = hex(config.ept_vpid.bits, 16);
	json["revision"] = hex(config.revision, 8);
	json["region_size"] = config.region_size;
	json["basic"] = hex(config.basic, 16);
	json["misc"] = hex(config.misc, 16);
	json["vmfunc"] = hex(config.vmfunc, 16);
	json["cr0_fixed0"] = hex(config.cr0_fixed0, 16);
	json["cr0_fixed1"] = hex(config.cr0_fixed1, 16);
	json["cr4_fixed0"] = hex(config.cr4_fixed0, 16);
	json["cr4_fixed1"] = hex(config.cr4_fixed1, 16);
	return json;
}

const char *ability(const Facts &facts, Bit bit)
{
	if (!facts.knows(bit.word))
		return "unknown";
	if (facts.forced[index(bit.word)] & bit.mask)
		return "1";
	return facts.has(bit) ? "0/1" : "0";
}

Json controls_of(const Item &item)
{
	const Facts facts{item.caps};
	Json json = Json::array();

	for (const Control &control : controls())
		json.push_back({{"word", info(control.bit.word).name},
				{"control", control.name},
				{"use", name_of(control.use)},
				{"allowed", ability(facts, control.bit)}});
	return json;
}

Json violations_of(const Item &item, const RuleSet &violated_rules)
{
	const Facts facts{item.caps};
	Json json = Json::array();
	Text text;

	for (unsigned n = 0; n < rules().count; n++) {
		if (!violated_rules.contains(n) || !violated(rules()[n], item.caps, facts, text))
			continue;
		json.push_back({{"id", rules()[n].id},
				{"severity", name_of(rules()[n].severity)},
				{"message", text.c_str()}});
	}
	return json;
}

Json item_of(const Item &item, const Judged &judged)
{
	Json json;

	json["name"] = item.name;
	if (!item.kind.empty())
		json["kind"] = item.kind;
	json["verdict"] = name_of(judged.report.verdict);
	json["consistent"] = judged.report.rejects == 0;
	json["msrs"] = Json::object();
	for (const vmx::MsrInfo &info : vmx::capability_msrs)
		if (item.caps.has(info.msr))
			json["msrs"][hex(static_cast<vmx::u32>(info.msr), 2)] =
				hex(item.caps.get(info.msr), 16);
	json["controls"] = controls_of(item);
	if (judged.report.verdict == Verdict::unknown)
		json["config"] = nullptr;
	else
		json["config"] =
			config_of(judged.report.verdict == Verdict::inconsistent
					  ? judge(item, {.error_on_inconsistent = false}).config
					  : judged.config);
	json["violations"] = violations_of(item, judged.report.violated);
	json["lines"] = Json::array();
	for (const Line &line : judged.lines)
		json["lines"].push_back(
			{{"severity", name_of(line.severity)}, {"text", line.text}});
	return json;
}

} // namespace

namespace output {

void json(const std::vector<Item> &items, const std::vector<Judged> &judged,
	  const std::vector<std::string> &differences)
{
	Json document;
	bool consistent = differences.empty();

	document["items"] = Json::array();
	for (size_t n = 0; n < items.size(); n++) {
		document["items"].push_back(item_of(items[n], judged[n]));
		consistent = consistent && judged[n].report.rejects == 0;
	}
	document["differences"] = differences;
	document["consistent"] = consistent;
	std::puts(document.dump(2).c_str());
}

} // namespace output
