// SPDX-License-Identifier: GPL-2.0-only
#pragma once

#include "core/vmcs12/layout.hpp"

/// The enlightened VMCS, version 1: a page of 1024 bytes that a Hyper-V L1 writes with plain stores
/// instead of VMWRITE (TLFS, "Enlightened VMCS").
namespace vmx::vmcs12 {

/// What in the page is no field of a VMCS: offsets in bytes.
namespace evmcs {
inline constexpr u16 clean_fields = 824, synthetic_controls = 832, enlightenments_control = 836,
		     vp_id = 840, vm_id = 848, partition_assist_page = 856;

inline constexpr u32 page_size = size_of(Layout::evmcs);

inline constexpr u32 all_clean = 0xffff;

/// Bits of the enlightenments control.
inline constexpr u32 nested_flush_hypercall = 1, enlightened_msr_bitmap = 2;

/// Bytes of the page.
struct Span {
	u16 at, size;

	[[nodiscard]] friend constexpr bool operator==(const Span &, const Span &) = default;
};

struct Spans {
	const Span *first;
	u32 count;

	[[nodiscard]] constexpr const Span *begin() const { return first; }
	[[nodiscard]] constexpr const Span *end() const { return first + count; }
};

/// What every entry looks at: fields that are never clean, and the words above.
inline constexpr Span head{812, 52};

/// What decode_evmcs() looks at beside the head: of a group, or of the whole page. No byte is in
/// two spans of one, nor in the head.
[[nodiscard]] Spans group_to_fetch(Clean group);
[[nodiscard]] Spans page_to_fetch();

/// Calls `fetch(spans)`, which says whether it could, for what decode_evmcs() is going to look at
/// beside the head. The copy may have anything elsewhere.
/// @return whether all of it is there
template <class Fetch> [[nodiscard]] bool fetch_dirty(u32 clean_fields, Fetch fetch)
{
	const u32 clean = clean_fields & all_clean;

	if (clean == all_clean)
		return true;
	if (!clean)
		return fetch(page_to_fetch());
	for (u32 dirty = clean ^ all_clean; dirty; dirty &= dirty - 1)
		if (!fetch(group_to_fetch(static_cast<Clean>(__builtin_ctz(dirty)))))
			return false;
	return fetch(group_to_fetch(Clean::all));
}

/// What encode_evmcs() puts into the page, and the clean fields.
[[nodiscard]] Spans written_on_exit();

/// Where the page has what lies at that offset of a Vmcs12, for VMREAD. @return no_slot if nowhere
[[nodiscard]] u16 slot_of_member(u16 offset);
} // namespace evmcs

/// Takes from a private copy of the page what L1 did not mark as clean, but for the exit
/// information, which is L0's to write. Members without a slot in the page stay as they are: a
/// Vmcs12 that the page is decoded into for the first time starts as zeros.
/// @param clean_fields 0 unless L1 keeps them up, as on VMRESUME.
void decode_evmcs(const u8 *page, u32 clean_fields, Vmcs12 &to);

/// Puts into the page what a VM exit writes: the exit information, the guest's state, and of the
/// VM-entry controls "IA-32e mode guest" and the event's valid bit. All else, clean fields
/// included, is L1's.
void encode_evmcs(const Vmcs12 &from, u8 *page);

} // namespace vmx::vmcs12
