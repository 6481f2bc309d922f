// SPDX-License-Identifier: GPL-2.0-only
#pragma once

#include "vmx/arch.hpp"
#include "vmx/field.hpp"
#include "vmx/fields.hpp"

/// Which segment registers a VM entry takes on a CPU without unrestricted guest. Real CPUs run with
/// others, between two instructions that switch modes and in "big" real mode; a hypervisor has to
/// emulate there.
namespace vmx::check {

struct SegmentState {
	u64 base;
	u32 limit;  ///< bytes, the last that is valid
	u32 rights; ///< as in the VMCS (SDM, "Format of Access Rights")
	u16 selector;
};

/// Indexed by field::Segment.
using SegmentStates = SegmentState[8];

inline constexpr u32 virtual_8086_rights = 0xf3;
inline constexpr u32 virtual_8086_limit = 0xffff;

/// Whether code of real mode can run as a virtual-8086 task, which has the same bases and limits or
/// none (SDM, "Checks on Guest Segment Registers"). TR and LDTR are not looked at, nor access
/// rights, which are the hypervisor's there.
bool runs_as_virtual_8086(const SegmentStates &segments);

/// The checks on segments of a virtual-8086 task.
bool virtual_8086_enterable(const SegmentStates &segments);

/// The checks on segments of a guest in protected mode that is no virtual-8086 task, without
/// unrestricted guest.
bool segments_enterable(const SegmentStates &segments, bool ia32e);

} // namespace vmx::check
