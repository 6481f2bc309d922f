// SPDX-License-Identifier: GPL-2.0-only
#pragma once

#include "backend/setup.hpp"
#include "backend/vcpu/vcpu.hpp"

/// What a CPU without unrestricted guest cannot run, and how it runs all the same.
///
/// Such a CPU enters a guest only with CR0.PE and CR0.PG set. Real mode runs as a virtual-8086
/// task, whose exceptions all exit; a guest without paging runs on an identity map under EPT, or on
/// shadow pages. Where segments have no form that VM entry takes, kvm.ko's emulator runs the guest
/// until they have.
namespace backend {

/// The flags that real mode has no use for, and a virtual-8086 task must have.
inline constexpr u64 virtual_8086_flags = rflags::vm | rflags::iopl;

/// The TSS of real mode's virtual-8086 task: three pages at an address that userspace chooses.
int set_tss_address(kernel::kvm *kvm, unsigned int address);

/// Where the page tables of a guest without paging go: one page.
int set_identity_map_address(kernel::kvm *kvm, u64 address);

/// Page tables of a guest without paging, under EPT. Once for each VM. @return 0 or -errno.
[[nodiscard]] int create_identity_map(Vm &vm);

/// CR0.PE has become clear, or set. Segments and RFLAGS in the VMCS follow.
void enter_real_mode(Vcpu &vcpu);
void leave_real_mode(Vcpu &vcpu);

/// A segment register as the architecture has it goes into the VMCS.
void write_restricted_segment(Vcpu &vcpu, field::Segment which, check::SegmentState value);

/// Whether VM entry would refuse the guest as it is.
bool not_enterable(Vcpu &vcpu);

inline bool emulation_required(Vcpu &vcpu)
{
	return !setup().features.unrestricted_guest && not_enterable(vcpu);
}

/// Instead of an exit's handler. @return as one.
int emulate_guest(Vcpu &vcpu);

/// An exception in a guest whose segments VM entry refuses cannot be delivered by anybody. @return
/// true, with KVM_EXIT_INTERNAL_ERROR filled in.
bool refuse_any_exception(Vcpu &vcpu);
inline bool refuse_exception(Vcpu &vcpu)
{
	const auto &exception = vcpu.kvm.arch.exception;

	return (exception.pending || exception.injected) && refuse_any_exception(vcpu);
}

/// An exception of the virtual-8086 task that real mode runs as. @return as an exit's handler.
int handle_real_mode_exception(Vcpu &vcpu, u8 vector, u32 error_code);

} // namespace backend
