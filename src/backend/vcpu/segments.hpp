// SPDX-License-Identifier: GPL-2.0-only
#pragma once

#include "backend/vcpu/vcpu.hpp"

/// Segment registers, descriptor tables and RFLAGS of the guest.
namespace backend {

u64 get_segment_base(kernel::kvm_vcpu *kvm, int seg);
void get_segment(kernel::kvm_vcpu *kvm, kernel::kvm_segment *segment, int seg);
void set_segment(kernel::kvm_vcpu *kvm, kernel::kvm_segment *segment, int seg);
int get_cpl(kernel::kvm_vcpu *kvm);
void get_cs_db_l_bits(kernel::kvm_vcpu *kvm, int *db, int *l);

void get_idt(kernel::kvm_vcpu *kvm, kernel::desc_ptr *table);
void set_idt(kernel::kvm_vcpu *kvm, kernel::desc_ptr *table);
void get_gdt(kernel::kvm_vcpu *kvm, kernel::desc_ptr *table);
void set_gdt(kernel::kvm_vcpu *kvm, kernel::desc_ptr *table);

unsigned long get_rflags(kernel::kvm_vcpu *kvm);
void set_rflags(kernel::kvm_vcpu *kvm, unsigned long value);
bool get_if_flag(kernel::kvm_vcpu *kvm);

/// A segment register as the VMCS has it, cached, and as the architecture has it: in real mode
/// without unrestricted guest the VMCS has those of a virtual-8086 task.
check::SegmentState read_segment(Vcpu &vcpu, field::Segment which);
check::SegmentState architectural_segment(Vcpu &vcpu, field::Segment which);

void write_segment(Vcpu &vcpu, field::Segment which, check::SegmentState value);

/// CS access rights in the VMCS format, cached.
u32 code_segment_rights(Vcpu &vcpu);

/// All segments as after RESET and INIT (SDM, "Processor State After Reset").
void reset_segments(Vcpu &vcpu);

} // namespace backend
