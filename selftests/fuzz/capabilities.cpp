// SPDX-License-Identifier: GPL-2.0-only
// The capability MSRs of a guest hypervisor: whatever userspace sets and CPUID says, it is never
// shown more than was offered, and what is refused changes nothing.
#include "core/nested/capabilities.hpp"
#include "baseline.hpp"
#include "fuzz.hpp"

namespace fuzz {

namespace {

using nested::Capabilities;
using nested::GuestCpuid;

Capabilities offer(Input &input)
{
	VmxCapabilities cpu = unit::baseline();
	const u32 flags = input.take<u8>();
	const VmcsConfig config = {.pin = flags & 8 ? pin::posted_interrupts : Pin{},
				   .primary = cpu.primary().allowed1,
				   .secondary = cpu.secondary().allowed1 &
						Secondary{~u32{0} << (flags >> 4)},
				   .cr0_fixed0 = cpu.get(Msr::cr0_fixed0),
				   .cr0_fixed1 = cpu.get(Msr::cr0_fixed1),
				   .cr4_fixed0 = cpu.get(Msr::cr4_fixed0),
				   .cr4_fixed1 = cpu.get(Msr::cr4_fixed1)};

	return nested::offered(
		cpu, config,
		{.revision = flags & 1 ? vmcs12::Revision::enlightened : vmcs12::Revision::legacy,
		 .ept_ad = (flags & 2) != 0,
		 .mpx = (flags & 4) != 0,
		 .sgx = (flags & 2) != 0});
}

constexpr u32 first = static_cast<u32>(Msr::basic);
constexpr u32 shown_msrs = static_cast<u32>(Msr::vmfunc) - first + 1;

bool same(const Capabilities &a, const Capabilities &b)
{
	for (u32 n = 0; n < shown_msrs; n++)
		if (a.get(static_cast<Msr>(first + n)) != b.get(static_cast<Msr>(first + n)))
			return false;
	return true;
}

template <class Word> void within(Allowed<Word> shown, Allowed<Word> offered)
{
	MUST(offered.allowed1.has(shown.allowed1));
	MUST(shown.allowed0.has(offered.allowed0));
}

void inspect(const Capabilities &now, const Capabilities &offered)
{
	const VmxCapabilities &shown = now.shown, &most = offered.shown;

	within(shown.pin(), most.pin());
	within(shown.primary(), most.primary());
	within(shown.split<Secondary>(Msr::procbased_ctls2),
	       most.split<Secondary>(Msr::procbased_ctls2));
	within(shown.exit(), most.exit());
	within(shown.entry(), most.entry());
	MUST(most.ept_vpid().has(shown.ept_vpid()));
	MUST(!(now.get(Msr::vmfunc) & ~offered.get(Msr::vmfunc)));
	MUST(vmcs12::known_revision(shown.basic().revision()) && !shown.basic().reserved_bit_31());
	MUST(shown.basic().region_size());
	MUST(!(offered.get(Msr::cr0_fixed0) & ~now.get(Msr::cr0_fixed0)));
	MUST(!(offered.get(Msr::cr4_fixed0) & ~now.get(Msr::cr4_fixed0)));
	MUST(cr3_target_count(shown.misc()) <= cr3_target_count(most.misc()));
	for (const auto &[plain, true_msr] :
	     {std::pair{Msr::pinbased_ctls, Msr::true_pinbased_ctls},
	      std::pair{Msr::procbased_ctls, Msr::true_procbased_ctls},
	      std::pair{Msr::exit_ctls, Msr::true_exit_ctls},
	      std::pair{Msr::entry_ctls, Msr::true_entry_ctls}}) {
		// What must be 1 by the plain MSR is that of the TRUE one and default-1 controls.
		MUST(now.get(plain) >> 32 == now.get(true_msr) >> 32);
		MUST(!(now.get(true_msr) & ~now.get(plain)));
	}
}

} // namespace

void fuzz(Input input)
{
	const Capabilities offered = offer(input);
	Capabilities now = offered;

	for (u32 steps = 0; steps < 32 && !input.empty(); steps++) {
		const u32 what = input.take<u8>();

		if (what < 0x20) {
			GuestCpuid cpuid;
			input.fill(&cpuid, sizeof(cpuid));
			now.follow(cpuid, offered);
		} else {
			const Msr msr = static_cast<Msr>(first + what % shown_msrs);
			const Capabilities before = now;
			// A bit or two of what is shown, or anything.
			u64 value = now.get(msr);
			if (what & 0x80)
				value = input.take<u64>();
			else
				value ^= bit(input.take<u8>() & 63);
			if (now.set(msr, value, offered))
				MUST(now.get(msr) == value);
			else
				MUST(same(now, before));
		}
		inspect(now, offered);
	}
}

} // namespace fuzz
