// SPDX-License-Identifier: GPL-2.0-only
#include "core/config/config.hpp"
#include "core/config/facts.hpp"

namespace vmx::config {

namespace {

class Comparison {
public:
	explicit Comparison(const Sink &sink) : sink_(sink) {}

	/// A control word: the controls that differ are named.
	template <class Mask> void word(Word word, Mask expected, Mask found)
	{
		if (expected == found)
			return;
		Text text;
		begin(text, info(word).name, expected.bits, found.bits, info(word).digits);
		text << ": ";
		append_names(text, word, expected.bits ^ found.bits);
		end(text);
	}

	void value(const char *name, u64 expected, u64 found, unsigned digits = 16)
	{
		if (expected == found)
			return;
		Text text;
		begin(text, name, expected, found, digits);
		end(text);
	}

	[[nodiscard]] unsigned differences() const { return differences_; }

private:
	static void begin(Text &text, const char *name, u64 expected, u64 found, unsigned digits)
	{
		text << name << " differ: expected " << Hex{expected, digits} << ", found "
		     << Hex{found, digits};
	}

	void end(const Text &text)
	{
		sink_(Severity::reject, text.c_str());
		differences_++;
	}

	const Sink &sink_;
	unsigned differences_ = 0;
};

} // namespace

unsigned compare(const VmcsConfig &expected, const VmcsConfig &found, const Sink &sink)
{
	Comparison comparison{sink};

	comparison.word(Word::pin, expected.pin, found.pin);
	comparison.word(Word::primary, expected.primary, found.primary);
	comparison.word(Word::secondary, expected.secondary, found.secondary);
	comparison.word(Word::tertiary, expected.tertiary, found.tertiary);
	comparison.word(Word::exit, expected.exit, found.exit);
	comparison.word(Word::entry, expected.entry, found.entry);
	comparison.word(Word::ept_vpid, expected.ept_vpid, found.ept_vpid);
	comparison.value("VMCS revision identifiers", expected.revision, found.revision, 8);
	comparison.value("VMCS region sizes", expected.region_size, found.region_size, 4);
	comparison.value("IA32_VMX_BASIC values", expected.basic, found.basic);
	comparison.value("IA32_VMX_MISC values", expected.misc, found.misc);
	comparison.value("IA32_VMX_VMFUNC values", expected.vmfunc, found.vmfunc);
	comparison.value("IA32_VMX_CR0_FIXED0 values", expected.cr0_fixed0, found.cr0_fixed0);
	comparison.value("IA32_VMX_CR0_FIXED1 values", expected.cr0_fixed1, found.cr0_fixed1);
	comparison.value("IA32_VMX_CR4_FIXED0 values", expected.cr4_fixed0, found.cr4_fixed0);
	comparison.value("IA32_VMX_CR4_FIXED1 values", expected.cr4_fixed1, found.cr4_fixed1);
	return comparison.differences();
}

} // namespace vmx::config
