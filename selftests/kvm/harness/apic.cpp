// SPDX-License-Identifier: GPL-2.0-only
#include "apic.hpp"

namespace kvm {

Vm machine_with_apic()
{
	Vm vm;
	vm.create_irqchip();
	return vm;
}

void start_with_apic(const Vm &vm, const Vcpu &vcpu, const Code &code)
{
	constexpr std::uint32_t x2apic = 1 << 21, tsc_deadline = 1 << 24, id_shift = 24;

	start(vm, vcpu, code);
	kvm_regs regs = vcpu.regs();
	regs.rflags = rflags_fixed;
	vcpu.set(regs);

	Cpuid table = Cpuid::supported();
	auto &leaf = *table.find(1);
	leaf.ecx |= x2apic | tsc_deadline;
	leaf.ebx = (leaf.ebx & 0x00ffffff) | vcpu.id() << id_shift;
	vcpu.set_cpuid(table);
}

void start_with_apic(const Vm &vm, const Vcpu &vcpu, const Code &code, unsigned vector,
		     const char *handler)
{
	start_with_apic(vm, vcpu, code);
	set_gate(vm, 64, vector, code.at(handler));
}

} // namespace kvm
