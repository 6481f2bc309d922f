// SPDX-License-Identifier: GPL-2.0-only
//
// More is flushed than was asked for: everything, on all vCPUs of the machine. So nothing of what
// L2 names by addresses of its own has to be read.
#include "backend/nested/direct_flush.hpp"

#include "backend/exit/handler.hpp"
#include "backend/nested/capabilities.hpp"
#include "backend/nested/evmcs.hpp"
#include "backend/nested/guest_mode.hpp"
#include "backend/nested/leave.hpp"
#include "backend/nested/vp_assist.hpp"
#include "backend/vcpu/registers.hpp"
#include "backend/vcpu/segments.hpp"
#include "core/hyperv/flush_hypercall.hpp"

namespace backend::nested {

namespace {

/// TLFS, "Direct Virtual Flush": the exit behind a flush while L1 has its TLB locked.
constexpr u32 trap_after_flush = 0x10000031;

vmx::hyperv::FlushHypercall hypercall_of(Vcpu &vcpu)
{
	const auto &regs = vcpu.kvm.arch.regs;

	if (in_64bit_code(vcpu))
		return {regs[kernel::VCPU_REGS_RCX]};
	return {u64{static_cast<u32>(regs[kernel::VCPU_REGS_RDX])} << 32 |
		static_cast<u32>(regs[kernel::VCPU_REGS_RAX])};
}

void set_result(Vcpu &vcpu, u64 result)
{
	auto &regs = vcpu.kvm.arch.regs;

	if (in_64bit_code(vcpu)) {
		regs[kernel::VCPU_REGS_RAX] = result;
		return;
	}
	regs[kernel::VCPU_REGS_RAX] = static_cast<u32>(result);
	regs[kernel::VCPU_REGS_RDX] = static_cast<u32>(result >> 32);
}

bool offers_direct_flush(Vcpu &vcpu)
{
	return hyperv_offer(vcpu).nested.has(vmx::hyperv::direct_flush);
}

/// L1 has its TLB locked: it walks L2's page tables. Without memory behind its page it cannot have.
bool is_tlb_locked(Vcpu &vcpu)
{
	u32 lock_count;

	return !kernel::kvm_vcpu_read_guest(&vcpu.kvm, vcpu.nested.evmcs.partition_assist_page,
					    &lock_count, sizeof(lock_count)) &&
	       lock_count;
}

} // namespace

bool is_direct_flush(Vcpu &vcpu)
{
	// What costs least and fails most often comes first.
	return delegates_flushes(vcpu) && hypercall_of(vcpu).known() && !get_cpl(&vcpu.kvm) &&
	       offers_direct_flush(vcpu) && read_vp_assist(vcpu).direct_hypercall;
}

int handle_direct_flush(Vcpu &vcpu)
{
	const auto hypercall = hypercall_of(vcpu);

	if (hypercall.valid()) {
		// vCPUs that run L2 now are told, the others find the number changed.
		__atomic_add_fetch(&vm_of(vcpu).l2_flushes, 1, __ATOMIC_SEQ_CST);
		(void)kernel::kvm_make_all_cpus_request(vcpu.kvm.kvm,
							kernel::KVM_REQ_TLB_FLUSH_GUEST);
	}
	set_result(vcpu, hypercall.result());

	const int result = kernel::kvm_skip_emulated_instruction(&vcpu.kvm);

	if (hypercall.valid() && is_tlb_locked(vcpu))
		leave(vcpu, {.reason = {trap_after_flush}});
	return result;
}

bool must_flush_for_l2(Vcpu &vcpu)
{
	const u64 now = __atomic_load_n(&vm_of(vcpu).l2_flushes, __ATOMIC_SEQ_CST);

	if (now == vcpu.nested.l2_flushes)
		return false;
	vcpu.nested.l2_flushes = now;
	return true;
}

} // namespace backend::nested
