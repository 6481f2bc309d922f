// SPDX-License-Identifier: GPL-2.0-only
//
// What kvm.ko's own headers have as inline functions over a vCPU and its APIC.
#pragma once

#include "kernel/bindings.hpp"

namespace kernel {

extern "C" {
#include "kernel/helpers/fpu.h"
#include "kernel/helpers/requests.h"
#include "kernel/helpers/srcu.h"
}

/// perf asks, when its interrupt hits the host, whether a guest was running.
inline void before_interrupt(kvm_vcpu &vcpu, kvm_intr_type type)
{
	__atomic_store_n(&vcpu.arch.handling_intr_from_guest, static_cast<u8>(type),
			 __ATOMIC_RELAXED);
}
inline void after_interrupt(kvm_vcpu &vcpu)
{
	__atomic_store_n(&vcpu.arch.handling_intr_from_guest, u8{0}, __ATOMIC_RELAXED);
}

inline bool lapic_in_kernel(const kvm_vcpu &vcpu)
{
	return vcpu.arch.apic;
}

/// A vector becomes pending in the virtual APIC. The hint that something is pending comes second:
/// kvm.ko takes the hint back before it looks for the last vector.
inline void set_irr(kvm_lapic &apic, u8 vector)
{
	// Eight 32-bit registers (SDM, "Local APIC Register Address Map").
	constexpr unsigned irr = 0x200, step = 0x10;
	auto *word =
		reinterpret_cast<u32 *>(static_cast<char *>(apic.regs) + irr + vector / 32 * step);

	__atomic_fetch_or(word, u32{1} << vector % 32, __ATOMIC_SEQ_CST);
	apic.irr_pending = true;
}

/// Tells kvm_mmu_page_fault(), for a fault with PFERR_RSVD that follows, that the page is MMIO:
/// what kvm.ko itself remembers of the last one. @return false while the memory slots are changing.
/// kvm->srcu is held.
[[nodiscard]] inline bool remember_mmio(kvm_vcpu &vcpu, u64 gfn)
{
	constexpr u64 changing = u64{1} << 63; // KVM_MEMSLOT_GEN_UPDATE_IN_PROGRESS
	const unsigned space = vcpu.arch.hflags & HF_SMM_MASK ? 1 : 0;
	const kvm_memslots *slots = __atomic_load_n(&vcpu.kvm->memslots[space], __ATOMIC_CONSUME);
	const u64 generation = slots->generation;

	if (generation & changing) [[unlikely]]
		return false;
	vcpu.arch.mmio_gva = 0;
	vcpu.arch.mmio_access = 0;
	vcpu.arch.mmio_gfn = gfn;
	vcpu.arch.mmio_gen = generation;
	return true;
}

/// L2 is what runs, in kvm.ko's eyes.
inline void enter_guest_mode(kvm_vcpu &vcpu)
{
	vcpu.arch.hflags |= HF_GUEST_MASK;
	vcpu.stat.guest_mode = 1;
}

inline void leave_guest_mode(kvm_vcpu &vcpu)
{
	vcpu.arch.hflags &= ~HF_GUEST_MASK;
	// Which EOIs L1's APIC wants to know of may have changed meanwhile.
	if (vcpu.arch.load_eoi_exitmap_pending) {
		vcpu.arch.load_eoi_exitmap_pending = false;
		kvmxx_make_request(&vcpu, KVM_REQ_LOAD_EOI_EXITMAP);
	}
	vcpu.stat.guest_mode = 0;
}

/// INIT and SIPI, as bits of kvm_lapic's pending_events: others set them. The numbers are those of
/// kvm.ko's own lapic.h.
inline constexpr unsigned KVM_APIC_INIT = 0, KVM_APIC_SIPI = 1;
inline bool test_pending_event(const kvm_lapic &apic, unsigned event)
{
	return __atomic_load_n(&apic.pending_events, __ATOMIC_RELAXED) >> event & 1;
}
inline void clear_pending_event(kvm_lapic &apic, unsigned event)
{
	__atomic_fetch_and(&apic.pending_events, ~(1UL << event), __ATOMIC_SEQ_CST);
}

/// A PDPTE of the page tables that walk_mmu is about: what kvm.ko's tables of operations hold.
inline unsigned long kvm_pdptr_read(kvm_vcpu *vcpu, int index)
{
	return vcpu->arch.walk_mmu->pdptrs[index];
}

inline void save_guest_xfd_error(kvm_vcpu &vcpu)
{
	kvmxx_save_guest_xfd_error(&vcpu);
}

/// Around uses of memory slots and I/O buses where kvm.ko may not hold it.
class [[nodiscard]] SrcuRead {
public:
	explicit SrcuRead(kvm &vm) : vm_(vm), index_(kvmxx_srcu_read_lock(&vm)) {}
	~SrcuRead() { kvmxx_srcu_read_unlock(&vm_, index_); }
	SrcuRead(const SrcuRead &) = delete;

private:
	kvm &vm_;
	int index_;
};

/// The other way round, for what waits until nobody is within.
class [[nodiscard]] SrcuReadPaused {
public:
	explicit SrcuReadPaused(kvm_vcpu &vcpu) : vcpu_(vcpu)
	{
		kvmxx_vcpu_srcu_read_unlock(&vcpu_);
	}
	~SrcuReadPaused() { kvmxx_vcpu_srcu_read_lock(&vcpu_); }
	SrcuReadPaused(const SrcuReadPaused &) = delete;

private:
	kvm_vcpu &vcpu_;
};

} // namespace kernel
