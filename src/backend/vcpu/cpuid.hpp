// SPDX-License-Identifier: GPL-2.0-only
#pragma once

#include "backend/vcpu/vcpu.hpp"
#include "vmx/cpu.hpp"

/// The CPUID bits that VMX behaviour depends on.
namespace backend {

struct CpuidFeature {
	u32 function, index;
	CpuidRegister reg;
	u8 bit_number;
	u16 kernel_feature; ///< X86_FEATURE_*: a word of kvm_cpu_caps and boot_cpu_data, times 32,
			    ///< and the bit; sgx1 and sgx2 are elsewhere in kvm_cpu_caps
};

namespace cpuid {
// clang-format off
inline constexpr CpuidFeature
	vmx         {1,          0, CpuidRegister::ecx, 5,  kernel::X86_FEATURE_VMX},
	xsave       {1,          0, CpuidRegister::ecx, 26, kernel::X86_FEATURE_XSAVE},
	rdrand      {1,          0, CpuidRegister::ecx, 30, kernel::X86_FEATURE_RDRAND},
	mce         {1,          0, CpuidRegister::edx, 7,  kernel::X86_FEATURE_MCE},
	ds          {1,          0, CpuidRegister::edx, 21, kernel::X86_FEATURE_DS},
	dtes64      {1,          0, CpuidRegister::ecx, 2,  kernel::X86_FEATURE_DTES64},
	pdcm        {1,          0, CpuidRegister::ecx, 15, kernel::X86_FEATURE_PDCM},
	hle         {7,          0, CpuidRegister::ebx, 4,  kernel::X86_FEATURE_HLE},
	invpcid     {7,          0, CpuidRegister::ebx, 10, kernel::X86_FEATURE_INVPCID},
	rtm         {7,          0, CpuidRegister::ebx, 11, kernel::X86_FEATURE_RTM},
	mpx         {7,          0, CpuidRegister::ebx, 14, kernel::X86_FEATURE_MPX},
	rdseed      {7,          0, CpuidRegister::ebx, 18, kernel::X86_FEATURE_RDSEED},
	intel_pt    {7,          0, CpuidRegister::ebx, 25, kernel::X86_FEATURE_INTEL_PT},
	sgx         {7,          0, CpuidRegister::ebx, 2,  kernel::X86_FEATURE_SGX},
	umip        {7,          0, CpuidRegister::ecx, 2,  kernel::X86_FEATURE_UMIP},
	waitpkg     {7,          0, CpuidRegister::ecx, 5,  kernel::X86_FEATURE_WAITPKG},
	la57        {7,          0, CpuidRegister::ecx, 16, kernel::X86_FEATURE_LA57},
	bus_lock    {7,          0, CpuidRegister::ecx, 24, kernel::X86_FEATURE_BUS_LOCK_DETECT},
	sgx_lc      {7,          0, CpuidRegister::ecx, 30, kernel::X86_FEATURE_SGX_LC},
	rdpid       {7,          0, CpuidRegister::ecx, 22, kernel::X86_FEATURE_RDPID},
	spec_ctrl   {7,          0, CpuidRegister::edx, 26, kernel::X86_FEATURE_SPEC_CTRL},
	stibp       {7,          0, CpuidRegister::edx, 27, kernel::X86_FEATURE_INTEL_STIBP},
	flush_l1d   {7,          0, CpuidRegister::edx, 28, kernel::X86_FEATURE_FLUSH_L1D},
	intel_ssbd  {7,          0, CpuidRegister::edx, 31, kernel::X86_FEATURE_SPEC_CTRL_SSBD},
	xsaves      {0xd,        1, CpuidRegister::eax, 3,  kernel::X86_FEATURE_XSAVES},
	xfd         {0xd,        1, CpuidRegister::eax, 4,  kernel::X86_FEATURE_XFD},
	sgx1        {0x12,       0, CpuidRegister::eax, 0,  kernel::X86_FEATURE_SGX1},
	sgx2        {0x12,       0, CpuidRegister::eax, 1,  kernel::X86_FEATURE_SGX2},
	rdtscp      {0x80000001, 0, CpuidRegister::edx, 27, kernel::X86_FEATURE_RDTSCP},
	ibpb        {0x80000008, 0, CpuidRegister::ebx, 12, kernel::X86_FEATURE_AMD_IBPB},
	ssbd        {0x80000008, 0, CpuidRegister::ebx, 24, kernel::X86_FEATURE_AMD_SSBD};
// clang-format on
} // namespace cpuid

/// IA32_ARCH_CAPABILITIES.TSX_CTRL, IA32_MCG_CAP.MCG_CMCI_P and MCG_LMCE_P.
inline constexpr u64 arch_cap_tsx_ctrl = bit(7), mcg_cmci = bit(10), mcg_lmce = bit(27);

/// What userspace gave this vCPU.
bool guest_has(Vcpu &vcpu, const CpuidFeature &feature);

/// What the kernel uses on this machine.
bool host_has(const CpuidFeature &feature);

/// What kvm.ko offers to userspace (KVM_GET_SUPPORTED_CPUID), before and after this backend's say.
bool offered(const CpuidFeature &feature);
void offer(const CpuidFeature &feature, bool yes);

/// kvm.ko's list of what it can virtualise, cut down to what this configuration can. At load.
void set_cpu_caps();

void vcpu_after_set_cpuid(kernel::kvm_vcpu *kvm);

} // namespace backend
