// SPDX-License-Identifier: GPL-2.0-only
//
// Memory slots that the backend adds itself.
#pragma once

#include "kernel/bindings.hpp"
#include "kernel/user.hpp"

namespace kernel {

extern "C" {
#include "kernel/helpers/slots.h"
}

class [[nodiscard]] SlotsLocked {
public:
	explicit SlotsLocked(kvm &vm) : vm_(vm) { kvmxx_lock_slots(&vm_); }
	~SlotsLocked() { kvmxx_unlock_slots(&vm_); }
	SlotsLocked(const SlotsLocked &) = delete;

private:
	kvm &vm_;
};

/// Another number says that memory slots have changed. The caller keeps them from going (SRCU).
[[nodiscard]] inline unsigned long long slots_generation(kvm &vm)
{
	return kvmxx_slots_generation(&vm);
}

/// Memory of userspace's, shared, so that a fork does not move it, at `address` of the guest;
/// zeroed, or with `content`. Slots are locked. @return 0 or -errno.
[[nodiscard]] inline int add_private_slot(kvm &vm, int slot, u64 address, u32 size,
					  const void *content = nullptr)
{
	void *memory = __x86_set_memory_region(&vm, slot, address, size);
	const long result = reinterpret_cast<long>(memory);

	// A pointer that is none is an errno (the kernel's IS_ERR).
	if (result < 0 && result >= -4095)
		return static_cast<int>(result);
	return content ? copy_to_user(memory, content, size) : 0;
}

/// Slots are locked. May sleep.
inline void remove_private_slot(kvm &vm, int slot)
{
	__x86_set_memory_region(&vm, slot, 0, 0);
}

/// The page behind a guest's page, without a reference: who uses it asks again when kvm.ko says
/// that it moved. May sleep. @return its physical address, or 0 if there is none.
inline u64 page_behind(kvm &vm, u64 address)
{
	const u64 pfn = gfn_to_pfn(&vm, address >> PAGE_SHIFT);

	// kvm.ko's KVM_PFN_ERR_MASK and KVM_PFN_NOSLOT.
	if (pfn >> 52)
		return 0;
	kvm_release_pfn_clean(pfn);
	return pfn << PAGE_SHIFT;
}

} // namespace kernel
