// SPDX-License-Identifier: GPL-2.0-only
// The codecs of a vmcs12 and the look-up of its fields: nothing is lost or reached beyond the end.
#include "core/check/state.hpp"
#include "core/vmcs12/codec.hpp"
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

	input.expand(region.bytes, region.size);
	std::memcpy(again.bytes, region.bytes, region.size);
	decode(revision, region.bytes, vmcs12);
	encode(revision, vmcs12, again.bytes);
	MUST(!std::memcmp(region.bytes, again.bytes, region.size));
	round_trip(Revision::legacy, vmcs12);
	round_trip(Revision::enlightened, vmcs12);
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
}

} // namespace fuzz
