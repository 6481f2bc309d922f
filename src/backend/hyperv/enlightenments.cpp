// SPDX-License-Identifier: GPL-2.0-only
#include "backend/hyperv/enlightenments.hpp"

#include "backend/hw/cpu.hpp"
#include "backend/hw/enlightened.hpp"
#include "backend/hw/tlb.hpp"
#include "backend/setup.hpp"
#include "backend/vcpu/control_registers.hpp"
#include "kernel/errno.hpp"
#include "kernel/hyperv.hpp"

namespace backend::hyperv {

namespace {

using namespace vmcs12::evmcs;
using hw::enlightened::load;
using hw::enlightened::make_dirty;
using hw::enlightened::store;

void enlighten(u8 *page, u32 controls)
{
	store<u32>(page, enlightenments_control,
		   load<u32>(page, enlightenments_control) | controls);
	make_dirty(page, vmcs12::clean_bits(vmcs12::Clean::enlightenments_control));
}

} // namespace

void initialise_enlightenments(Vcpu &vcpu)
{
	if (setup().hyperv.msr_bitmap && vcpu.msr_bitmap)
		enlighten(vcpu.vmcs01.enlightened_page(), enlightened_msr_bitmap);
}

void msr_bitmap_changed(Vcpu &vcpu)
{
	u8 *const page = vcpu.vmcs01.enlightened_page();

	// Without a page, VMCSs are the CPU's, or this vCPU's is yet to be made.
	if (page)
		make_dirty(page, vmcs12::clean_bits(vmcs12::Clean::msr_bitmap));
}

int enable_direct_flush(kernel::kvm_vcpu *kvm)
{
	Vcpu &vcpu = vcpu_of(kvm);
	u8 *const page = vcpu.vmcs01.enlightened_page();
	const u64 shared = kernel::partition_assist_page(kvm->kvm);

	if (!shared)
		return -kernel::ENOMEM;
	store<u64>(page, partition_assist_page, shared);
	// Any number that other machines of this host do not have.
	store<u64>(page, vm_id, reinterpret_cast<u64>(kvm->kvm));
	store<u32>(page, vp_id, kernel::vp_index(kvm));
	enlighten(page, nested_flush_hypercall);
	vcpu.vmcs01.tell_again();
	return 0;
}

void track_root(Vcpu &vcpu, u64 root, int level)
{
	// kvm.ko flushes the one root that each vCPU has named last. Of one that L2 was on, or L1
	// while L2 ran, the CPU may have kept what has been flushed since.
	if (kernel::track_root(&vcpu.kvm, root))
		hw::flush_ept(ept_pointer(vcpu, root, level));
}

void choose_operations(kernel::kvm_x86_ops &ops)
{
	// Entries of an EPT are what that hypercall is about.
	if (setup().hyperv.remote_flush && setup().features.ept)
		kernel::flush_remotely(ops);
	if (setup().hyperv.direct_flush)
		ops.enable_direct_tlbflush = enable_direct_flush;
}

} // namespace backend::hyperv
