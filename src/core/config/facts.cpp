// SPDX-License-Identifier: GPL-2.0-only
#include "core/config/facts.hpp"

namespace vmx::config {

Facts::Facts(const VmxCapabilities &caps)
{
	const bool primary_known = caps.has(caps.primary_msr());
	const bool exit_known = caps.has(caps.exit_msr());

	learn(Word::pin, caps.has(caps.pin_msr()), caps.pin());
	learn(Word::primary, primary_known, caps.primary());
	learn(Word::exit, exit_known, caps.exit());
	learn(Word::entry, caps.has(caps.entry_msr()), caps.entry());

	// An MSR that the CPU does not have reports no capability. Only where it should be there,
	// or where that cannot be told, is its absence a gap in what is known.
	const auto gated = [](bool gate_known, bool open, bool is_there) {
		return is_there ? gate_known : gate_known && !open;
	};

	learn(Word::secondary,
	      gated(primary_known, has(primary::activate_secondary),
		    caps.has(Msr::procbased_ctls2)),
	      caps.secondary());
	learn(Word::tertiary,
	      gated(primary_known, has(primary::activate_tertiary), caps.has(Msr::procbased_ctls3)),
	      caps.tertiary());
	learn(Word::exit2,
	      gated(exit_known, has(exit::activate_secondary), caps.has(Msr::exit_ctls2)),
	      caps.exit2());

	const bool has_paging = has(secondary::enable_ept | secondary::enable_vpid);

	learn(Word::ept_vpid,
	      caps.has(Msr::ept_vpid_cap) || (knows(Word::secondary) && !has_paging),
	      caps.ept_vpid().bits);
	learn(Word::vmfunc,
	      caps.has(Msr::vmfunc) || (knows(Word::secondary) && !has(secondary::enable_vmfunc)),
	      caps.get(Msr::vmfunc));
	learn(Word::misc, caps.has(Msr::misc), caps.misc().bits);
	learn(Word::cpu, caps.cpu.features_known, u64{caps.cpu.features.bits});
}

Text &operator<<(Text &text, Bit bit)
{
	return text << info(bit.word).prefix << name_of(bit);
}

void append_names(Text &text, Word word, u64 mask)
{
	const char *separator = "";

	for (const Control &control : controls()) {
		if (control.bit.word != word || !(control.bit.mask & mask))
			continue;
		text << separator << control.name;
		separator = ", ";
		mask &= ~control.bit.mask;
	}
	for (unsigned n = 0; mask >> n; n++) {
		if (!(mask >> n & 1))
			continue;
		text << separator << "bit " << n;
		separator = ", ";
		if (n == 63)
			break;
	}
}

} // namespace vmx::config
