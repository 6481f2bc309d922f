// SPDX-License-Identifier: GPL-2.0-only
// VM entry's checks: no state makes them stumble, and the straight code that passes an entry agrees
// with the rows that name what fails.
#include "check_states.hpp"
#include "core/check/msr_list.hpp"
#include "fuzz.hpp"

namespace fuzz {

namespace {

using namespace vmx::check;

State start(Input &input)
{
	constexpr State (*states[])() = {
		unit::long_mode,  unit::protected_mode, unit::virtual_8086,  unit::real_mode,
		unit::host_32bit, unit::tpr_shadow,	unit::shadow_paging, unit::linked};
	State s = states[input.take<u8>() % 8]();
	const u32 now = input.take<u32>();

	s.now = {.vmlaunch = !(now & 1),
		 .launched = (now & 2) != 0,
		 .shadow = (now & 4) != 0,
		 .mov_ss = (now & 8) != 0,
		 .ia32e = s.now.ia32e != ((now & 16) != 0),
		 .smm = (now & 32) != 0,
		 .tracing = (now & 64) != 0,
		 .has_virtual_tpr = (now & 128) != 0,
		 .virtual_tpr = now,
		 .has_link_header = s.now.has_link_header,
		 .link_header = s.now.link_header,
		 .has_pdptes = (now & 256) != 0,
		 .current_vmcs = 0x8000,
		 .executive_vmcs = 0xa000};
	return s;
}

/// Everything before `now` is numbers.
constexpr u32 numbers = offsetof(State, now);

/// Writes or flips some bits somewhere.
void change(State &s, Input &input)
{
	const u32 place = input.take<u16>() % (numbers / 2) * 2, how = input.take<u8>();
	const u32 size = 2U << how % 3;
	const u64 value = how & 0x80 ? bit(input.take<u8>() & 63) : input.take<u64>();
	u8 *const bytes = reinterpret_cast<u8 *>(&s) + place;
	u64 old = 0;

	if (place + size > numbers)
		return;
	std::memcpy(&old, bytes, size);
	old = how & 0x80 ? old ^ value : value;
	std::memcpy(bytes, &old, size);
}

Limits limits_of(Input &input)
{
	Limits l = unit::limits;
	const u32 choice = input.take<u8>();

	l.physical_bits = static_cast<u8>(32 + choice % 21);
	l.linear_bits = choice & 32 ? 57 : 48;
	l.rtm = choice & 64;
	l.sgx = l.bus_lock_detect = l.sti_blocks_nmi = choice & 128;
	if (choice & 1)
		return l;
	l.pin.allowed1 = {input.take<u32>()};
	l.primary.allowed1 = {input.take<u32>()};
	l.secondary.allowed1 = {input.take<u32>()};
	l.exit.allowed1 = {input.take<u32>()};
	l.entry.allowed1 = {input.take<u32>()};
	l.ept_vpid = {input.take<u64>()};
	l.misc = {input.take<u64>()};
	l.basic = {input.take<u64>()};
	return l;
}

Failure first_of(Area area, const State &s, const Limits &l)
{
	switch (area) {
	case Area::basic:
		return check_area<Area::basic>(s, l);
	case Area::controls:
		return check_area<Area::controls>(s, l);
	case Area::host:
		return check_area<Area::host>(s, l);
	case Area::guest:
		break;
	}
	return check_area<Area::guest>(s, l);
}

void compare(const State &s, const Limits &l)
{
	Failure first{};

	for (const Area area : unit::areas) {
		Failure of_area{};

		find_violations(area, s, l, [&](const Check &check) {
			if (!of_area)
				of_area = {.check = &check, .area = area};
		});
		const Failure found = first_of(area, s, l);
		MUST(found.check == of_area.check && found.verdict() == of_area.verdict());
		if (!first)
			first = of_area;
	}
	const Failure found = check_entry(s, l);
	MUST(found.check == first.check && found.verdict() == first.verdict());
	MUST(!!found == (found.verdict().kind != Verdict::Kind::enters));
	for_each_group([&](const Checks &checks) { MUST(checks.count); });
}

void compare_msr(Input &input)
{
	const MsrEntry entry = {input.take<u32>(), input.take<u8>() & 1U, input.take<u64>()};

	for (const MsrList list : {MsrList::entry_load, MsrList::exit_store, MsrList::exit_load})
		for (const bool smm : {false, true}) {
			const MsrCheck *first = nullptr;

			for (const MsrCheck &check : msr_checks(list))
				if (!first && !check.holds(entry, smm))
					first = &check;
			MUST(check_msr(list, entry, smm) == first);
		}
}

} // namespace

void fuzz(Input input)
{
	compare_msr(input);
	const Limits l = limits_of(input);
	State s = start(input);

	compare(s, l);
	for (u32 changes = 0; changes < 16 && !input.empty(); changes++) {
		change(s, input);
		compare(s, l);
	}
}

} // namespace fuzz
