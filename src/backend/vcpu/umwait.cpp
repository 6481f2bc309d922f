// SPDX-License-Identifier: GPL-2.0-only
#include "backend/vcpu/umwait.hpp"

#include "backend/hw/msr.hpp"
#include "backend/vcpu/cpuid.hpp"

namespace backend {

namespace {

bool may_use(Vcpu &vcpu, const kernel::msr_data &msr)
{
	return msr.host_initiated || guest_has(vcpu, cpuid::waitpkg);
}

} // namespace

int get_umwait_control(Vcpu &vcpu, kernel::msr_data &msr)
{
	if (!may_use(vcpu, msr))
		return 1;
	msr.data = vcpu.umwait_control;
	return 0;
}

int set_umwait_control(Vcpu &vcpu, const kernel::msr_data &msr)
{
	constexpr u64 reserved = bit(1) | ~u64{0xffffffff};

	if (!may_use(vcpu, msr) || msr.data & reserved)
		return 1;
	vcpu.umwait_control = static_cast<u32>(msr.data);
	return 0;
}

void switch_umwait_control(Vcpu &vcpu)
{
	const Current current = vcpu.current();

	if (!vcpu.vmcs01.secondary.get().has(secondary::enable_user_wait_pause)) {
		vcpu.msr_lists.remove(current, msr::umwait_control);
		return;
	}
	// Asked each time: the administrator may change it, by an interrupt to each CPU, and nobody
	// is told. Linux as host and guest choose the same.
	const u64 host = hw::read_msr(msr::umwait_control);

	if (host == vcpu.umwait_control)
		vcpu.msr_lists.remove(current, msr::umwait_control);
	else
		vcpu.msr_lists.set(current, msr::umwait_control, vcpu.umwait_control, host);
}

} // namespace backend
