// SPDX-License-Identifier: GPL-2.0-only
#include "vcpu.hpp"

namespace kvm {

const char *exit_name(std::uint32_t reason)
{
	static constexpr const char *names[] = {
		"UNKNOWN",
		"EXCEPTION",
		"IO",
		"HYPERCALL",
		"DEBUG",
		"HLT",
		"MMIO",
		"IRQ_WINDOW",
		"SHUTDOWN",
		"FAIL_ENTRY",
		"INTR",
		"SET_TPR",
		"TPR_ACCESS",
		"S390_SIEIC",
		"S390_RESET",
		"DCR",
		"NMI",
		"INTERNAL_ERROR",
		"OSI",
		"PAPR_HCALL",
		"S390_UCONTROL",
		"WATCHDOG",
		"S390_TSCH",
		"EPR",
		"SYSTEM_EVENT",
		"S390_STSI",
		"IOAPIC_EOI",
		"HYPERV",
		"ARM_NISV",
		"X86_RDMSR",
		"X86_WRMSR",
		"DIRTY_RING_FULL",
		"AP_RESET_HOLD",
		"X86_BUS_LOCK",
		"XEN",
	};
	return reason < std::size(names) ? names[reason] : "unknown";
}

namespace {

std::size_t run_size()
{
	return KVM_CALL(open_dev_kvm(), KVM_GET_VCPU_MMAP_SIZE);
}

} // namespace

Vcpu::Vcpu(const Vm &vm, unsigned id, WithCpuid cpuid)
    : id_(id),
      fd_(KVM_CALL(vm.fd(), KVM_CREATE_VCPU, static_cast<unsigned long>(id))),
      run_(run_size(), fd_.get())
{
	if (cpuid == WithCpuid::supported)
		set_cpuid(Cpuid::supported());
}

int Vcpu::try_run() const
{
	return fd_.try_call(KVM_RUN);
}

void Vcpu::run_to(std::uint32_t exit_reason, tap::Where where) const
{
	const int error = try_run();
	if (error)
		tap::fail(std::string("KVM_RUN: expected exit ") + exit_name(exit_reason) +
				  ", found errno " + strerror(error) + ", rip " +
				  tap::hex(regs().rip),
			  where);
	if (state().exit_reason != exit_reason)
		tap::fail(std::string("expected exit ") + exit_name(exit_reason) + ", found " +
				  describe_exit(),
			  where);
}

void Vcpu::complete_exit(tap::Where where) const
{
	state().immediate_exit = 1;
	const int error = try_run();
	state().immediate_exit = 0;
	tap::check_equal(error, EINTR, "errno of KVM_RUN with immediate_exit", where);
}

std::string Vcpu::describe_exit() const
{
	const kvm_run &run = state();
	std::string text = exit_name(run.exit_reason);

	switch (run.exit_reason) {
	case KVM_EXIT_IO:
		text += std::string(run.io.direction == KVM_EXIT_IO_IN ? " in" : " out") +
			" port " + tap::hex(run.io.port);
		break;
	case KVM_EXIT_MMIO:
		text += std::string(run.mmio.is_write ? " write" : " read") + " at " +
			tap::hex(run.mmio.phys_addr);
		break;
	case KVM_EXIT_FAIL_ENTRY:
		text += " hardware reason " +
			tap::hex(run.fail_entry.hardware_entry_failure_reason);
		break;
	case KVM_EXIT_INTERNAL_ERROR:
		text += " suberror " + std::to_string(run.internal.suberror) + " data";
		for (std::uint32_t i = 0; i < run.internal.ndata && i < 16; i++)
			text += " " + tap::hex(run.internal.data[i]);
		break;
	case KVM_EXIT_UNKNOWN:
		text += " hardware reason " + tap::hex(run.hw.hardware_exit_reason);
		break;
	}
	return text + ", rip " + tap::hex(regs().rip);
}

kvm_regs Vcpu::regs() const
{
	kvm_regs regs;
	KVM_CALL(fd_, KVM_GET_REGS, &regs);
	return regs;
}

kvm_sregs Vcpu::sregs() const
{
	kvm_sregs sregs;
	KVM_CALL(fd_, KVM_GET_SREGS, &sregs);
	return sregs;
}

kvm_sregs2 Vcpu::sregs2() const
{
	kvm_sregs2 sregs;
	KVM_CALL(fd_, KVM_GET_SREGS2, &sregs);
	return sregs;
}

kvm_mp_state Vcpu::mp_state() const
{
	kvm_mp_state state;
	KVM_CALL(fd_, KVM_GET_MP_STATE, &state);
	return state;
}

kvm_vcpu_events Vcpu::events() const
{
	kvm_vcpu_events events = {};
	KVM_CALL(fd_, KVM_GET_VCPU_EVENTS, &events);
	return events;
}

kvm_debugregs Vcpu::debugregs() const
{
	kvm_debugregs debugregs = {};
	KVM_CALL(fd_, KVM_GET_DEBUGREGS, &debugregs);
	return debugregs;
}

void Vcpu::set(const kvm_regs &regs) const
{
	KVM_CALL(fd_, KVM_SET_REGS, &regs);
}

void Vcpu::set(const kvm_sregs &sregs) const
{
	KVM_CALL(fd_, KVM_SET_SREGS, &sregs);
}

void Vcpu::set(const kvm_sregs2 &sregs) const
{
	KVM_CALL(fd_, KVM_SET_SREGS2, &sregs);
}

void Vcpu::set(const kvm_vcpu_events &events) const
{
	KVM_CALL(fd_, KVM_SET_VCPU_EVENTS, &events);
}

void Vcpu::set(const kvm_debugregs &debugregs) const
{
	KVM_CALL(fd_, KVM_SET_DEBUGREGS, &debugregs);
}

void Vcpu::set_mp_state(std::uint32_t state) const
{
	kvm_mp_state wanted = {state};
	KVM_CALL(fd_, KVM_SET_MP_STATE, &wanted);
}

void Vcpu::set_cpuid(const Cpuid &table) const
{
	KVM_CALL(fd_, KVM_SET_CPUID2, table.get());
}

int Vcpu::try_set(const kvm_sregs &sregs) const
{
	return fd_.try_call(KVM_SET_SREGS, &sregs);
}

bool Vcpu::try_get_msr(std::uint32_t index, std::uint64_t &value) const
{
	OneMsr msr(index, 0);
	const int taken = KVM_CALL(fd_, KVM_GET_MSRS, &msr);
	value = msr.entry.data;
	return taken == 1;
}

bool Vcpu::try_set_msr(std::uint32_t index, std::uint64_t value) const
{
	OneMsr msr(index, value);
	return KVM_CALL(fd_, KVM_SET_MSRS, &msr) == 1;
}

std::uint64_t Vcpu::msr(std::uint32_t index, tap::Where where) const
{
	std::uint64_t value;
	tap::check(try_get_msr(index, value), "KVM_GET_MSRS refused MSR " + tap::hex(index), where);
	return value;
}

void Vcpu::set_msr(std::uint32_t index, std::uint64_t value, tap::Where where) const
{
	tap::check(try_set_msr(index, value),
		   "KVM_SET_MSRS refused MSR " + tap::hex(index) + " = " + tap::hex(value), where);
}

} // namespace kvm
