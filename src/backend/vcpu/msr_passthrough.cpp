// SPDX-License-Identifier: GPL-2.0-only
#include "backend/vcpu/msr_passthrough.hpp"

#include "backend/hyperv/enlightenments.hpp"
#include "backend/setup.hpp"
#include "backend/vcpu/cpuid.hpp"
#include "backend/vcpu/msrs.hpp"
#include "kernel/print.hpp"

namespace backend {

namespace {

using Access = hw::MsrBitmap::Access;

// The MSRs that may ever go without an exit. A bit for each row in Vcpu::free_reads and
// free_writes. The last are the residencies, for a guest that userspace lets have the CPU's
// C-states; an L2 exits for them.
constexpr u32 table[] = {
	msr::tsc,	  msr::spec_ctrl,      msr::pred_cmd,	  msr::flush_cmd,
	msr::sysenter_cs, msr::sysenter_esp,   msr::sysenter_eip, msr::fs_base,
	msr::gs_base,	  msr::kernel_gs_base, msr::xfd,	  msr::xfd_err,
	msr::core_c1_res, msr::core_c3_res,    msr::core_c6_res,  msr::core_c7_res,
};
constexpr unsigned rows = sizeof(table) / sizeof(table[0]);
constexpr unsigned first_residency = rows - 4;
static_assert(rows <= 64 && table[first_residency] == msr::core_c1_res);

consteval bool words_cover_table()
{
	for (unsigned row = 0; row < first_residency; ++row) {
		const u32 word =
			static_cast<u32>(hw::MsrBitmap::index(table[row], Access::read)) / 64;
		bool covered = false;

		for (const BitmapWords &range : passthrough_words)
			covered |= word >= range.first && word < range.first + range.count;
		if (!covered)
			return false;
	}
	return true;
}
static_assert(words_cover_table());

constexpr int row_of(u32 index)
{
	for (unsigned row = 0; row < rows; ++row)
		if (table[row] == index)
			return static_cast<int>(row);
	return -1;
}

void apply(Vcpu &vcpu, unsigned row)
{
	const u32 index = table[row];
	const bool read = vcpu.free_reads & bit(row) &&
			  kernel::kvm_msr_allowed(&vcpu.kvm, index, kernel::KVM_MSR_FILTER_READ);
	const bool write = vcpu.free_writes & bit(row) &&
			   kernel::kvm_msr_allowed(&vcpu.kvm, index, kernel::KVM_MSR_FILTER_WRITE);

	vcpu.msr_bitmap->set(index, Access::read, !read);
	vcpu.msr_bitmap->set(index, Access::write, !write);
	// L2's bitmap is made from this one.
	vcpu.nested.dirty |= dirty_msr_bitmap;
	hyperv::msr_bitmap_changed(vcpu);
}

} // namespace

void allow_msr(Vcpu &vcpu, u32 index, bool read, bool write)
{
	const int row = row_of(index);

	if (row < 0) {
		kernel::warn_ratelimited(
			"MSR %x is not in the table of those that may go without an exit\n", index);
		return;
	}
	const u64 mask = bit(static_cast<unsigned>(row));
	const u64 reads = read ? vcpu.free_reads | mask : vcpu.free_reads & ~mask;
	const u64 writes = write ? vcpu.free_writes | mask : vcpu.free_writes & ~mask;

	if (!vcpu.msr_bitmap || (reads == vcpu.free_reads && writes == vcpu.free_writes))
		return;
	vcpu.free_reads = reads;
	vcpu.free_writes = writes;
	apply(vcpu, static_cast<unsigned>(row));
}

void msr_filter_changed(kernel::kvm_vcpu *kvm)
{
	Vcpu &vcpu = vcpu_of(kvm);

	if (!vcpu.msr_bitmap)
		return;
	for (unsigned row = 0; row < rows; ++row)
		apply(vcpu, row);
}

void initialise_msr_bitmap(Vcpu &vcpu)
{
	vcpu.msr_bitmap->intercept_all();
	vcpu.free_reads = vcpu.free_writes = 0;
	allow_msr(vcpu, msr::tsc, true, false);
	constexpr u32 of_the_vmcs[] = {msr::sysenter_cs, msr::sysenter_esp, msr::sysenter_eip,
				       msr::fs_base,	 msr::gs_base,	    msr::kernel_gs_base};
	for (u32 index : of_the_vmcs)
		allow_msr(vcpu, index, true, true);
	if (vcpu.kvm.kvm->arch.cstate_in_guest)
		for (unsigned row = first_residency; row < rows; ++row)
			allow_msr(vcpu, table[row], true, false);
}

void update_msr_passthrough(Vcpu &vcpu)
{
	// Commands, not state: what a guest that knows them may issue itself.
	allow_msr(vcpu, msr::pred_cmd, false,
		  host_has(cpuid::spec_ctrl) &&
			  (guest_has(vcpu, cpuid::spec_ctrl) || guest_has(vcpu, cpuid::ibpb)));
	allow_msr(vcpu, msr::flush_cmd, false,
		  host_has(cpuid::flush_l1d) && guest_has(vcpu, cpuid::flush_l1d));
	allow_msr(vcpu, msr::xfd_err, offered(cpuid::xfd) && guest_has(vcpu, cpuid::xfd), false);
}

bool spec_ctrl_is_free(const Vcpu &vcpu)
{
	return vcpu.free_writes & bit(static_cast<unsigned>(row_of(msr::spec_ctrl)));
}

} // namespace backend
