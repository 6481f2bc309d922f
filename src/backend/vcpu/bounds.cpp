// SPDX-License-Identifier: GPL-2.0-only
#include "backend/vcpu/bounds.hpp"

#include "backend/setup.hpp"
#include "backend/vcpu/cpuid.hpp"
#include "backend/vcpu/registers.hpp"

namespace backend {

namespace {

constexpr u64 xcr0_bndregs_bndcsr = bit(3) | bit(4);

/// Below the address of the directory: EN, BNDPRESERVE, and bits that are reserved.
constexpr u64 reserved = 0xffc, below_address = 0xfff;

bool switched()
{
	return setup().config.entry.has(entry::load_bndcfgs) &&
	       setup().config.exit.has(exit::clear_bndcfgs);
}

bool may_use(Vcpu &vcpu, const kernel::msr_data &msr)
{
	return offered(cpuid::mpx) && (msr.host_initiated || guest_has(vcpu, cpuid::mpx));
}

} // namespace

void offer_bounds()
{
	const bool whole =
		switched() && host_has(cpuid::mpx) &&
		(kernel::kvm_caps.supported_xcr0 & xcr0_bndregs_bndcsr) == xcr0_bndregs_bndcsr;

	offer(cpuid::mpx, whole);
	if (!whole)
		kernel::kvm_caps.supported_xcr0 &= ~xcr0_bndregs_bndcsr;
}

int get_bndcfgs(Vcpu &vcpu, kernel::msr_data &msr)
{
	if (!may_use(vcpu, msr))
		return 1;
	msr.data = read(vcpu.current(), f::guest_bndcfgs);
	return 0;
}

int set_bndcfgs(Vcpu &vcpu, const kernel::msr_data &msr)
{
	// What VM entry checks as well (SDM, "Checks on Guest Control Registers, Debug Registers,
	// and MSRs").
	if (!may_use(vcpu, msr) || msr.data & reserved ||
	    !canonical_for(vcpu, msr.data & ~below_address))
		return 1;
	write(vcpu.current(), f::guest_bndcfgs, u64{msr.data});
	return 0;
}

void reset_bounds(Vcpu &vcpu)
{
	if (switched())
		write(vcpu.current(), f::guest_bndcfgs, u64{0});
}

} // namespace backend
