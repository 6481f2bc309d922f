// SPDX-License-Identifier: GPL-2.0-only
// The codecs of a vmcs12 and the look-up of its fields: nothing is lost or reached beyond the end.
#include "core/check/state.hpp"
#include "core/vmcs12/codec.hpp"
#include "core/vmcs12/evmcs.hpp"
#include "core/vmcs12/lookup.hpp"
#include "fuzz.hpp"

namespace fuzz {

namespace {

using namespace vmx::vmcs12;

/// As long as the layout is and not a byte more, so that the sanitizer sees what reaches beyond.
struct Region {
	u8 *bytes;
	u32 size;

	explicit Region(u32 size) : bytes(static_cast<u8 *>(std::calloc(1, size))), size(size) {}
	Region(const Region &) = delete;
	Region &operator=(const Region &) = delete;
	~Region() { std::free(bytes); }
};

bool same(const Vmcs12 &a, const Vmcs12 &b)
{
	for (const Row &row : rows)
		if (std::memcmp(reinterpret_cast<const u8 *>(&a) + row.member,
				reinterpret_cast<const u8 *>(&b) + row.member, row.size))
			return false;
	return true;
}

void round_trip(Revision revision, const Vmcs12 &from)
{
	const Region region(size_of(revision));
	Vmcs12 back{};

	encode(revision, from, region.bytes);
	decode(revision, region.bytes, back);
	MUST(same(from, back));
}

/// Bytes of a region that hold no field stay; the others survive being decoded and encoded.
void region_survives(Revision revision, Input &input)
{
	const Region region(size_of(revision)), again(size_of(revision));
	Vmcs12 vmcs12{};

	input.fill(region.bytes, region.size);
	std::memcpy(again.bytes, region.bytes, region.size);
	decode(revision, region.bytes, vmcs12);
	encode(revision, vmcs12, again.bytes);
	MUST(!std::memcmp(region.bytes, again.bytes, region.size));
	round_trip(Revision::legacy, vmcs12);
	round_trip(Revision::enlightened, vmcs12);
}

/// What is fetched of a page is all that is looked at.
void fetched(const Region &page, u32 clean, const Vmcs12 &before)
{
	const Region image(page.size);
	Vmcs12 from_page = before, from_image = before;
	const auto fetch = [&](evmcs::Spans spans) {
		for (const evmcs::Span &span : spans)
			std::memcpy(image.bytes + span.at, page.bytes + span.at, span.size);
	};

	fetch({&evmcs::head, 1});
	for (u32 group = 0; group <= static_cast<u32>(Clean::all); group++)
		if (!(clean >> group & 1))
			fetch(evmcs::group_to_fetch(static_cast<Clean>(group)));
	if (!(clean & evmcs::all_clean))
		fetch(evmcs::page_to_fetch());
	if ((clean & evmcs::all_clean) != evmcs::all_clean)
		fetch(evmcs::group_to_fetch(Clean::all));
	decode_evmcs(page.bytes, clean, from_page);
	decode_evmcs(image.bytes, clean, from_image);
	MUST(same(from_page, from_image));
}

/// What L1 marks as clean is not taken, and what a VM exit writes arrives.
void enlightened(Input &input)
{
	const Region page(size_of(Layout::evmcs));
	Vmcs12 whole{}, kept{};

	input.fill(page.bytes, page.size);
	const u32 clean = input.take<u32>();
	decode_evmcs(page.bytes, 0, whole);
	fetched(page, clean, whole);
	kept = whole;
	decode_evmcs(page.bytes, clean, kept);
	MUST(same(whole, kept));
	kept = {};
	decode_evmcs(page.bytes, evmcs::all_clean, kept);
	kept.guest_rip = kept.guest_cr3 = input.take<u64>();
	kept.exit_reason = input.take<u32>();
	encode_evmcs(kept, page.bytes);
	decode_evmcs(page.bytes, 0, whole);
	MUST(whole.guest_rip == kept.guest_rip && whole.guest_cr3 == kept.guest_cr3);
}

void look_up(Vmcs12 &vmcs12, Input &input)
{
	const u64 encoding = input.take<u64>(), value = input.take<u64>();
	const Place place = find(encoding);

	if (!place.exists()) {
		MUST(read(vmcs12, place) == 0);
		const Vmcs12 before = vmcs12;
		write(vmcs12, place, value);
		MUST(same(before, vmcs12));
		return;
	}
	MUST(place.offset + place.size <= sizeof(vmcs12));
	MUST(!(encoding >> 15));
	const u64 mask = place.size == 8 ? ~u64{0} : bit(8 * place.size) - 1;
	write(vmcs12, place, value);
	MUST(read(vmcs12, place) == (value & mask));
}

} // namespace

void fuzz(Input input)
{
	static Vmcs12 vmcs12;

	vmcs12 = {};
	// Numbers first, so that a short input looks something up.
	for (unsigned n = input.take<u8>() % 16; n; n--)
		look_up(vmcs12, input);
	round_trip(Revision::legacy, vmcs12);
	round_trip(Revision::enlightened, vmcs12);
	if (input.empty())
		return;
	region_survives(input.take<u8>() & 1 ? Revision::legacy : Revision::enlightened, input);
	enlightened(input);
}

} // namespace fuzz
