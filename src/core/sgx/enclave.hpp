// SPDX-License-Identifier: GPL-2.0-only
#pragma once

#include "vmx/types.hpp"

/// Software guard extensions, as far as a guest's use of them has to be watched (SDM, "Intel SGX
/// Instruction References", "SGX Resource Enumeration Leaves").
namespace vmx::sgx {

/// Of ENCLS, in EAX.
enum class Leaf : u32 { ecreate = 0, einit = 2 };

/// ECREATE to ETRACK; EAUG, EMODPR and EMODT. A bit for each, as in the ENCLS-exiting bitmap.
inline constexpr u64 sgx1_leaves = 0x1fff, sgx2_leaves = 0xe000;

constexpr u64 leaf_bit(Leaf leaf)
{
	return bit(static_cast<unsigned>(leaf));
}

/// What a guest has of it.
struct Guest {
	bool usable = false; ///< SGX1 is in its CPUID, and its firmware has enabled it
	bool sgx2 = false;
};

/// The ENCLS-exiting bitmap. ECREATE exits because what CPUID forbids the guest the CPU does not;
/// EINIT where the CPU's launch key is the host's to change; of the rest what the guest lacks. Bit
/// 63 stands for all leaves from there on.
constexpr u64 exiting_leaves(Guest guest, bool launch_key_changes)
{
	if (!guest.usable)
		return ~u64{0};
	return ~(sgx1_leaves | (guest.sgx2 ? sgx2_leaves : 0)) | leaf_bit(Leaf::ecreate) |
	       (launch_key_changes ? leaf_bit(Leaf::einit) : 0);
}

/// What ECREATE's RBX points to, 32-byte aligned. Both addresses are linear.
struct PageInfo {
	u64 linear_address; ///< must be 0
	u64 source;	    ///< a page: what becomes the SECS
	u64 security_info;
	u64 secs; ///< must be 0
};
static_assert(sizeof(PageInfo) == 32);

struct SecurityInfo {
	u64 flags;
	u64 reserved[7];
};
static_assert(sizeof(SecurityInfo) == 64);

namespace attribute {
inline constexpr u64 mode_64bit = bit(2), provision_key = bit(4);
}

/// The beginning of an enclave's control structure, which is a page.
struct Secs {
	u64 size = 0, base = 0;
	u32 ssa_frame_size = 0, miscselect = 0;
	u64 reserved[3] = {};
	u64 attributes = 0, xfrm = 0;
};
static_assert(__builtin_offsetof(Secs, miscselect) == 20 &&
	      __builtin_offsetof(Secs, attributes) == 48 && __builtin_offsetof(Secs, xfrm) == 56);

/// Sizes and alignments of operands.
inline constexpr u32 page = 4096, signature_size = 1808, token_size = 304, token_alignment = 512;

struct CpuidLeaf {
	u32 eax = 0, ebx = 0, ecx = 0, edx = 0;
};

/// What CPUID lets a guest ask for.
struct Limits {
	u32 miscselect;
	u8 size, size_64bit; ///< powers of 2, of enclaves out of 64-bit mode and in it
	u64 attributes, xfrm;

	/// Leaf 12H, subleaves 0 and 1.
	static constexpr Limits decode(const CpuidLeaf &zero, const CpuidLeaf &one)
	{
		return {.miscselect = zero.ebx,
			.size = static_cast<u8>(zero.edx),
			.size_64bit = static_cast<u8>(zero.edx >> 8),
			.attributes = one.eax | u64{one.ebx} << 32,
			.xfrm = one.ecx | u64{one.edx} << 32};
	}

	/// Everything else about a SECS is the CPU's to check. `provisioning`: userspace has shown
	/// that it may use the key of that name.
	constexpr bool allow(const Secs &secs, bool provisioning) const
	{
		const u8 log2 = secs.attributes & attribute::mode_64bit ? size_64bit : size;
		const u64 permitted =
			provisioning ? attributes : attributes & ~attribute::provision_key;

		return !(secs.miscselect & ~miscselect) && !(secs.attributes & ~permitted) &&
		       !(secs.xfrm & ~xfrm) && (log2 > 63 || secs.size <= bit(log2));
	}
};

} // namespace vmx::sgx
