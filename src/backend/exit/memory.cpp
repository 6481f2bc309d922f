// SPDX-License-Identifier: GPL-2.0-only
#include "backend/exit/handler.hpp"
#include "backend/setup.hpp"
#include "backend/vcpu/events.hpp"
#include "backend/vcpu/registers.hpp"
#include "core/decode/qualification.hpp"
#include "kernel/trace.hpp"

/// Accesses to guest-physical memory and to I/O ports.
namespace backend {

namespace {

// The paravirtual error code of a page fault that kvm.ko's MMU takes (its PFERR_*).
constexpr u64 pferr_present = bit(0), pferr_write = bit(1), pferr_user = bit(2),
	      pferr_rsvd = bit(3), pferr_fetch = bit(4), pferr_guest_final = bit(32),
	      pferr_guest_page = bit(33);

/// An access to a page that only devices answer, by a write that an ioeventfd may want. @return as
/// kvm_io_bus_write: 0 if one took it.
int write_fast_mmio(Vcpu &vcpu, u64 address)
{
	return kernel::kvm_io_bus_write(&vcpu.kvm, kernel::KVM_FAST_MMIO_BUS, address, 0, nullptr);
}

} // namespace

int handle_io(Vcpu &vcpu)
{
	const auto io = decode::IoAccess::decode(exit_qualification(vcpu));

	++vcpu.kvm.stat.io_exits;
	if (io.string)
		return kernel::kvm_emulate_instruction(&vcpu.kvm, 0);
	return kernel::kvm_fast_pio(&vcpu.kvm, io.size, io.port, io.in);
}

int handle_ept_violation(Vcpu &vcpu)
{
	const auto fault = decode::EptViolation::decode(exit_qualification(vcpu));
	const u64 address = read(vcpu.current(), f::guest_physical_address);

	kernel::trace_page_fault(&vcpu.kvm, address, fault.raw);
	// The IRET that faulted here had unblocked NMIs; it will run again.
	if (fault.iret_unblocked_nmi() && !vcpu.exit.idt_vectoring.valid() &&
	    setup().features.virtual_nmi)
		set_nmi_mask(&vcpu.kvm, true);

	// An address beyond the guest's own width is a reserved bit to the guest, which the CPU
	// does not know.
	if (kernel::allow_smaller_maxphyaddr && address >> vcpu.kvm.arch.maxphyaddr) [[unlikely]]
		return kernel::kvm_emulate_instruction(&vcpu.kvm, 0);

	u64 error = (fault.read() ? pferr_user : 0) | (fault.write() ? pferr_write : 0) |
		    (fault.fetch() ? pferr_fetch : 0) | (fault.present() ? pferr_present : 0);

	if (fault.linear_valid())
		error |= fault.translated() ? pferr_guest_final : pferr_guest_page;
	return kernel::kvm_mmu_page_fault(&vcpu.kvm, address, error, nullptr, 0);
}

int handle_ept_misconfig(Vcpu &vcpu)
{
	const u64 address = read(vcpu.current(), f::guest_physical_address);

	// kvm.ko marks MMIO pages with an entry that no CPU accepts, so that they exit with this
	// reason. An ioeventfd without data needs no emulation, and no look at the instruction but
	// for its length.
	if (!write_fast_mmio(vcpu, address)) {
		kernel::trace_fast_mmio(address);
		return kernel::kvm_skip_emulated_instruction(&vcpu.kvm);
	}
	return kernel::kvm_mmu_page_fault(&vcpu.kvm, address, pferr_rsvd, nullptr, 0);
}

} // namespace backend
