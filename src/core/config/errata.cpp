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

} // namespace

const char *perf_global_ctrl_erratum(const Cpu &cpu)
{
	if (!cpu.signature_known)
		return nullptr;

	const CpuSignature signature = CpuSignature::decode(cpu.signature);

	if (signature.family != 6)
		return nullptr;
	for (const Erratum &erratum : perf_global_ctrl)
		if (erratum.model == signature.model)
			return erratum.name;
	return nullptr;
}

} // namespace vmx::config
