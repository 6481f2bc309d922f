// SPDX-License-Identifier: GPL-2.0-only
#pragma once

#include "core/vmcs12/layout.hpp"

/// Between a region in one of the layouts and the canonical form. A region here is a private copy:
/// what L1 can still write is copied first, once.
namespace vmx::vmcs12 {

/// The revision word of a region.
[[nodiscard]] u32 read_revision_word(const u8 *region);
void write_revision_word(u8 *region, u32 word);

/// Takes every member from a region of size_of(revision) bytes, aligned or not. The revision word
/// is the caller's to look at.
void decode(Revision revision, const u8 *region, Vmcs12 &to);

/// Puts every member into a region of size_of(revision) bytes. The revision word, and what lies
/// between fields, stay as they are.
void encode(Revision revision, const Vmcs12 &from, u8 *region);

} // namespace vmx::vmcs12
