// SPDX-License-Identifier: GPL-2.0-only
#pragma once

#include "vmx/mask.hpp"

/// What CPUID says of a CPU, as far as the choice of VMX controls depends on it.
namespace vmx {

/// Family, model and stepping as CPUID leaf 1 reports them in EAX (SDM, "CPUID", "Version
/// Information Returned by CPUID in EAX").
struct CpuSignature {
	u32 family;
	u32 model;
	u32 stepping;

	static constexpr CpuSignature decode(u32 eax)
	{
		const u32 family = eax >> 8 & 0xf;
		const u32 model = eax >> 4 & 0xf;
		const u32 extended_model = eax >> 16 & 0xf;
		const bool has_extended_model = family == 6 || family == 15;

		return {.family = family == 15 ? family + (eax >> 20 & 0xff) : family,
			.model = has_extended_model ? extended_model << 4 | model : model,
			.stepping = eax & 0xf};
	}

	[[nodiscard]] friend constexpr bool operator==(CpuSignature, CpuSignature) = default;
};

/// Features by their own numbers: CPUID spreads them over leaves, a rule only asks whether one is
/// there.
using CpuFeatures = Mask<struct CpuFeaturesWord, u32>;

// clang-format off
namespace cpu_feature {
inline constexpr CpuFeatures rdtscp     {1u << 0};
inline constexpr CpuFeatures invpcid    {1u << 1};
inline constexpr CpuFeatures rdrand     {1u << 2};
inline constexpr CpuFeatures rdseed     {1u << 3};
inline constexpr CpuFeatures xsaves     {1u << 4};
inline constexpr CpuFeatures waitpkg    {1u << 5};
inline constexpr CpuFeatures sgx        {1u << 6};
inline constexpr CpuFeatures mpx        {1u << 7};
inline constexpr CpuFeatures intel_pt   {1u << 8};
inline constexpr CpuFeatures hypervisor {1u << 9};
} // namespace cpu_feature

enum class CpuidRegister : u8 { eax, ebx, ecx, edx };

/// Where CPUID reports a feature.
struct CpuFeatureInfo {
	CpuFeatures feature;
	u32 leaf;
	u32 subleaf;
	CpuidRegister where;
	u8 bit;
	const char *name;
};

inline constexpr CpuFeatureInfo cpu_features[] = {
	{cpu_feature::hypervisor, 0x00000001, 0, CpuidRegister::ecx, 31, "HYPERVISOR"},
	{cpu_feature::rdrand,     0x00000001, 0, CpuidRegister::ecx, 30, "RDRAND"},
	{cpu_feature::sgx,        0x00000007, 0, CpuidRegister::ebx,  2, "SGX"},
	{cpu_feature::invpcid,    0x00000007, 0, CpuidRegister::ebx, 10, "INVPCID"},
	{cpu_feature::mpx,        0x00000007, 0, CpuidRegister::ebx, 14, "MPX"},
	{cpu_feature::rdseed,     0x00000007, 0, CpuidRegister::ebx, 18, "RDSEED"},
	{cpu_feature::intel_pt,   0x00000007, 0, CpuidRegister::ebx, 25, "INTEL_PT"},
	{cpu_feature::waitpkg,    0x00000007, 0, CpuidRegister::ecx,  5, "WAITPKG"},
	{cpu_feature::xsaves,     0x0000000d, 1, CpuidRegister::eax,  3, "XSAVES"},
	{cpu_feature::rdtscp,     0x80000001, 0, CpuidRegister::edx, 27, "RDTSCP"},
};
// clang-format on

/// A CPU's identity and features, each with its own "is known": a dump may hold one, both or none.
struct Cpu {
	u32 signature{}; ///< EAX of CPUID leaf 1
	CpuFeatures features{};
	bool signature_known{};
	bool features_known{};

	/// Reads both through `cpuid(leaf, subleaf, registers)`, which fills u32[4] with EAX..EDX.
	template <class Cpuid> static constexpr Cpu read(Cpuid cpuid)
	{
		u32 registers[4]{};
		Cpu cpu{.signature_known = true, .features_known = true};

		cpuid(0u, 0u, registers);
		const u32 highest = registers[0];
		cpuid(0x80000000u, 0u, registers);
		const u32 highest_extended = registers[0];
		cpuid(1u, 0u, registers);
		cpu.signature = registers[0];

		for (const CpuFeatureInfo &info : cpu_features) {
			// A leaf beyond the highest answers with another leaf's data.
			if (info.leaf > (info.leaf & 0x80000000u ? highest_extended : highest))
				continue;
			cpuid(info.leaf, info.subleaf, registers);
			if (registers[static_cast<unsigned>(info.where)] >> info.bit & 1)
				cpu.features |= info.feature;
		}
		return cpu;
	}
};

} // namespace vmx
