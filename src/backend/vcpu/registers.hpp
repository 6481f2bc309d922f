// SPDX-License-Identifier: GPL-2.0-only
#pragma once

#include "backend/vcpu/vcpu.hpp"

/// kvm.ko's register cache: arch.regs and friends are filled from the VMCS on demand (`regs_avail`)
/// and written back before an entry (`regs_dirty`). The protocol is that of kvm.ko's own accessors.
namespace backend {

void cache_register(kernel::kvm_vcpu *kvm, kernel::kvm_reg reg);

/// What an exit leaves in the VMCS until somebody asks for it.
inline constexpr u32 lazily_read =
	1U << kernel::VCPU_REGS_RIP | 1U << kernel::VCPU_REGS_RSP |
	1U << kernel::VCPU_EXREG_RFLAGS | 1U << kernel::VCPU_EXREG_PDPTR |
	1U << kernel::VCPU_EXREG_SEGMENTS | 1U << kernel::VCPU_EXREG_CR0 |
	1U << kernel::VCPU_EXREG_CR3 | 1U << kernel::VCPU_EXREG_CR4 |
	1U << kernel::VCPU_EXREG_EXIT_INFO_1 | 1U << kernel::VCPU_EXREG_EXIT_INFO_2;

inline bool available(const Vcpu &vcpu, kernel::kvm_reg reg)
{
	return vcpu.kvm.arch.regs_avail & 1U << reg;
}

inline void mark_available(Vcpu &vcpu, kernel::kvm_reg reg)
{
	vcpu.kvm.arch.regs_avail |= 1U << reg;
}

inline void mark_dirty(Vcpu &vcpu, kernel::kvm_reg reg)
{
	vcpu.kvm.arch.regs_avail |= 1U << reg;
	vcpu.kvm.arch.regs_dirty |= 1U << reg;
}

inline bool dirty(const Vcpu &vcpu, kernel::kvm_reg reg)
{
	return vcpu.kvm.arch.regs_dirty & 1U << reg;
}

inline u64 rip(Vcpu &vcpu)
{
	if (!available(vcpu, kernel::VCPU_REGS_RIP)) {
		mark_available(vcpu, kernel::VCPU_REGS_RIP);
		vcpu.kvm.arch.regs[kernel::VCPU_REGS_RIP] = read(vcpu.current(), f::guest_rip);
	}
	return vcpu.kvm.arch.regs[kernel::VCPU_REGS_RIP];
}

inline void set_rip(Vcpu &vcpu, u64 value)
{
	vcpu.kvm.arch.regs[kernel::VCPU_REGS_RIP] = value;
	mark_dirty(vcpu, kernel::VCPU_REGS_RIP);
}

inline u64 rsp(Vcpu &vcpu)
{
	if (!available(vcpu, kernel::VCPU_REGS_RSP)) {
		mark_available(vcpu, kernel::VCPU_REGS_RSP);
		vcpu.kvm.arch.regs[kernel::VCPU_REGS_RSP] = read(vcpu.current(), f::guest_rsp);
	}
	return vcpu.kvm.arch.regs[kernel::VCPU_REGS_RSP];
}

inline u64 exit_qualification(Vcpu &vcpu)
{
	if (!available(vcpu, kernel::VCPU_EXREG_EXIT_INFO_1)) {
		mark_available(vcpu, kernel::VCPU_EXREG_EXIT_INFO_1);
		vcpu.kvm.arch.exit_qualification = read(vcpu.current(), f::exit_qualification);
	}
	return vcpu.kvm.arch.exit_qualification;
}

inline void cache_cr0(Vcpu &vcpu)
{
	auto &arch = vcpu.kvm.arch;

	mark_available(vcpu, kernel::VCPU_EXREG_CR0);
	arch.cr0 = (arch.cr0 & ~arch.cr0_guest_owned_bits) |
		   (read(vcpu.current(), f::guest_cr0) & arch.cr0_guest_owned_bits);
}

inline u64 cr0_bits(Vcpu &vcpu, u64 mask)
{
	if (mask & vcpu.kvm.arch.cr0_guest_owned_bits && !available(vcpu, kernel::VCPU_EXREG_CR0))
		cache_cr0(vcpu);
	return vcpu.kvm.arch.cr0 & mask;
}

inline void cache_cr4(Vcpu &vcpu)
{
	auto &arch = vcpu.kvm.arch;

	mark_available(vcpu, kernel::VCPU_EXREG_CR4);
	arch.cr4 = (arch.cr4 & ~arch.cr4_guest_owned_bits) |
		   (read(vcpu.current(), f::guest_cr4) & arch.cr4_guest_owned_bits);
}

inline u64 cr4_bits(Vcpu &vcpu, u64 mask)
{
	if (mask & vcpu.kvm.arch.cr4_guest_owned_bits && !available(vcpu, kernel::VCPU_EXREG_CR4))
		cache_cr4(vcpu);
	return vcpu.kvm.arch.cr4 & mask;
}

inline u64 cr3(Vcpu &vcpu)
{
	if (!available(vcpu, kernel::VCPU_EXREG_CR3))
		cache_register(&vcpu.kvm, kernel::VCPU_EXREG_CR3);
	return vcpu.kvm.arch.cr3;
}

inline bool protected_mode(Vcpu &vcpu)
{
	return cr0_bits(vcpu, cr0::pe);
}

inline bool paging(Vcpu &vcpu)
{
	return cr0_bits(vcpu, cr0::pg);
}

inline bool long_mode(const Vcpu &vcpu)
{
	return vcpu.kvm.arch.efer & efer::lma;
}

inline bool pae_paging(Vcpu &vcpu)
{
	return !long_mode(vcpu) && paging(vcpu) && cr4_bits(vcpu, cr4::pae);
}

/// Whether an address is one that the guest's paging can have: with CR4.LA57, five levels of it.
inline bool canonical_for(Vcpu &vcpu, u64 address)
{
	return canonical(address, cr4_bits(vcpu, cr4::la57) ? 57 : 48);
}

/// The same for the first and the last byte of an operand.
inline bool canonical_for(Vcpu &vcpu, u64 first, u64 last)
{
	const u8 bits = cr4_bits(vcpu, cr4::la57) ? 57 : 48;

	return canonical(first, bits) && canonical(last, bits);
}

bool in_64bit_code(Vcpu &vcpu);

/// A general register as the guest's mode shows it. `gpr` is 0..15 in the SDM's order.
inline u64 gpr(Vcpu &vcpu, u8 gpr)
{
	// RSP alone of the sixteen lives in the VMCS.
	const u64 value = gpr == kernel::VCPU_REGS_RSP ? rsp(vcpu) : vcpu.kvm.arch.regs[gpr & 15];

	return in_64bit_code(vcpu) ? value : static_cast<u32>(value);
}

inline void set_gpr(Vcpu &vcpu, u8 gpr, u64 value)
{
	vcpu.kvm.arch.regs[gpr & 15] = in_64bit_code(vcpu) ? value : static_cast<u32>(value);
	mark_dirty(vcpu, static_cast<kernel::kvm_reg>(gpr & 15));
}

} // namespace backend
