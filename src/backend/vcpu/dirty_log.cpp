// SPDX-License-Identifier: GPL-2.0-only
#include "backend/vcpu/dirty_log.hpp"

#include "backend/exit/handler.hpp"
#include "backend/nested/guest_mode.hpp"
#include "backend/setup.hpp"
#include "backend/vcpu/events.hpp"
#include "backend/vcpu/registers.hpp"
#include "core/decode/qualification.hpp"
#include "kernel/errno.hpp"
#include "kernel/page.hpp"
#include "kernel/requests.hpp"
#include "kernel/trace.hpp"

namespace backend {

namespace {

/// The CPU fills the log from its end: the index is of the entry to be written next, and below
/// zero when there is none.
constexpr u16 empty = dirty_log_entries - 1;

constexpr unsigned page_shift = 12;

} // namespace

int create_dirty_log(Vcpu &vcpu)
{
	if (!setup().features.pml)
		return 0;
	vcpu.dirty_log = static_cast<u64 *>(kernel::allocate_zeroed_page());
	return vcpu.dirty_log ? 0 : -kernel::ENOMEM;
}

void free_dirty_log(Vcpu &vcpu)
{
	if (vcpu.dirty_log)
		kernel::free_page_at(vcpu.dirty_log);
}

void initialise_dirty_log(Vcpu &vcpu)
{
	if (!vcpu.dirty_log)
		return;
	write(vcpu.current(), f::pml_address, u64{kernel::physical(vcpu.dirty_log)});
	write(vcpu.current(), f::pml_index, empty);
	// kvm.ko's own request goes to the vCPUs that it knows, which this is not yet one of.
	kernel::make_request(vcpu.kvm, kernel::KVM_REQ_UPDATE_CPU_DIRTY_LOGGING);
}

void update_cpu_dirty_logging(kernel::kvm_vcpu *kvm)
{
	Vcpu &vcpu = vcpu_of(kvm);
	auto &controls = vcpu.vmcs().secondary;

	// What vmcs02 would log are L2's addresses; kvm.ko write-protects for L2 instead, and asks
	// again for L1 (nested/leave.cpp).
	if (!vcpu.dirty_log || in_guest_mode(vcpu))
		return;
	// Changed meanwhile, it comes with another request.
	if (__atomic_load_n(&kvm->kvm->arch.cpu_dirty_logging_count, __ATOMIC_RELAXED))
		controls.add(vcpu.current(), secondary::enable_pml);
	else
		controls.remove(vcpu.current(), secondary::enable_pml);
}

void empty_dirty_log(Vcpu &vcpu)
{
	const u16 index = read(vcpu.current(), f::pml_index);

	if (index == empty)
		return;
	for (unsigned i = index >= dirty_log_entries ? 0 : index + 1U; i < dirty_log_entries; ++i)
		kernel::kvm_vcpu_mark_page_dirty(&vcpu.kvm, vcpu.dirty_log[i] >> page_shift);
	write(vcpu.current(), f::pml_index, empty);
}

int handle_pml_full(Vcpu &vcpu)
{
	const auto full = decode::PmlFull::decode(exit_qualification(vcpu));

	kernel::trace_pml_full(static_cast<unsigned>(vcpu.kvm.vcpu_id));
	// The log is empty already.
	block_nmi_again(vcpu, full.iret_unblocked_nmi);
	return result_of(ExitAction::resume);
}

} // namespace backend
