// SPDX-License-Identifier: GPL-2.0-only
#include "page.hpp"

#include <cstdio>
#include <cstring>

#include "core/vmcs12/lookup.hpp"

namespace differential {

using vmcs12::Clean;

namespace {

constexpr u16 no_slot = vmcs12::no_slot;

/// A field as selftests/golden has it.
struct Golden {
	u32 encoding;
	u16 size, legacy, enlightened, slot;
	Clean clean;

	[[nodiscard]] bool in_page() const { return slot != no_slot; }
	[[nodiscard]] bool is_exit_information() const
	{
		return group_of(encoding) == Group::exit_info;
	}
	/// TLFS: L0 writes L2's state, and of the controls what an exit changes.
	[[nodiscard]] bool is_written_on_exit() const
	{
		if (encoding == field::vmcs_link_pointer.encoding)
			return false;
		return is_exit_information() || group_of(encoding) == Group::guest ||
		       encoding == field::entry_controls.encoding ||
		       encoding == field::entry_interruption_info.encoding;
	}
	[[nodiscard]] u64 cut(u64 value) const
	{
		return size == 8 ? value : value & (bit(8 * size) - 1);
	}
};

const Golden golden[] = {
#include "fields.inc"
};

u64 value_of(const VmcsSource &fields, const Golden &row)
{
	u64 value = 0;

	(void)fields.read(row.encoding, value);
	return row.cut(value);
}

u64 read_slot(const u8 *page, const Golden &row)
{
	u64 value = 0;

	std::memcpy(&value, page + row.slot, row.size);
	return value;
}

/// L0 goes on with what it had.
bool is_kept(const Golden &row, u32 clean)
{
	switch (row.clean) {
	case Clean::none:
		return false;
	case Clean::all:
		return (clean & vmcs12::evmcs::all_clean) == vmcs12::evmcs::all_clean;
	default:
		return clean >> static_cast<u32>(row.clean) & 1;
	}
}

u64 read_member(const Vmcs12 &vmcs12, const Golden &row)
{
	return vmcs12::read(vmcs12, vmcs12::find(row.encoding));
}

std::string line(const char *what, const Golden &row, u64 expected, u64 found)
{
	char text[160];

	std::snprintf(text, sizeof(text), "%s, field %#x: expected %#llx, found %#llx", what,
		      row.encoding, static_cast<unsigned long long>(expected),
		      static_cast<unsigned long long>(found));
	return text;
}

} // namespace

Page::Page(const VmcsSource &fields, u64 (*random)()) : random_(random)
{
	for (u8 *bytes : {page_, image_})
		for (u32 at = 0; at < sizeof(page_); at += sizeof(u64)) {
			const u64 word = random_();
			std::memcpy(bytes + at, &word, sizeof(word));
		}
	for (const Golden &row : golden)
		if (row.in_page())
			fields_.push_back({row.encoding, 0, !row.is_exit_information()});
	take(fields, 0);
}

void Page::take(const VmcsSource &fields, u32 clean)
{
	auto *field = fields_.data();

	for (const Golden &row : golden) {
		if (!row.in_page())
			continue;
		// Exit information is L0's own, whatever the page has.
		const u64 value =
			row.is_exit_information() ? row.cut(random_()) : value_of(fields, row);

		std::memcpy(page_ + row.slot, &value, row.size);
		if (field->is_of_l1 && !is_kept(row, clean))
			field->value = value;
		field++;
	}
	const auto fetch = [&](vmcs12::evmcs::Spans spans) {
		for (const vmcs12::evmcs::Span &span : spans)
			std::memcpy(image_ + span.at, page_ + span.at, span.size);
		return true;
	};

	if (!fetch({&vmcs12::evmcs::head, 1}) || !vmcs12::evmcs::fetch_dirty(clean, fetch))
		lost_.push_back("not all of the page was fetched");
	vmcs12::decode_evmcs(image_, clean, vmcs12_);
	expect_taken();
}

void Page::expect_taken()
{
	const auto *field = fields_.data();

	for (const Golden &row : golden) {
		const u64 found = read_member(vmcs12_, row);
		const u64 expected = row.in_page() ? (field++)->value : 0;

		if (found != expected)
			lost_.push_back(line("taken", row, expected, found));
	}
}

void Page::exit(const VmcsSource &after)
{
	u8 before[sizeof(page_)];
	auto *field = fields_.data();

	std::memcpy(before, page_, sizeof(page_));
	for (const Golden &row : golden) {
		if (!row.in_page())
			continue;
		if (row.is_written_on_exit()) {
			field->value = row.is_exit_information() ? row.cut(random_())
								 : value_of(after, row);
			vmcs12::write(vmcs12_, vmcs12::find(row.encoding), field->value);
		}
		field++;
	}
	vmcs12::encode_evmcs(vmcs12_, page_);
	field = fields_.data();
	for (const Golden &row : golden) {
		if (!row.in_page())
			continue;
		const u64 found = read_slot(page_, row);
		const u64 expected =
			row.is_written_on_exit() ? field->value : read_slot(before, row);

		if (found != expected)
			lost_.push_back(line("written", row, expected, found));
		field++;
	}
}

void Page::enter(const VmcsSource &fields, u32 clean)
{
	take(fields, clean);
}

check::State Page::state() const
{
	check::State state{};

	check::read_controls(vmcs12_, state);
	check::read_host(vmcs12_, state);
	check::read_guest(vmcs12_, state);
	return state;
}

} // namespace differential
