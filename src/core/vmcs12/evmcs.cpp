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

} // namespace

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
