// SPDX-License-Identifier: GPL-2.0-only
#include "backend/nested/ept_pointer.hpp"

namespace backend::nested {

bool is_ept_pointer(const Vcpu &vcpu, u64 value)
{
	constexpr u64 uncacheable = 0, write_back = 6, accessed_dirty = bit(6);
	constexpr u64 reserved = 0xf80;
	const EptVpidCap cap = vcpu.nested.capabilities.shown.ept_vpid();
	const u64 type = value & 7, length = (value >> 3 & 7) + 1;

	return ((type == uncacheable && cap.has(ept_vpid_cap::memory_uc)) ||
		(type == write_back && cap.has(ept_vpid_cap::memory_wb))) &&
	       ((length == 4 && cap.has(ept_vpid_cap::page_walk_4)) ||
		(length == 5 && cap.has(ept_vpid_cap::page_walk_5))) &&
	       (!(value & accessed_dirty) || cap.has(ept_vpid_cap::accessed_dirty)) &&
	       !(value & reserved) && !(value >> vcpu.kvm.arch.maxphyaddr);
}

} // namespace backend::nested
