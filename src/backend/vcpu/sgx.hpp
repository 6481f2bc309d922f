// SPDX-License-Identifier: GPL-2.0-only
#pragma once

#include "backend/vcpu/vcpu.hpp"

/// Software guard extensions. Enclaves are not offered to guests: ENCLS is undefined there, also on
/// a CPU that has it. The hash of the launch key is kept all the same, since userspace saves and
/// restores it.
namespace backend {

/// Every leaf of ENCLS exits.
void initialise_sgx(Vcpu &vcpu);

constexpr bool is_launch_key_hash(u32 index)
{
	return index >= msr::sgx_launch_key_hash && index < msr::sgx_launch_key_hash + 4;
}

/// IA32_SGXLEPUBKEYHASH0 to 3. @return 0, or 1: #GP.
int get_launch_key_hash(Vcpu &vcpu, kernel::msr_data &msr);
int set_launch_key_hash(Vcpu &vcpu, const kernel::msr_data &msr);

} // namespace backend
