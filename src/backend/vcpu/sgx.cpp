// SPDX-License-Identifier: GPL-2.0-only
#include "backend/vcpu/sgx.hpp"

#include "backend/vcpu/cpuid.hpp"
#include "kernel/msr.hpp"

namespace backend {

namespace {

/// Intel's own key, which a CPU without launch control has after reset.
constexpr u64 default_hash[] = {0xa6053e051270b7ac, 0x6cfbe8ba8b3b413d, 0xc4916d99f2b3735d,
				0xd4f8c05909f9bb3b};

} // namespace

void initialise_sgx(Vcpu &vcpu)
{
	if (vcpu.vmcs01.secondary.get().has(secondary::encls_exiting))
		write(vcpu.current(), f::encls_exiting_bitmap, ~u64{0});
	for (u32 i = 0; i < 4; ++i) {
		unsigned long of_cpu;

		vcpu.launch_key_hash[i] =
			host_has(cpuid::sgx_lc) &&
					!kernel::rdmsr_safe(msr::sgx_launch_key_hash + i, of_cpu)
				? of_cpu
				: default_hash[i];
	}
}

int get_launch_key_hash(Vcpu &vcpu, kernel::msr_data &msr)
{
	// The index is one of four: is_launch_key_hash() has seen to that.
	if (!msr.host_initiated && !guest_has(vcpu, cpuid::sgx_lc))
		return 1;
	msr.data = vcpu.launch_key_hash[(msr.index - msr::sgx_launch_key_hash) & 3];
	return 0;
}

int set_launch_key_hash(Vcpu &vcpu, const kernel::msr_data &msr)
{
	// A guest would need IA32_FEATURE_CONTROL.SGX_LC, which goes with enclaves.
	if (!msr.host_initiated)
		return 1;
	vcpu.launch_key_hash[(msr.index - msr::sgx_launch_key_hash) & 3] = msr.data;
	return 0;
}

} // namespace backend
