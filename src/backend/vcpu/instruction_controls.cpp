// SPDX-License-Identifier: GPL-2.0-only
#include "backend/vcpu/instruction_controls.hpp"

#include "backend/nested/guest_mode.hpp"
#include "backend/setup.hpp"
#include "backend/vcpu/cpuid.hpp"

namespace backend {

namespace {

/// A control that lets the guest have an instruction, or takes it away.
struct Row {
	Secondary control;
	const CpuidFeature &feature, &or_feature;
	bool takes_away = false; ///< the control makes it exit; else it makes it exist
};

// clang-format off
constexpr Row rows[] = {
	{secondary::enable_rdtscp,          cpuid::rdtscp,  cpuid::rdpid},
	{secondary::enable_invpcid,         cpuid::invpcid, cpuid::invpcid},
	{secondary::enable_user_wait_pause, cpuid::waitpkg, cpuid::waitpkg},
	{secondary::rdrand_exiting,         cpuid::rdrand,  cpuid::rdrand, true},
	{secondary::rdseed_exiting,         cpuid::rdseed,  cpuid::rdseed, true},
};
// clang-format on

bool configured(Secondary control)
{
	return setup().config.secondary.has(control);
}

} // namespace

Secondary instruction_controls(Vcpu &vcpu)
{
	Secondary controls{};

	for (const Row &row : rows) {
		const bool visible =
			guest_has(vcpu, row.feature) || guest_has(vcpu, row.or_feature);

		if (configured(row.control) && visible != row.takes_away)
			controls |= row.control;
	}
	// kvm.ko has to know of XSAVES as well: it is decided before.
	if (configured(secondary::enable_xsaves) && vcpu.kvm.arch.xsaves_enabled)
		controls |= secondary::enable_xsaves;
	return controls;
}

void update_instruction_controls(Vcpu &vcpu)
{
	Secondary followers = secondary::enable_xsaves;

	for (const Row &row : rows)
		followers |= row.control;
	vcpu.vmcs().secondary.set(vcpu.current(), (vcpu.vmcs().secondary.get() & ~followers) |
							  instruction_controls(vcpu));
}

void offer_instructions()
{
	// Without its control the instruction is #UD, whatever CPUID says. RDRAND and RDSEED are
	// there without theirs.
	for (const Row &row : rows) {
		if (row.takes_away || configured(row.control))
			continue;
		offer(row.feature, false);
		offer(row.or_feature, false);
	}
	if (!configured(secondary::enable_xsaves))
		offer(cpuid::xsaves, false);
	// kvm.ko leaves it to its backend whether a guest can have these.
	if (configured(secondary::enable_user_wait_pause))
		offer(cpuid::waitpkg, host_has(cpuid::waitpkg));
	if (umip_is_emulated())
		offer(cpuid::umip, true);
}

bool umip_is_emulated()
{
	return configured(secondary::descriptor_table_exiting) && !host_has(cpuid::umip);
}

u64 emulate_umip(Vcpu &vcpu, u64 cr4)
{
	if (!umip_is_emulated())
		return cr4;
	// The emulator then judges who may read the tables' addresses. Loading them exits too.
	if (cr4 & cr4::umip)
		vcpu.vmcs().secondary.add(vcpu.current(), secondary::descriptor_table_exiting);
	else if (!in_guest_mode(vcpu) ||
		 !nested::secondary12(vcpu).has(secondary::descriptor_table_exiting))
		vcpu.vmcs().secondary.remove(vcpu.current(), secondary::descriptor_table_exiting);
	return cr4 & ~cr4::umip;
}

} // namespace backend
