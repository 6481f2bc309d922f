// SPDX-License-Identifier: GPL-2.0-only
#pragma once

#include "vmx/mask.hpp"

/// What Hyper-V tells a hypervisor that is its guest (TLFS, "Feature Discovery" of "Nested
/// Virtualization", and its CPUID leaves).
namespace vmx::hyperv {

/// Leaf 0x40000004, EAX.
using Recommendations = Mask<struct RecommendationsWord, u32>;
inline constexpr Recommendations use_enlightened_vmcs{1u << 14};

inline constexpr u32 nested_features_leaf = 0x4000000a;

/// That leaf, EAX. Bits 7:0 and 15:8 are the lowest and the highest version of the
/// enlightened VMCS.
using NestedFeatures = Mask<struct NestedFeaturesWord, u32>;
inline constexpr NestedFeatures direct_flush{1u << 17};
inline constexpr NestedFeatures guest_mapping_flush{1u << 18};
inline constexpr NestedFeatures enlightened_msr_bitmap{1u << 19};

/// EBX.
using NestedFeatures2 = Mask<struct NestedFeatures2Word, u32>;
inline constexpr NestedFeatures2 evmcs_perf_global_ctrl{1u << 0};

constexpr u32 lowest_evmcs_version(NestedFeatures word)
{
	return word.bits & 0xff;
}

constexpr u32 highest_evmcs_version(NestedFeatures word)
{
	return word.bits >> 8 & 0xff;
}

/// As a CPU reports them; zeros where the hypervisor below is not Hyper-V or its like.
struct Offer {
	Recommendations recommendations;
	NestedFeatures nested;
	NestedFeatures2 nested2;
};

} // namespace vmx::hyperv
