// SPDX-License-Identifier: GPL-2.0-only
#include "backend/nested/msr_lists.hpp"

#include "backend/hw/msr.hpp"
#include "core/check/msr_list.hpp"
#include "vmx/msr_entry.hpp"

namespace backend::nested {

namespace {

using check::MsrList;

bool is_too_long(const Vcpu &vcpu, u32 i)
{
	return i >= max_msr_list(vcpu.nested.capabilities.shown.misc());
}

/// As in VMX root operation: what offsets and scales the TSC is about L2's own instructions (SDM,
/// "TSC Offsetting").
int read_for_l1(Vcpu &vcpu, u32 index, unsigned long &value)
{
	if (index != msr::tsc)
		return kernel::kvm_get_msr(&vcpu.kvm, index, &value);
	value = kernel::kvm_read_l1_tsc(&vcpu.kvm, hw::read_tsc());
	return 0;
}

} // namespace

u32 load_msr_list(Vcpu &vcpu, MsrList list, u64 address, u32 count)
{
	for (u32 i = 0; i < count; ++i) {
		MsrEntry entry;

		if (is_too_long(vcpu, i) ||
		    kernel::kvm_vcpu_read_guest(&vcpu.kvm, address + i * sizeof(entry), &entry,
						sizeof(entry)) ||
		    check::check_msr(list, entry) ||
		    kernel::kvm_set_msr(&vcpu.kvm, entry.msr, entry.value))
			return i + 1;
	}
	return 0;
}

u32 store_msr_list(Vcpu &vcpu, u64 address, u32 count)
{
	for (u32 i = 0; i < count; ++i) {
		const u64 at = address + i * sizeof(MsrEntry);
		MsrEntry entry;

		if (is_too_long(vcpu, i) ||
		    kernel::kvm_vcpu_read_guest(&vcpu.kvm, at, &entry, sizeof(entry)) ||
		    check::check_msr(MsrList::exit_store, entry))
			return i + 1;
		unsigned long value;

		if (read_for_l1(vcpu, entry.msr, value) ||
		    kernel::kvm_vcpu_write_guest(&vcpu.kvm,
						 at + __builtin_offsetof(MsrEntry, value), &value,
						 sizeof(value)))
			return i + 1;
	}
	return 0;
}

} // namespace backend::nested
