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

inline constexpr u32 all_clean = 0xffff;
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
