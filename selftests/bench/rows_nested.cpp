// SPDX-License-Identifier: GPL-2.0-only
//
// The rows of nested VMX.
#include "harness/nested_evmcs.hpp"
#include "nested.hpp"

#include <sys/mman.h>

using namespace kvm;
using bench::untouched_by_l2;
namespace field = vmx::field;

GUEST_CONSTANT(exit_reason_field, 0x4402)
GUEST_CONSTANT(exit_interruption_info_field, 0x4404)
GUEST_CONSTANT(exit_instruction_length_field, 0x440c)
GUEST_CONSTANT(guest_rip_field, 0x681e)
GUEST_CONSTANT(guest_idtr_base_field, 0x6818)
// Where L1 has the addresses of its two VMCSs and of its VMXON region.
GUEST_CONSTANT(vmcs_pointer, 0x43100)
GUEST_CONSTANT(other_vmcs_pointer, 0x43108)
GUEST_CONSTANT(vmxon_pointer, 0x43110)
// A page that L1's EPT does not map.
GUEST_CONSTANT(missing_address, 0x5a000)

namespace {

static_assert(exit_reason_field == field::exit_reason.encoding &&
	      exit_interruption_info_field == field::exit_interruption_info.encoding &&
	      exit_instruction_length_field == field::exit_instruction_length.encoding &&
	      guest_rip_field == field::guest_rip.encoding &&
	      guest_idtr_base_field == field::guest_idtr_base.encoding);

// L1's handlers do what every hypervisor does: ask why, and let L2 go on behind the instruction.
// r8 to r10 are theirs.
#define READ_FIELD(name, target)                                                                   \
	"	mov $" #name "_field, %r8d\n"                                                      \
	"	vmread %r8, %" #target "\n"
#define ADVANCE_AND_RESUME                                                                         \
	READ_FIELD(guest_rip, r10)                                                                 \
	"	add %r9, %r10\n"                                                                         \
	"	vmwrite %r10, %r8\n"                                                                     \
	"	vmresume\n"                                                                              \
	"	out %al, $exit_port"

GUEST_CODE(skip_instruction, 64,
	   READ_FIELD(exit_reason, r9) READ_FIELD(exit_instruction_length, r9) ADVANCE_AND_RESUME);
// The store of the row is three bytes long, which an EPT violation does not tell.
GUEST_CODE(skip_store, 64, READ_FIELD(exit_reason, r9) "	mov $3, %r9d\n" ADVANCE_AND_RESUME);
GUEST_CODE(take_interrupt, 64,
	   READ_FIELD(exit_reason, r9)
		   READ_FIELD(exit_interruption_info, r9) "	mov $0x80b, %ecx\n"
							  "	xor %eax, %eax\n"
							  "	xor %edx, %edx\n"
							  "	wrmsr\n"
							  "	vmresume\n"
							  "	out %al, $exit_port");

// The same with an enlightened VMCS, at 70000H: loads and stores.
#define EVMCS_SKIP                                                                                 \
	"	mov 0x702b4, %r9d\n" /* exit reason */                                             \
	"	mov 0x702c8, %r9d\n" /* instruction length */                                      \
	"	mov 0x70330, %r10\n" /* RIP */                                                     \
	"	add %r9, %r10\n"                                                                         \
	"	mov %r10, 0x70330\n"
static_assert(evmcs_address == 0x70000);

// What L0 has marked as clean is clean: RIP never is.
GUEST_CODE(evmcs_skip, 64, EVMCS_SKIP "	vmresume\n	out %al, $exit_port");
// Nothing is.
GUEST_CODE(evmcs_skip_dirty, 64,
	   EVMCS_SKIP "	movl $0, 0x70338\n	vmresume\n	out %al, $exit_port");

void enlighten_msr_bitmap(L1 &l1, const Ept &)
{
	l1.at<std::uint32_t>(evmcs_address + evmcs::enlightenments_control) = evmcs::msr_bitmap;
}

void intercept_port(L1 &l1, const Ept &)
{
	l1.set(vmx::primary::use_io_bitmaps);
	l1.write(field::io_bitmap_a, io_bitmap_a_address);
	l1.write(field::io_bitmap_b, io_bitmap_b_address);
	l1.at<std::uint8_t>(io_bitmap_a_address + 0x21 / 8) = 1 << (0x21 % 8);
}

void intercept_msr(L1 &l1, const Ept &)
{
	l1.at<std::uint8_t>(msr_bitmap_address + 0x1a0 / 8) = 1 << (0x1a0 % 8);
}

void intercept_hlt(L1 &l1, const Ept &)
{
	l1.set(vmx::primary::hlt_exiting);
}

void take_interrupts(L1 &l1, const Ept &)
{
	l1.set(vmx::pin::external_interrupt_exiting);
	l1.set(vmx::exit::ack_interrupt_on_exit);
}

void unmap_page(L1 &, const Ept &ept)
{
	ept.page(missing_address) = 0;
}

// Present for L0, in pages of 4 KiB.
void have_untouched_memory(L1 &l1, const Ept &)
{
	void *memory = l1.vm().memory(untouched_by_l2);
	const std::size_t size = l1.memory_size() - untouched_by_l2;
	madvise(memory, size, MADV_NOHUGEPAGE);
	memset(memory, 1, size);
}

void have_pointers(L1 &l1, const Ept &)
{
	l1.at<std::uint32_t>(other_vmcs_address) = l1.revision();
	expect(l1.vmclear(other_vmcs_address), succeeds(), "VMCLEAR");
	l1.at<std::uint64_t>(vmcs_pointer) = vmcs_address;
	l1.at<std::uint64_t>(other_vmcs_pointer) = other_vmcs_address;
	l1.at<std::uint64_t>(vmxon_pointer) = vmxon_address;
}

void have_bad_control(L1 &l1, const Ept &)
{
	l1.write(field::cr3_target_count, 100);
}

// What L1 handles.
TIMED_GUEST(l2_cpuid, "", "",
	    "	xor %eax, %eax\n"
	    "	cpuid",
	    "", "");
TIMED_GUEST(l2_evmcs, "", "", "	vmcall", "", "");
TIMED_GUEST(l2_evmcs_bitmap, "", "", "	vmcall", "", "");
TIMED_GUEST(l2_evmcs_dirty, "", "", "	vmcall", "", "");
TIMED_GUEST(l2_vmcall, "", "", "	vmcall", "", "");
TIMED_GUEST(l2_hlt, "", "", "	hlt", "", "");
TIMED_GUEST(l2_in_l1, "", "", "	in $0x21, %al", "", "");
TIMED_GUEST(l2_rdmsr_l1, "	mov $0x1a0, %ecx", "", "	rdmsr", "", "");
TIMED_GUEST(l2_ept_l1, "	mov $missing_address, %ebx", "", "	movb $1, (%rbx)", "", "");
TIMED_GUEST(l2_interrupt, X2APIC_ON, "", WRITE_MSR(0x83f, 0, irq_vector), "", "");

// What L0 handles: L1 does not intercept it.
TIMED_GUEST(l2_in_l0, "", "", "	in $0x21, %al", "", "");
TIMED_GUEST(l2_rdmsr_l0, "	mov $0x1a0, %ecx", "", "	rdmsr", "", "");
TIMED_GUEST(l2_ept_l0, "	mov $untouched_by_l2, %ebx", "", "	movb $1, (%rbx)",
	    "	add $untouched_stride, %rbx", "");

TIMED_GUEST(l1_vmread, "	mov $guest_rip_field, %ecx", "", "	vmread %rcx, %rbx", "", "");
TIMED_GUEST(l1_vmwrite,
	    "	mov $guest_rip_field, %ecx\n"
	    "	vmread %rcx, %rbx",
	    "", "	vmwrite %rbx, %rcx", "", "");
TIMED_GUEST(l1_vmread_seldom, "	mov $guest_idtr_base_field, %ecx", "", "	vmread %rcx, %rbx",
	    "", "");
TIMED_GUEST(l1_vmwrite_seldom,
	    "	mov $guest_idtr_base_field, %ecx\n"
	    "	vmread %rcx, %rbx",
	    "", "	vmwrite %rbx, %rcx", "", "");
TIMED_GUEST(l1_vmptrld, "", "	vmptrld vmcs_pointer", "	vmptrld other_vmcs_pointer", "",
	    "");
TIMED_GUEST(l1_vmclear, "", "	vmptrld vmcs_pointer", "	vmclear vmcs_pointer", "", "");
TIMED_GUEST(l1_vmclear_other, "", "", "	vmclear other_vmcs_pointer", "", "");
TIMED_GUEST(l1_vmxon, "", "",
	    "	vmxoff\n"
	    "	vmxon vmxon_pointer",
	    "", "");
TIMED_GUEST(l1_vmlaunch_fails, "", "", "	vmlaunch", "", "");

TIMED_GUEST(l2_get_state, "", "", "	out %al, $get_state_port", "", "");
TIMED_GUEST(l2_set_state, "", "", "	out %al, $set_state_port", "", "");

} // namespace

// clang-format off
NESTED_ROW(l2_cpuid,          .title = "L2: CPUID, to L1",             .handler = &skip_instruction);
NESTED_ROW(l2_vmcall,         .title = "L2: VMCALL, to L1",            .handler = &skip_instruction);
NESTED_ROW(l2_evmcs,          .title = "L2: VMCALL, to L1 with an enlightened VMCS", .handler = &evmcs_skip,
	   .evmcs = true);
NESTED_ROW(l2_evmcs_bitmap,   .title = "L2: the same, with an enlightened MSR bitmap", .handler = &evmcs_skip,
	   .prepare = enlighten_msr_bitmap, .evmcs = true);
NESTED_ROW(l2_evmcs_dirty,    .title = "L2: the same, without clean fields", .handler = &evmcs_skip_dirty,
	   .evmcs = true);
NESTED_ROW(l2_hlt,            .title = "L2: HLT, to L1",               .handler = &skip_instruction,
	   .prepare = intercept_hlt);
NESTED_ROW(l2_in_l1,          .title = "L2: IN, to L1",                .handler = &skip_instruction,
	   .prepare = intercept_port);
NESTED_ROW(l2_rdmsr_l1,       .title = "L2: RDMSR, to L1",             .handler = &skip_instruction,
	   .prepare = intercept_msr);
NESTED_ROW(l2_ept_l1,         .title = "L2: EPT violation, to L1",     .handler = &skip_store,
	   .prepare = unmap_page);
NESTED_ROW(l2_interrupt,      .title = "L2: IPI to itself, interrupt to L1", .handler = &take_interrupt,
	   .prepare = take_interrupts, .exits = 3);
NESTED_ROW(l2_in_l0,          .title = "L2: IN from the PIC, to L0",   .handler = &skip_instruction);
NESTED_ROW(l2_rdmsr_l0,       .title = "L2: RDMSR, to L0",             .handler = &skip_instruction);
NESTED_ROW(l2_ept_l0,         .title = "L2: first touch of a page, to L0", .handler = &skip_instruction,
	   .prepare = have_untouched_memory, .memory = 40 << 20);
NESTED_ROW(l1_vmread,         .title = "L1: VMREAD, guest RIP",        .exits = 0);
NESTED_ROW(l1_vmwrite,        .title = "L1: VMWRITE, guest RIP",       .exits = 0);
NESTED_ROW(l1_vmread_seldom,  .title = "L1: VMREAD, guest IDTR base");
NESTED_ROW(l1_vmwrite_seldom, .title = "L1: VMWRITE, guest IDTR base");
NESTED_ROW(l1_vmptrld,        .title = "L1: VMPTRLD of another VMCS",  .prepare = have_pointers);
NESTED_ROW(l1_vmclear,        .title = "L1: VMCLEAR of the current VMCS", .prepare = have_pointers);
NESTED_ROW(l1_vmclear_other,  .title = "L1: VMCLEAR of another VMCS",  .prepare = have_pointers);
NESTED_ROW(l1_vmxon,          .title = "L1: VMXOFF and VMXON",         .prepare = have_pointers, .exits = 2);
NESTED_ROW(l1_vmlaunch_fails, .title = "L1: VMLAUNCH that fails a check of controls",
	   .prepare = have_bad_control);
NESTED_ROW(l2_get_state,      .title = "L2: OUT to userspace, KVM_GET_NESTED_STATE", .handler = &skip_instruction);
NESTED_ROW(l2_set_state,      .title = "L2: OUT, immediate_exit, KVM_SET_NESTED_STATE", .handler = &skip_instruction);

// Without a shadow VMCS of the CPU's.
static const bench::NestedRow
	l1_vmread_exits_row{.code = l1_vmread_guest, .title = "L1: VMREAD, guest RIP", .shadowed = false},
	l1_vmwrite_exits_row{.code = l1_vmwrite_guest, .title = "L1: VMWRITE, guest RIP", .shadowed = false},
	l2_cpuid_unshadowed_row{.code = l2_cpuid_guest, .title = "L2: CPUID, to L1",
				.handler = &skip_instruction, .shadowed = false};
NESTED_TEST(l1_vmread_exits);
NESTED_TEST(l1_vmwrite_exits);
NESTED_TEST(l2_cpuid_unshadowed);
// clang-format on
