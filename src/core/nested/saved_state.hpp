// SPDX-License-Identifier: GPL-2.0-only
#pragma once

#include "core/vmcs12/codec.hpp"

/// What KVM_SET_NESTED_STATE brings (KVM ABI, struct kvm_nested_state): a header, an image of the
/// current VMCS, one of the shadow VMCS that L2 uses. The bytes come from userspace and are a copy
/// here: nobody changes them while they are looked at.
namespace vmx::nested {

inline constexpr u32 image_size = vmcs12::region_size;
inline constexpr u64 no_pointer = ~u64{0};

/// The header as it is laid out in the ABI, of VMX.
struct SavedHeader {
	u16 flags, format;
	u32 size; ///< of all of it, in bytes
	u64 vmxon_pointer, vmcs_pointer;
	u16 smm_flags, pad;
	u32 vmx_flags;
	u64 timer_deadline;
	u8 unused[88];
};
static_assert(sizeof(SavedHeader) == 128);

enum SavedFlag : u16 {
	saved_guest_mode = 1,
	saved_run_pending = 2,
	saved_evmcs = 4,
	saved_mtf_pending = 8,
};
enum SavedSmmFlag : u16 { saved_smm_guest_mode = 1, saved_smm_vmx_on = 2 };
enum SavedVmxFlag : u32 { saved_timer_deadline = 1 };
inline constexpr u16 saved_format_vmx = 0;

/// The vCPU that is to take it.
struct Receiver {
	bool offers_vmx; ///< its CPUID
	bool in_smm;
	bool evmcs;	  ///< enlightened VMCSs are enabled
	u8 physical_bits; ///< of L1's addresses
};

/// What an accepted header says.
struct SavedState {
	bool vmx_on; ///< else the vCPU is to be outside of VMX operation, and the rest is zeros
	bool in_smm; ///< it is in SMM, where VMX operation waits for RSM
	bool smm_guest_mode; ///< and L2
	bool guest_mode, run_pending, mtf_pending;
	bool has_deadline;
	bool has_image; ///< of a VMCS: the current one, or
	bool evmcs;	///< an enlightened one, whose address is in L1's memory
	u64 vmxon_pointer;
	u64 vmcs_pointer; ///< of the current VMCS, or no_pointer
	u64 timer_deadline;

	bool operator==(const SavedState &) const = default;
};

/// Aligned to a page, and within L1's physical addresses (SDM, "VMXON - Enter VMX Operation").
[[nodiscard]] constexpr bool is_region_address(u64 address, u8 physical_bits)
{
	return !(address & 0xfff) && !(address >> physical_bits);
}

/// @return false if the vCPU cannot take it: -EINVAL.
[[nodiscard]] bool accept_header(const SavedHeader &header, const Receiver &receiver,
				 SavedState &state);

/// Whether that many images fit into the size that the header names.
[[nodiscard]] constexpr bool has_images(const SavedHeader &header, u32 count)
{
	return header.size >= sizeof(header) + count * image_size;
}

/// @param image image_size bytes. @return false if the revision is not known: -EINVAL.
[[nodiscard]] bool accept_image(const u8 *image, u32 &word, Vmcs12 &vmcs12);

/// Whether L2 with that VMCS uses a shadow VMCS, whose image has to follow.
[[nodiscard]] bool uses_shadow(const Vmcs12 &vmcs12);

/// As accept_image(), for that one.
[[nodiscard]] bool accept_shadow(const u8 *image, u32 &word, Vmcs12 &shadow);

} // namespace vmx::nested
