// SPDX-License-Identifier: GPL-2.0-only
#include "core/vmcs12/codec.hpp"

#include "core/vmcs12/evmcs.hpp"
#include "core/vmcs12/lookup.hpp"
#include "unit.hpp"

using namespace vmx;
using namespace vmx::vmcs12;
namespace f = vmx::field;

namespace {

/// What selftests/golden/vmcs12_fields.tsv says of a field, written without the list under test.
struct Golden {
	u32 encoding;
	u16 size, legacy, enlightened, evmcs;
	Clean clean;
};

constexpr Golden golden[] = {
#include "fields.inc"
};

constexpr u32 golden_count = sizeof(golden) / sizeof(golden[0]);

constexpr u32 row_count = sizeof(rows) / sizeof(rows[0]);

/// Number of a field's row, row_count if it has none.
constexpr u32 number_of(u32 encoding)
{
	for (u32 n = 0; n < row_count; n++)
		if (rows[n].encoding == encoding)
			return n;
	return row_count;
}

const Row *row_of(u32 encoding)
{
	const u32 number = number_of(encoding);

	return number < row_count ? &rows[number] : nullptr;
}

consteval bool rows_are_golden()
{
	for (const Golden &expected : golden) {
		const u32 number = number_of(expected.encoding);

		if (number == row_count)
			return false;
		const Row row = rows[number];
		if (row.size != expected.size || row.legacy != expected.legacy ||
		    row.enlightened != expected.enlightened || row.evmcs != expected.evmcs ||
		    row.clean != expected.clean)
			return false;
	}
	// abort_indicator and launch_state are the two that are not fields.
	return row_count == golden_count + 2;
}

static_assert(rows_are_golden());
static_assert(rows[0].encoding == no_encoding && rows[0].legacy == 4 && rows[0].enlightened == 4);
static_assert(rows[1].encoding == no_encoding && rows[1].legacy == 8 &&
	      rows[1].enlightened == 2048);
static_assert(size_of(Layout::legacy) == 998 && size_of(Layout::enlightened) == 2270 &&
	      size_of(Layout::evmcs) == 1024);

/// No two rows share a byte, in memory or in a layout; none lies on the revision word.
consteval bool rows_are_disjoint()
{
	for (const Layout layout : {Layout::legacy, Layout::enlightened, Layout::evmcs}) {
		bool taken[4096] = {true, true, true, true};
		for (const Row &row : rows) {
			if (slot(row, layout) == no_slot)
				continue;
			for (u32 n = 0; n < row.size; n++) {
				if (taken[slot(row, layout) + n])
					return false;
				taken[slot(row, layout) + n] = true;
			}
		}
	}
	return true;
}

static_assert(rows_are_disjoint());

/// Of the enlightened VMCS's words that are no fields, none is taken for one.
consteval bool leaves_out(u16 offset, u16 size)
{
	for (const Row &row : rows)
		for (const Layout layout : {Layout::enlightened, Layout::evmcs})
			if (slot(row, layout) < offset + size &&
			    slot(row, layout) + row.size > offset)
				return false;
	return true;
}

static_assert(leaves_out(evmcs::clean_fields, 4) && leaves_out(evmcs::synthetic_controls, 4) &&
	      leaves_out(evmcs::enlightenments_control, 4) && leaves_out(evmcs::vp_id, 4) &&
	      leaves_out(evmcs::vm_id, 8) && leaves_out(evmcs::partition_assist_page, 8));

/// Every member is at its natural alignment and nothing lies between them.
consteval bool members_are_dense()
{
	u32 end = 0;

	for (const Row &row : rows) {
		if (row.member != end || row.member % row.size)
			return false;
		end += row.size;
	}
	return sizeof(Vmcs12) == (end + 7) / 8 * 8;
}

static_assert(members_are_dense());

// A kernel's stack has no room for regions and Vmcs12s: the tests have them static.
using Region = u8[region_size];

/// Numbers that repeat from run to run (xorshift64*).
class Random {
public:
	u64 next()
	{
		state_ ^= state_ >> 12;
		state_ ^= state_ << 25;
		state_ ^= state_ >> 27;
		return state_ * 0x2545f4914f6cdd1d;
	}

	void fill(u8 *bytes, u32 count)
	{
		for (u32 n = 0; n < count; n++)
			bytes[n] = static_cast<u8>(next() >> 56);
	}

private:
	u64 state_ = 0x9e3779b97f4a7c15;
};

u64 bytes_at(const u8 *at, u32 size)
{
	u64 value = 0;

	for (u32 n = size; n; n--)
		value = value << 8 | at[n - 1];
	return value;
}

u64 member_of(const Vmcs12 &vmcs12, const Row &row)
{
	return bytes_at(reinterpret_cast<const u8 *>(&vmcs12) + row.member, row.size);
}

bool equal(const u8 *a, const u8 *b, u32 size)
{
	for (u32 n = 0; n < size; n++)
		if (a[n] != b[n])
			return false;
	return true;
}

/// Whether a row of the layout covers that byte.
bool is_field(Layout layout, u32 offset)
{
	for (const Row &row : rows)
		if (slot(row, layout) <= offset && offset < u32{slot(row, layout)} + row.size)
			return true;
	return false;
}

void randomize(Vmcs12 &vmcs12, Random &random)
{
	random.fill(reinterpret_cast<u8 *>(&vmcs12), rows[row_count - 1].member + 2);
}

bool same_fields(const Vmcs12 &a, const Vmcs12 &b)
{
	for (const Row &row : rows)
		if (member_of(a, row) != member_of(b, row))
			return false;
	return true;
}

struct Named {
	Revision revision;
	Layout layout;
};

constexpr Named revisions[] = {{Revision::legacy, Layout::legacy},
			       {Revision::enlightened, Layout::enlightened}};

} // namespace

TEST(revisions_are_known)
{
	EXPECT(known_revision(0x11e57ed0) && known_revision(0x11e586b1));
	EXPECT(known_revision(0x91e57ed0) && known_revision(0x91e586b1));
	for (const u32 word : {0u, 1u, 0x11e57ed1u, 0x11e57ecfu, 0x11e586b0u, 0x51e57ed0u,
			       0x80000000u, 0x80000001u, ~0u})
		EXPECT(!known_revision(word));
	EXPECT(is_shadow(0x91e57ed0) && !is_shadow(0x11e57ed0));
	EXPECT_EQ(revision_of(0x91e586b1), Revision::enlightened);
	EXPECT_EQ(revision_word(Revision::legacy, true), 0x91e57ed0u);
	EXPECT_EQ(revision_word(Revision::enlightened, false), 0x11e586b1u);
	EXPECT_EQ(vmcs12::size_of(Revision::legacy), 998u);
	EXPECT_EQ(vmcs12::size_of(Revision::enlightened), 2270u);

	u8 region[8] = {};
	write_revision_word(region, 0x91e586b1);
	EXPECT_EQ(read_revision_word(region), 0x91e586b1u);
	EXPECT(region[0] == 0xb1 && region[3] == 0x91 && region[4] == 0);
}

TEST(every_field_is_decoded_from_its_slot)
{
	static Region region;
	static Vmcs12 vmcs12;
	Random random;

	for (const auto [revision, layout] : revisions) {
		random.fill(region, sizeof(region));
		decode(revision, region, vmcs12);
		for (const Row &row : rows)
			EXPECT_EQ(member_of(vmcs12, row),
				  bytes_at(region + slot(row, layout), row.size));
	}
	// By name, so that a member cannot stand for another.
	for (u32 n = 0; n < sizeof(region); n++)
		region[n] = 0;
	region[544] = 0x12;
	region[996] = 0x34;
	region[998] = 0x56;
	region[8] = 1;
	region[4] = 2;
	decode(Revision::legacy, region, vmcs12);
	EXPECT_EQ(vmcs12.guest_rip, 0x12u);
	EXPECT_EQ(vmcs12.pml_index, 0x34u);
	EXPECT_EQ(vmcs12.launch_state, 1u);
	EXPECT_EQ(vmcs12.abort_indicator, 2u);
}

TEST(encoding_touches_fields_alone)
{
	static Region region, before;
	static Vmcs12 vmcs12;
	Random random;

	for (const auto [revision, layout] : revisions) {
		randomize(vmcs12, random);
		random.fill(before, sizeof(before));
		for (u32 n = 0; n < sizeof(region); n++)
			region[n] = before[n];
		encode(revision, vmcs12, region);
		for (const Row &row : rows)
			EXPECT_EQ(bytes_at(region + slot(row, layout), row.size),
				  member_of(vmcs12, row));
		for (u32 n = 0; n < sizeof(region); n++)
			if (!is_field(layout, n) && region[n] != before[n])
				EXPECT_EQ(n, region_size);
	}
}

TEST(round_trips_lose_nothing)
{
	static Region legacy, enlightened, again;
	static Vmcs12 vmcs12, other;
	Random random;

	for (unsigned round = 0; round < 100; round++) {
		random.fill(legacy, sizeof(legacy));
		for (u32 n = 0; n < sizeof(again); n++)
			again[n] = legacy[n];

		decode(Revision::legacy, legacy, vmcs12);
		encode(Revision::legacy, vmcs12, again);
		EXPECT(equal(legacy, again, sizeof(again)));

		encode(Revision::enlightened, vmcs12, enlightened);
		decode(Revision::enlightened, enlightened, other);
		EXPECT(same_fields(vmcs12, other));
		for (const Row &row : rows)
			for (u32 n = 0; n < row.size; n++)
				again[row.legacy + n] = static_cast<u8>(~legacy[row.legacy + n]);
		encode(Revision::legacy, other, again);
		EXPECT(equal(legacy, again, sizeof(again)));
	}
}

TEST(a_region_may_lie_anywhere)
{
	static u8 buffer[2270 + 8];
	static Vmcs12 vmcs12, other;
	Random random;

	for (u32 shift = 0; shift < 8; shift++) {
		randomize(vmcs12, random);
		encode(Revision::enlightened, vmcs12, buffer + shift);
		decode(Revision::enlightened, buffer + shift, other);
		EXPECT(same_fields(vmcs12, other));
	}
}

TEST(the_codec_stays_within_the_size)
{
	// The address sanitizer watches the ends.
	static u8 legacy[998], enlightened[2270], page[1024];
	static Vmcs12 vmcs12;

	decode(Revision::legacy, legacy, vmcs12);
	encode(Revision::legacy, vmcs12, legacy);
	decode(Revision::enlightened, enlightened, vmcs12);
	encode(Revision::enlightened, vmcs12, enlightened);
	decode_evmcs(page, 0, vmcs12);
	encode_evmcs(vmcs12, page);
	EXPECT_EQ(vmcs12.guest_rip, 0u);
}

SUITE(vmcs12_codec, revisions_are_known, every_field_is_decoded_from_its_slot,
      encoding_touches_fields_alone, round_trips_lose_nothing, a_region_may_lie_anywhere,
      the_codec_stays_within_the_size);

TEST(clean_groups_are_left_alone)
{
	static Region page;
	static Vmcs12 vmcs12, before;
	Random random;

	random.fill(page, sizeof(page));
	for (u32 kept = 0; kept < 16; kept++) {
		for (const bool one_is_clean : {true, false}) {
			randomize(before, random);
			vmcs12 = before;
			// Bits above the groups mean nothing.
			const u32 clean = (one_is_clean ? 1u << kept : 0xffff & ~(1u << kept)) |
					  static_cast<u32>(random.next()) << 16;
			decode_evmcs(page, clean, vmcs12);
			for (const Row &row : rows) {
				const bool exit_information =
					row.encoding == no_encoding ||
					group_of(row.encoding) == Group::exit_info;
				const bool is_clean = row.clean < Clean::all &&
						      clean >> static_cast<u32>(row.clean) & 1;
				const bool taken = row.clean != Clean::absent &&
						   !exit_information && !is_clean;
				EXPECT_EQ(member_of(vmcs12, row),
					  taken ? bytes_at(page + row.evmcs, row.size)
						: member_of(before, row));
			}
		}
	}
}

TEST(all_clean_leaves_what_is_never_clean)
{
	static Region page;
	static Vmcs12 vmcs12, before;
	Random random;

	randomize(before, random);
	vmcs12 = before;
	random.fill(page, sizeof(page));
	decode_evmcs(page, evmcs::all_clean, vmcs12);
	for (const Row &row : rows) {
		const bool taken = row.encoding == f::guest_rip.encoding ||
				   row.encoding == f::tpr_threshold.encoding;
		EXPECT_EQ(member_of(vmcs12, row),
			  taken ? bytes_at(page + row.evmcs, row.size) : member_of(before, row));
	}
}

TEST(an_exit_writes_its_own_fields)
{
	static Region page, before;
	static Vmcs12 vmcs12;
	static bool written[1024];
	Random random;

	randomize(vmcs12, random);
	random.fill(before, sizeof(before));
	for (u32 n = 0; n < sizeof(page); n++)
		page[n] = before[n];
	encode_evmcs(vmcs12, page);
	for (const Row &row : rows) {
		if (row.evmcs == no_slot)
			continue;
		const bool guest = row.encoding != no_encoding &&
				   group_of(row.encoding) == Group::guest &&
				   row.encoding != f::vmcs_link_pointer.encoding;
		const bool exit_information =
			row.encoding == no_encoding || group_of(row.encoding) == Group::exit_info;
		const bool event = row.encoding == f::entry_controls.encoding ||
				   row.encoding == f::entry_interruption_info.encoding;
		if (!guest && !exit_information && !event)
			continue;
		EXPECT_EQ(bytes_at(page + row.evmcs, row.size), member_of(vmcs12, row));
		for (u32 n = 0; n < row.size; n++)
			written[row.evmcs + n] = true;
	}
	for (u32 n = 0; n < sizeof(page); n++)
		if ((n >= 1024 || !written[n]) && page[n] != before[n])
			EXPECT_EQ(n, region_size);
}

/// Takes spans of a page into an image of it. @return false if a byte was there already
bool fetch(u8 *image, const u8 *page, evmcs::Spans spans, bool (&fetched)[1024])
{
	for (const evmcs::Span &span : spans)
		for (u32 n = span.at; n < u32{span.at} + span.size; n++) {
			if (n >= 1024 || fetched[n])
				return false;
			fetched[n] = true;
			image[n] = page[n];
		}
	return true;
}

TEST(what_is_fetched_is_enough_and_fetched_once)
{
	static Region page, image;
	static Vmcs12 from_page, from_image;
	static bool fetched[1024], by_group[1024];
	Random random;

	for (u32 n = 0; n < 64; n++) {
		const u32 clean = n ? static_cast<u32>(random.next()) & evmcs::all_clean : 0;

		__builtin_memset(fetched, 0, sizeof(fetched));
		random.fill(page, sizeof(page));
		random.fill(image, sizeof(image));
		randomize(from_page, random);
		from_image = from_page;
		EXPECT(fetch(image, page, {&evmcs::head, 1}, fetched));
		if (!clean)
			EXPECT(fetch(image, page, evmcs::page_to_fetch(), fetched));
		for (u32 group = 0; clean && group <= static_cast<u32>(Clean::all); group++) {
			if (group < static_cast<u32>(Clean::all) && clean >> group & 1)
				continue;
			const evmcs::Spans spans = evmcs::group_to_fetch(static_cast<Clean>(group));
			// What lies between fields may come with those on either side.
			__builtin_memset(by_group, 0, sizeof(by_group));
			EXPECT(fetch(image, page, spans, by_group));
			for (const Row &row : rows)
				for (u32 at = 0; row.evmcs != no_slot && at < row.size; at++)
					if (static_cast<u32>(row.clean) == group)
						EXPECT(by_group[row.evmcs + at] ||
						       group_of(row.encoding) == Group::exit_info ||
						       fetched[row.evmcs + at]);
		}
		decode_evmcs(page, clean, from_page);
		decode_evmcs(image, clean, from_image);
		for (const Row &row : rows)
			EXPECT_EQ(member_of(from_image, row), member_of(from_page, row));
		// And all that is chosen by the clean fields.
		random.fill(image, sizeof(image));
		const auto take = [&](evmcs::Spans spans) {
			__builtin_memset(by_group, 0, sizeof(by_group));
			return fetch(image, page, spans, by_group);
		};
		EXPECT(take({&evmcs::head, 1}) && evmcs::fetch_dirty(clean, take));
		decode_evmcs(image, clean, from_image);
		for (const Row &row : rows)
			EXPECT_EQ(member_of(from_image, row), member_of(from_page, row));
	}
	u32 fetches = 0;
	EXPECT(evmcs::fetch_dirty(evmcs::all_clean, [&](evmcs::Spans) { return !++fetches; }));
	EXPECT_EQ(fetches, 0u);
	for (const u32 clean : {0u, evmcs::all_clean & ~u32{1}})
		EXPECT(!evmcs::fetch_dirty(clean, [](evmcs::Spans) { return false; }));
	EXPECT_EQ(evmcs::group_to_fetch(Clean::none).count, 0u);
	EXPECT_EQ(evmcs::group_to_fetch(Clean::absent).count, 0u);
}

TEST(spans_of_an_exit_are_what_it_writes)
{
	static Region before, after;
	static Vmcs12 vmcs12;
	static bool spanned[1024];

	__builtin_memset(spanned, 0, sizeof(spanned));
	for (u32 n = 0; n < sizeof(before); n++)
		before[n] = after[n] = 0;
	__builtin_memset(&vmcs12, 0xff, sizeof(vmcs12));
	encode_evmcs(vmcs12, after);
	__builtin_memset(after + evmcs::clean_fields, 0xff, sizeof(u32));
	for (const evmcs::Span &span : evmcs::written_on_exit())
		for (u32 n = span.at; n < u32{span.at} + span.size; n++)
			spanned[n] = true;
	for (u32 n = 0; n < 1024; n++)
		EXPECT_EQ(spanned[n], after[n] != before[n]);
}

TEST(members_have_their_slots)
{
	for (const Row &row : rows)
		for (u32 n = 0; n < row.size; n += 2)
			EXPECT_EQ(evmcs::slot_of_member(static_cast<u16>(row.member + n)),
				  row.evmcs == no_slot ? no_slot : row.evmcs + n);
	EXPECT_EQ(evmcs::slot_of_member(sizeof(Vmcs12)), no_slot);
	EXPECT_EQ(evmcs::slot_of_member(0xffff), no_slot);
}

SUITE(vmcs12_evmcs, clean_groups_are_left_alone, all_clean_leaves_what_is_never_clean,
      an_exit_writes_its_own_fields, what_is_fetched_is_enough_and_fetched_once,
      spans_of_an_exit_are_what_it_writes, members_have_their_slots);

TEST(every_encoding_finds_its_field_or_none)
{
	u32 found = 0;

	// Bits 14:0 are all that an encoding has; above, nothing exists.
	for (u64 encoding = 0; encoding < 0x10000; encoding++) {
		const bool high = encoding & 1;
		const Row *row = row_of(static_cast<u32>(encoding & ~u64{1}));
		const bool exists = row && (!high || row->size == 8) &&
				    (!high || width_of(row->encoding) == Width::quad);
		const Place place = find(encoding);

		if (place.exists() != exists)
			EXPECT_EQ(encoding, u64{0x10000});
		if (!place.exists() || !exists)
			continue;
		found++;
		EXPECT_EQ(place.offset, row->member + (high ? 4 : 0));
		EXPECT_EQ(place.size, high ? 4 : row->size);
		EXPECT_EQ(place.read_only, group_of(row->encoding) == Group::exit_info);
	}
	// Each field, and the upper half of those of 64 bits.
	u32 quads = 0;
	for (const Golden &field : golden)
		quads += width_of(field.encoding) == Width::quad;
	EXPECT_EQ(found, golden_count + quads);
}

TEST(numbers_beyond_encodings_find_nothing)
{
	for (const Golden &field : golden)
		for (u32 n = 0; n < 64; n++)
			if (n > 14 || n == 12)
				EXPECT(!find(field.encoding | bit(n)).exists());
	Random random;
	for (u32 n = 0; n < 100000; n++) {
		const u64 number = random.next();
		EXPECT_EQ(find(number).exists(), number < 0x8000 && find(number & 0x7fff).exists());
	}
	EXPECT(!find(~u64{0}).exists() && !find(u64{1} << 63).exists());
}

TEST(reads_and_writes_by_encoding)
{
	static Vmcs12 vmcs12, before;
	Random random;

	randomize(vmcs12, random);
	for (const Golden &field : golden) {
		const Row &row = *row_of(field.encoding);
		const Place place = find(field.encoding);
		const u64 value = random.next();
		const u64 kept = field.size == 8 ? value : value & (bit(8 * field.size) - 1);

		before = vmcs12;
		EXPECT_EQ(read(vmcs12, place), member_of(vmcs12, row));
		write(vmcs12, place, value);
		EXPECT_EQ(read(vmcs12, place), kept);
		EXPECT_EQ(member_of(vmcs12, row), kept);
		for (const Row &other : rows)
			if (&other != &row)
				EXPECT_EQ(member_of(vmcs12, other), member_of(before, other));
	}
}

TEST(halves_of_quads)
{
	static Vmcs12 vmcs12;

	vmcs12.tsc_offset = 0x1122334455667788;
	EXPECT_EQ(read(vmcs12, find(0x2011)), 0x11223344u);
	EXPECT_EQ(read(vmcs12, find(0x2010)), 0x1122334455667788u);
	write(vmcs12, find(0x2011), 0xaabbccddeeff0011);
	EXPECT_EQ(vmcs12.tsc_offset, 0xeeff001155667788u);
	write(vmcs12, find(0x2010), 0x99);
	EXPECT_EQ(vmcs12.tsc_offset, 0x99u);
	// The exit information has one field of 64 bits.
	EXPECT(find(0x2401).read_only && find(0x2400).read_only);
	// Natural width has no halves.
	EXPECT(!find(0x681f).exists() && find(0x681e).exists());
}

TEST(a_missing_field_reads_zero_and_is_not_written)
{
	static Vmcs12 vmcs12, before;
	Random random;
	const Place nothing = find(0x6008); // CR3-target value 0

	randomize(before, random);
	vmcs12 = before;
	EXPECT(!nothing.exists());
	EXPECT_EQ(read(vmcs12, nothing), 0u);
	write(vmcs12, nothing, ~u64{0});
	EXPECT(same_fields(vmcs12, before));
}

TEST(the_highest_index)
{
	u32 highest = 0;

	for (const Golden &field : golden)
		if ((field.encoding >> 1 & 0x1ff) > highest)
			highest = field.encoding >> 1 & 0x1ff;
	EXPECT_EQ(vmcs12::highest_index(), highest);
	EXPECT_EQ(vmcs12::vmcs_enum, 0x32u);
}

SUITE(vmcs12_lookup, every_encoding_finds_its_field_or_none, numbers_beyond_encodings_find_nothing,
      reads_and_writes_by_encoding, halves_of_quads, a_missing_field_reads_zero_and_is_not_written,
      the_highest_index);
