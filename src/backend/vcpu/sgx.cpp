// SPDX-License-Identifier: GPL-2.0-only
#include "backend/vcpu/sgx.hpp"

#include "backend/setup.hpp"
#include "backend/vcpu/cpuid.hpp"
#include "core/sgx/enclave.hpp"
#include "kernel/msr.hpp"

namespace backend {

namespace {

/// Intel's own key, which a CPU without launch control has after reset.
constexpr u64 default_hash[] = {0xa6053e051270b7ac, 0x6cfbe8ba8b3b413d, 0xc4916d99f2b3735d,
				0xd4f8c05909f9bb3b};

} // namespace

void offer_sgx()
{
	if (setup().features.sgx)
		return;
	offer(cpuid::sgx, false);
	offer(cpuid::sgx_lc, false);
	// SGX1 and SGX2: a word that kvm.ko alone has.
	kernel::kvm_cpu_caps[kernel::CPUID_12_EAX] = 0;
}

bool sgx_visible(Vcpu &vcpu)
{
	return setup().features.sgx && guest_has(vcpu, cpuid::sgx) && guest_has(vcpu, cpuid::sgx1);
}

bool sgx_usable(Vcpu &vcpu)
{
	constexpr u64 enabled = feature_control::locked | feature_control::sgx;

	return (vcpu.feature_control & enabled) == enabled && sgx_visible(vcpu);
}

u64 sgx_feature_control_bits(Vcpu &vcpu)
{
	if (!sgx_visible(vcpu))
		return 0;
	return feature_control::sgx |
	       (guest_has(vcpu, cpuid::sgx_lc) ? feature_control::sgx_launch_control : 0);
}

u64 exiting_encls_leaves(Vcpu &vcpu)
{
	if (!setup().features.sgx)
		return ~u64{0};
	return sgx::exiting_leaves(
		{.usable = sgx_usable(vcpu), .sgx2 = guest_has(vcpu, cpuid::sgx2)},
		host_has(cpuid::sgx_lc));
}

void update_sgx(Vcpu &vcpu)
{
	if (!setup().features.sgx)
		return;
	write(vcpu.current(), f::encls_exiting_bitmap, exiting_encls_leaves(vcpu));
	vcpu.nested.dirty |= dirty_controls;
}

void initialise_sgx(Vcpu &vcpu)
{
	if (vcpu.vmcs().secondary.get().has(secondary::encls_exiting))
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
	// Until IA32_FEATURE_CONTROL is locked the firmware may choose a key; from then on, whoever
	// it has left that to.
	const bool left_open = !(vcpu.feature_control & feature_control::locked) ||
			       vcpu.feature_control & feature_control::sgx_launch_control;

	if (!msr.host_initiated &&
	    (!sgx_visible(vcpu) || !guest_has(vcpu, cpuid::sgx_lc) || !left_open))
		return 1;
	vcpu.launch_key_hash[(msr.index - msr::sgx_launch_key_hash) & 3] = msr.data;
	return 0;
}

} // namespace backend
