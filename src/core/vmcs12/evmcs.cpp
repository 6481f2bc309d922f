// SPDX-License-Identifier: GPL-2.0-only
#include "core/vmcs12/evmcs.hpp"

#include "core/vmcs12/copy.hpp"

namespace vmx::vmcs12 {

namespace {

constexpr bool is_exit_information(const Row &row)
{
	return row.encoding == no_encoding || group_of(row.encoding) == Group::exit_info;
}

constexpr bool is_written_on_exit(const Row &row)
{
	if (row.encoding == field::vmcs_link_pointer.encoding)
		return false;
	return is_exit_information(row) || group_of(row.encoding) == Group::guest ||
	       row.encoding == field::entry_controls.encoding ||
	       row.encoding == field::entry_interruption_info.encoding;
}

template <Clean clean> constexpr Runs<Layout::evmcs> group{
	[](const Row &row) { return row.clean == clean && !is_exit_information(row); }};

constexpr Runs<Layout::evmcs> written_on_exit{is_written_on_exit};

/// The groups that have a bit of their own, in its order.
template <u32... N> [[gnu::always_inline]] inline void
load_dirty_groups(Vmcs12 &to, const u8 *page, u32 clean_fields, std::integer_sequence<u32, N...>)
{
	const auto load_group = [&]<u32 bit>(std::integral_constant<u32, bit>) {
		if (!(clean_fields >> bit & 1))
			load<group<static_cast<Clean>(bit)>>(to, page);
	};

	(load_group(std::integral_constant<u32, N>{}), ...);
}

/// Up to that many bytes between fields are fetched with them: cheaper than a span of their own.
constexpr u32 bridged = 16;

struct SpanTable {
	evmcs::Span spans[64]{};
	u32 count = 0;

	[[nodiscard]] constexpr evmcs::Spans view() const { return {spans, count}; }
};

struct Bytes {
	bool wanted[evmcs::page_size]{};

	consteval void add(u32 at, u32 size)
	{
		for (u32 n = 0; n < size; n++)
			wanted[at + n] = true;
	}

	consteval void bridge()
	{
		for (u32 at = 1, end = 0; at < evmcs::page_size; at++) {
			if (!wanted[at])
				continue;
			if (end && at - end <= bridged)
				add(end, at - end);
			end = at + 1;
		}
	}

	[[nodiscard]] consteval SpanTable spans() const
	{
		SpanTable table;

		for (u32 at = 0; at < evmcs::page_size; at++) {
			if (!wanted[at])
				continue;
			if (!at || !wanted[at - 1])
				table.spans[table.count++].at = static_cast<u16>(at);
			table.spans[table.count - 1].size++;
		}
		return table;
	}
};

template <class Wanted> consteval SpanTable to_fetch(Wanted wanted)
{
	Bytes bytes;

	for (const Row &row : rows)
		if (row.evmcs != no_slot && !is_exit_information(row) && wanted(row))
			bytes.add(row.evmcs, row.size);
	bytes.bridge();
	for (u32 n = 0; n < evmcs::head.size; n++)
		bytes.wanted[evmcs::head.at + n] = false;
	return bytes.spans();
}

constexpr u32 group_count = static_cast<u32>(Clean::all) + 1;

struct GroupTables {
	SpanTable of[group_count];

	consteval GroupTables()
	{
		for (u32 n = 0; n < group_count; n++)
			of[n] = to_fetch(
				[n](const Row &row) { return row.clean == static_cast<Clean>(n); });
	}
};

constexpr GroupTables group_tables;
constexpr SpanTable page_table = to_fetch([](const Row &) { return true; });

consteval SpanTable find_written_on_exit()
{
	Bytes bytes;

	for (const Row &row : rows)
		if (row.evmcs != no_slot && is_written_on_exit(row))
			bytes.add(row.evmcs, row.size);
	bytes.add(evmcs::clean_fields, sizeof(u32));
	return bytes.spans();
}

constexpr SpanTable exit_table = find_written_on_exit();

struct MemberTable {
	u16 slot[sizeof(Vmcs12) / 2];

	consteval MemberTable()
	{
		for (u16 &one : slot)
			one = no_slot;
		for (const Row &row : rows)
			for (u32 n = 0; row.evmcs != no_slot && n < row.size; n += 2)
				slot[(row.member + n) / 2] = static_cast<u16>(row.evmcs + n);
	}
};

constexpr MemberTable member_table;

} // namespace

namespace evmcs {

Spans group_to_fetch(Clean group)
{
	const u32 number = static_cast<u32>(group);

	return number < group_count ? group_tables.of[number].view() : Spans{};
}

Spans page_to_fetch()
{
	return page_table.view();
}

Spans written_on_exit()
{
	return exit_table.view();
}

u16 slot_of_member(u16 offset)
{
	return offset < sizeof(Vmcs12) ? member_table.slot[offset / 2] : no_slot;
}

} // namespace evmcs

void decode_evmcs(const u8 *page, u32 clean_fields, Vmcs12 &to)
{
	load<group<Clean::none>>(to, page);
	if ((clean_fields & evmcs::all_clean) == evmcs::all_clean)
		return;
	load<group<Clean::all>>(to, page);
	load_dirty_groups(
		to, page, clean_fields,
		std::make_integer_sequence<u32, static_cast<u32>(Clean::enlightenments_control)>{});
}

void encode_evmcs(const Vmcs12 &from, u8 *page)
{
	store<written_on_exit>(from, page);
}

} // namespace vmx::vmcs12
