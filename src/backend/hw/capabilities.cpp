// SPDX-License-Identifier: GPL-2.0-only
#include "backend/hw/capabilities.hpp"

#include "backend/setup.hpp"
#include "kernel/cpu.hpp"
#include "kernel/msr.hpp"

namespace hw {

using namespace vmx;

namespace {

void cpuid(u32 leaf, u32 subleaf, u32 *r)
{
	asm volatile("cpuid"
		     : "=a"(r[0]), "=b"(r[1]), "=c"(r[2]), "=d"(r[3])
		     : "a"(leaf), "c"(subleaf));
}

/// Which MSRs exist follows from the others (SDM, appendix "VMX Capability Reporting Facility");
/// asking for one that does not costs a fault that is handled, and tells the rules more than an
/// assumption.
void read_msrs(VmxCapabilities &caps)
{
	for (const auto &info : capability_msrs) {
		unsigned long value;

		if (!kernel::rdmsr_safe(static_cast<u32>(info.msr), value))
			caps.set(info.msr, value);
	}
}

} // namespace

VmxCapabilities read_capabilities()
{
	VmxCapabilities caps{};

	read_msrs(caps);
	caps.cpu = vmx::Cpu::read(cpuid);
	return caps;
}

bool cpuid_has_vmx()
{
	u32 registers[4];

	cpuid(1, 0, registers);
	return registers[2] >> 5 & 1;
}

unsigned physical_address_bits()
{
	u32 registers[4];

	cpuid(0x80000000, 0, registers);
	if (registers[0] < 0x80000008)
		return 36;
	cpuid(0x80000008, 0, registers);
	return registers[0] & 0xff;
}

check::Limits entry_limits()
{
	const VmcsConfig &config = setup().config;

	return {.cr0_fixed0 = config.cr0_fixed0,
		.cr0_fixed1 = config.cr0_fixed1,
		.cr4_fixed0 = config.cr4_fixed0,
		.cr4_fixed1 = config.cr4_fixed1,
		.physical_bits = static_cast<u8>(physical_address_bits()),
		.linear_bits = kernel::boot_cpu_data.x86_virt_bits,
		.rtm = kernel::cpu_has(kernel::X86_FEATURE_RTM),
		.sgx = kernel::cpu_has(kernel::X86_FEATURE_SGX),
		.bus_lock_detect = kernel::cpu_has(kernel::X86_FEATURE_BUS_LOCK_DETECT)};
}

} // namespace hw
