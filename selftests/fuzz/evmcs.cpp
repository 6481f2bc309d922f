// SPDX-License-Identifier: GPL-2.0-only
// Enlightened VMCSs as L0 takes and writes them: nothing but what L1 calls dirty counts, and
// nothing but what was fetched.
#include "core/vmcs12/evmcs.hpp"
#include "fuzz.hpp"

namespace fuzz {

namespace {

using namespace vmx::vmcs12;

/// As long as what is looked at and not a byte more, so that the sanitizer sees what reaches
/// beyond.
struct Region {
	static constexpr u32 size = evmcs::page_size;
	u8 *bytes = static_cast<u8 *>(std::calloc(1, size));

	Region() = default;
	Region(const Region &) = delete;
	Region &operator=(const Region &) = delete;
	~Region() { std::free(bytes); }
};

bool is_exit_information(const Row &row)
{
	return row.encoding == no_encoding || group_of(row.encoding) == Group::exit_info;
}

/// L0 keeps what it had of the field.
bool is_kept(const Row &row, u32 clean)
{
	if (row.evmcs == no_slot || is_exit_information(row))
		return true;
	switch (row.clean) {
	case Clean::none:
		return false;
	case Clean::all:
		return (clean & evmcs::all_clean) == evmcs::all_clean;
	default:
		return clean >> static_cast<u32>(row.clean) & 1;
	}
}

/// As L0 takes a page: what is fetched comes over what the image has from before, and nothing else
/// is looked at.
void take(const Region &page, u32 clean, const Region &image, Vmcs12 &vmcs12)
{
	const auto fetch = [&](evmcs::Spans spans) {
		for (const evmcs::Span &span : spans)
			std::memcpy(image.bytes + span.at, page.bytes + span.at, span.size);
		return true;
	};

	MUST(fetch({&evmcs::head, 1}));
	MUST(evmcs::fetch_dirty(clean, fetch));
	decode_evmcs(image.bytes, clean, vmcs12);
}

/// What a VM exit writes, and nothing else.
void leave(const Vmcs12 &vmcs12, const Region &page)
{
	const Region before;
	Vmcs12 again = vmcs12;

	std::memcpy(before.bytes, page.bytes, page.size);
	encode_evmcs(vmcs12, page.bytes);
	decode_evmcs(page.bytes, 0, again);
	const auto written = evmcs::written_on_exit();

	for (u32 at = 0; at < page.size; at++) {
		bool may_change = false;
		for (const evmcs::Span &span : written)
			may_change |= at >= span.at && at < span.at + span.size;
		MUST(may_change || before.bytes[at] == page.bytes[at]);
	}
	MUST(again.guest_rip == vmcs12.guest_rip && again.guest_cr3 == vmcs12.guest_cr3);
}

} // namespace

/// Two entries by a page, any groups of it clean at the second, and a VM exit.
void fuzz(Input input)
{
	const Region page, image;
	const u32 clean = input.take<u32>();
	Vmcs12 earlier{}, whole{};

	input.expand(image.bytes, image.size);
	input.expand(page.bytes, page.size);
	take(page, 0, image, earlier);

	Vmcs12 vmcs12 = earlier;

	input.expand(page.bytes, page.size);
	take(page, clean, image, vmcs12);
	decode_evmcs(page.bytes, 0, whole);
	for (const Row &row : rows) {
		const Vmcs12 &from = is_kept(row, clean) ? earlier : whole;

		MUST(!std::memcmp(reinterpret_cast<const u8 *>(&vmcs12) + row.member,
				  reinterpret_cast<const u8 *>(&from) + row.member, row.size));
	}
	vmcs12.guest_rip = vmcs12.guest_cr3 = input.take<u64>();
	vmcs12.exit_reason = input.take<u32>();
	leave(vmcs12, page);
}

} // namespace fuzz
