// SPDX-License-Identifier: GPL-2.0-only
#include "backend/exit/handler.hpp"
#include "backend/nested/guest_mode.hpp"
#include "backend/setup.hpp"
#include "backend/vcpu/events.hpp"
#include "backend/vcpu/registers.hpp"
#include "core/decode/qualification.hpp"
#include "kernel/trace.hpp"

/// Accesses to guest-physical memory and to I/O ports.
namespace backend {

namespace {

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
	block_nmi_again(vcpu, fault.iret_unblocked_nmi());

	// An address beyond the guest's own width is a reserved bit to the guest, which the CPU
	// does not know.
	if (kernel::allow_smaller_maxphyaddr && address >> vcpu.kvm.arch.maxphyaddr) [[unlikely]]
		return kernel::kvm_emulate_instruction(&vcpu.kvm, 0);

	u64 error = (fault.read() ? kernel::PFERR_USER_MASK : 0) |
		    (fault.write() ? kernel::PFERR_WRITE_MASK : 0) |
		    (fault.fetch() ? kernel::PFERR_FETCH_MASK : 0) |
		    (fault.present() ? kernel::PFERR_PRESENT_MASK : 0);

	if (fault.linear_valid())
		error |= fault.translated() ? kernel::PFERR_GUEST_FINAL_MASK
					    : kernel::PFERR_GUEST_PAGE_MASK;
	return kernel::kvm_mmu_page_fault(&vcpu.kvm, address, error, nullptr, 0);
}

int handle_ept_misconfig(Vcpu &vcpu)
{
	const u64 address = read(vcpu.current(), f::guest_physical_address);

	// kvm.ko marks MMIO pages with an entry that no CPU accepts, so that they exit with this
	// reason. An ioeventfd without data needs no emulation, and no look at the instruction but
	// for its length. In an enclave that is unknown, too: RIP is outside of it. The address is
	// L1's only if L1 is what runs.
	if (!vcpu.exit.reason.enclave() && !in_guest_mode(vcpu) &&
	    !write_fast_mmio(vcpu, address)) {
		kernel::trace_fast_mmio(address);
		return kernel::kvm_skip_emulated_instruction(&vcpu.kvm);
	}
	return kernel::kvm_mmu_page_fault(&vcpu.kvm, address, kernel::PFERR_RSVD_MASK, nullptr, 0);
}

} // namespace backend
