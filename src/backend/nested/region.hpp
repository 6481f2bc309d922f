// SPDX-License-Identifier: GPL-2.0-only
#pragma once

#include "backend/vcpu/vcpu.hpp"
#include "core/vmcs12/codec.hpp"
#include "kernel/errno.hpp"

/// Regions in L1's memory, each in the layout that its first word names.
namespace backend::nested {

/// Aligned to a page, and within L1's physical addresses (SDM, "VMXON - Enter VMX Operation").
[[nodiscard]] bool is_region_address(const Vcpu &vcpu, u64 address);

/// The first word of the region. @return false if there is no memory.
[[nodiscard]] bool read_word(Vcpu &vcpu, u64 address, u32 &word);

/// A region from wherever `read(to, offset, size)` has it, each byte read once. `read` returns 0 or
/// -errno, and this one of them or -EINVAL for a revision that is not known. `word` is set unless
/// `read` failed.
template <class Read> [[nodiscard]] int fetch(u8 *region, u32 &word, Read read)
{
	constexpr u32 smallest = vmcs12::size_of(vmcs12::Revision::legacy);
	constexpr u32 largest = vmcs12::size_of(vmcs12::Revision::enlightened);

	// What lies behind the fields stays zeros.
	if (vmcs12::is_large(vmcs12::read_revision_word(region)))
		__builtin_memset(region + smallest, 0, largest - smallest);
	if (const int error = read(region, 0, smallest))
		return error;
	word = vmcs12::read_revision_word(region);
	if (!vmcs12::known_revision(word))
		return -kernel::EINVAL;
	return vmcs12::is_large(word) ? read(region + smallest, smallest, largest - smallest) : 0;
}

/// The region as it is now, read once, into `to`. @return false if there is no memory, or a
/// revision that is not known; `word` is the region's in the latter case.
[[nodiscard]] bool load(Vcpu &vcpu, u64 address, u32 &word, Vmcs12 &to);

/// Back into memory, in the layout of `word`. What userspace has taken away is lost.
void store(Vcpu &vcpu, u64 address, u32 word, const Vmcs12 &from);

/// VMCLEAR of a region that is not in use: clears its launch state.
void clear(Vcpu &vcpu, u64 address);

/// The current VMCS goes back to its region, and none is current. Nothing if none is.
void release_current(Vcpu &vcpu);

/// What has just been read is the region of the VMCS that becomes the current one.
void keep_region(Vcpu &vcpu);

} // namespace backend::nested
