// SPDX-License-Identifier: GPL-2.0-only
#pragma once

#include "backend/vcpu/vcpu.hpp"

/// Software guard extensions. A guest has them if its CPUID does and its firmware has enabled them
/// in IA32_FEATURE_CONTROL; its enclaves are in memory that userspace has mapped from
/// /dev/sgx_vepc. Leaves of ENCLS that have to be watched exit (exit/enclave.cpp). The hash of the
/// launch key is kept for every guest, since userspace saves and restores it.
namespace backend {

/// At load: CPUID bits of it go where the module does not drive it.
void offer_sgx();

/// Every leaf of ENCLS exits.
void initialise_sgx(Vcpu &vcpu);

/// L0's ENCLS-exiting bitmap for that guest: all leaves where it has none.
[[nodiscard]] u64 exiting_encls_leaves(Vcpu &vcpu);

/// After the guest's CPUID or IA32_FEATURE_CONTROL has changed.
void update_sgx(Vcpu &vcpu);

/// By its CPUID; and enabled by its firmware.
bool sgx_visible(Vcpu &vcpu);
bool sgx_usable(Vcpu &vcpu);

/// What IA32_FEATURE_CONTROL may have of it.
u64 sgx_feature_control_bits(Vcpu &vcpu);

constexpr bool is_launch_key_hash(u32 index)
{
	return index >= msr::sgx_launch_key_hash && index < msr::sgx_launch_key_hash + 4;
}

/// IA32_SGXLEPUBKEYHASH0 to 3. @return 0, or 1: #GP.
int get_launch_key_hash(Vcpu &vcpu, kernel::msr_data &msr);
int set_launch_key_hash(Vcpu &vcpu, const kernel::msr_data &msr);

} // namespace backend
