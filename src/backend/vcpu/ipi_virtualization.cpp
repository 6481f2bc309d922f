// SPDX-License-Identifier: GPL-2.0-only
#include "backend/vcpu/ipi_virtualization.hpp"

#include "backend/setup.hpp"
#include "kernel/errno.hpp"
#include "kernel/page.hpp"
#include "kernel/vcpu.hpp"

namespace backend {

namespace {

/// SDM, "PID-Pointer Table": an entry is the physical address of a descriptor and this.
constexpr u64 valid = bit(0);

u64 table_size(const kernel::kvm &vm)
{
	return u64{vm.arch.max_vcpu_ids} * sizeof(u64);
}

void set_entry(Vcpu &vcpu, u64 entry)
{
	Vm &vm = vm_of(vcpu);

	// CPUs read it at any time.
	if (vm.pid_table && vcpu.kvm.arch.apic)
		__atomic_store_n(&vm.pid_table[vcpu.kvm.vcpu_id], entry, __ATOMIC_RELEASE);
}

} // namespace

int vcpu_precreate(kernel::kvm *kvm)
{
	Vm &vm = vm_of(kvm);

	// kvm->lock is held, and max_vcpu_ids final, from the first vCPU on.
	if (!setup().features.ipi_virtualization || vm.pid_table)
		return 0;
	vm.pid_table_size = table_size(*kvm);
	vm.pid_table = static_cast<u64 *>(kernel::allocate_contiguous(vm.pid_table_size));
	return vm.pid_table ? 0 : -kernel::ENOMEM;
}

void vm_destroy(kernel::kvm *kvm)
{
	Vm &vm = vm_of(kvm);

	if (vm.pid_table)
		kernel::free_contiguous(vm.pid_table, vm.pid_table_size);
	// Its vCPUs outlive it.
	vm.pid_table = nullptr;
}

void enter_pid_table(Vcpu &vcpu)
{
	set_entry(vcpu, kernel::physical(&vcpu.posted) | valid);
}

void leave_pid_table(Vcpu &vcpu)
{
	set_entry(vcpu, 0);
}

void initialise_ipi_virtualization(Vcpu &vcpu)
{
	const Vm &vm = vm_of(vcpu);

	if (!setup().features.ipi_virtualization)
		return;
	// 0 in any case: the word is active in every VMCS.
	vcpu.vmcs().tertiary.initialise(vcpu.current(), {});
	if (!vm.pid_table)
		return;
	write(vcpu.current(), f::pid_pointer_table_address, u64{kernel::physical(vm.pid_table)});
	write(vcpu.current(), f::last_pid_pointer_index,
	      static_cast<u16>(vcpu.kvm.kvm->arch.max_vcpu_ids - 1));
}

} // namespace backend
