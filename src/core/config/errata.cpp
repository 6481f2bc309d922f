// SPDX-License-Identifier: GPL-2.0-only
#include "core/config/errata.hpp"

namespace vmx::config {

namespace {

struct Erratum {
	u32 model; ///< of family 6
	const char *name;
};

// clang-format off
constexpr Erratum perf_global_ctrl[] = {
	{26, "AAK155"},             // Xeon 5500
	{30, "AAP115"},             // Xeon 3400, Core i7-800
	{37, "AAT100"},             // Core i5-600, i3-500
	{44, "BC86, AAY89, BD102"}, // Xeon 3600, 5600, E7
	{46, "BA97"},               // Xeon 7500
};
// clang-format on

// "VMX-Preemption Timer Does Not Count Down at the Rate Specified": Xeon 5500 and Core i7-900, Xeon
// 3400 and Core i7-800, Core i3/i5/i7 of 32 nm, Xeon 7500.
constexpr u32 preemption_timer[] = {26, 30, 37, 46};

/// The model of a CPU of family 6, 0 of others.
u32 family_6_model(const Cpu &cpu)
{
	const CpuSignature signature = CpuSignature::decode(cpu.signature);

	return cpu.signature_known && signature.family == 6 ? signature.model : 0;
}

} // namespace

const char *perf_global_ctrl_erratum(const Cpu &cpu)
{
	const u32 model = family_6_model(cpu);

	for (const Erratum &erratum : perf_global_ctrl)
		if (erratum.model == model)
			return erratum.name;
	return nullptr;
}

bool has_preemption_timer_erratum(const Cpu &cpu)
{
	const u32 model = family_6_model(cpu);

	for (const u32 affected : preemption_timer)
		if (affected == model)
			return true;
	return false;
}

} // namespace vmx::config
