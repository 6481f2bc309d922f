// SPDX-License-Identifier: GPL-2.0-only
#include "core/config/config.hpp"
#include "core/config/facts.hpp"

namespace vmx::config {

namespace {

constexpr unsigned name_width = 44;

const char *ability(const Facts &facts, Bit bit)
{
	if (!facts.knows(bit.word))
		return "not known";
	if (facts.forced[index(bit.word)] & bit.mask)
		return "always 1";
	return facts.has(bit) ? "0 or 1" : "always 0";
}

void print_msrs(const VmxCapabilities &caps, const Sink &sink)
{
	Text text;

	sink(Severity::info, "capability MSRs");
	for (const MsrInfo &info : capability_msrs) {
		text.clear();
		text << "  " << Hex{static_cast<u32>(info.msr), 3} << " " << info.name
		     << Column{name_width};
		if (caps.has(info.msr))
			text << Hex{caps.get(info.msr), 16};
		else
			text << "-";
		sink(Severity::info, text.c_str());
	}
}

void print_word(Word word, const Facts &facts, u64 chosen, const Sink &sink)
{
	Text text;

	text << info(word).name << Column{name_width} << Hex{chosen, info(word).digits};
	sink(Severity::info, text.c_str());
	for (const Control &control : controls()) {
		if (control.bit.word != word)
			continue;
		text.clear();
		text << "  " << control.name << Column{name_width} << ability(facts, control.bit)
		     << Column{name_width + 12} << (chosen & control.bit.mask ? "1" : "0");
		sink(Severity::info, text.c_str());
	}
}

} // namespace

u64 value_of(const VmcsConfig &config, Word word)
{
	switch (word) {
	case Word::pin:
		return config.pin.bits;
	case Word::primary:
		return config.primary.bits;
	case Word::secondary:
		return config.secondary.bits;
	case Word::tertiary:
		return config.tertiary.bits;
	case Word::exit:
		return config.exit.bits;
	case Word::entry:
		return config.entry.bits;
	case Word::ept_vpid:
		return config.ept_vpid.bits;
	default:
		// No other word is part of a configuration.
		return 0;
	}
}

void print_config(const VmxCapabilities &caps, const VmcsConfig &config, const Sink &sink)
{
	const Facts facts{caps};
	Text text;

	print_msrs(caps, sink);
	text << "control" << Column{name_width} << "CPU allows" << Column{name_width + 12}
	     << "chosen";
	sink(Severity::info, text.c_str());
	for (unsigned n = 0; n < control_words; n++) {
		const Word word = static_cast<Word>(n);

		print_word(word, facts, value_of(config, word), sink);
	}
	text.clear();
	text << info(Word::ept_vpid).name << Column{name_width} << Hex{config.ept_vpid.bits, 16};
	sink(Severity::info, text.c_str());
	text.clear();
	text << "VMCS revision identifier" << Column{name_width} << Hex{config.revision};
	sink(Severity::info, text.c_str());
	text.clear();
	text << "VMCS region size" << Column{name_width} << config.region_size;
	sink(Severity::info, text.c_str());
}

} // namespace vmx::config
