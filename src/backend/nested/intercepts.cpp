// SPDX-License-Identifier: GPL-2.0-only
#include "backend/nested/intercepts.hpp"

#include "backend/exit/exceptions.hpp"
#include "backend/nested/direct_flush.hpp"
#include "backend/nested/guest_mode.hpp"
#include "backend/nested/msr_bitmap.hpp"
#include "backend/vcpu/registers.hpp"
#include "core/decode/memory_operand.hpp"
#include "core/decode/qualification.hpp"
#include "kernel/cpu.hpp"

namespace backend::nested {

namespace {

bool is_exception_for_l0(Vcpu &vcpu)
{
	const Interruption why = vcpu.exit.interruption;
	const u32 debug = vcpu.kvm.guest_debug;

	if (why.is(EventType::nmi) || why.is_exception(vector::mc))
		return true;
	switch (why.vector()) {
	case vector::pf:
		// Shadow paging, or a fault that a smaller physical address width would make: only
		// if it remains L2's does L1 hear of it, then by way of kvm.ko.
		return is_page_fault_for_host(vcpu);
	case vector::db:
		return debug & (kernel::KVM_GUESTDBG_SINGLESTEP | kernel::KVM_GUESTDBG_USE_HW_BP);
	case vector::bp:
		return debug & kernel::KVM_GUESTDBG_USE_SW_BP;
	case vector::ac:
		return is_split_lock(vcpu);
	default:
		return false;
	}
}

bool wants_cr_access(Vcpu &vcpu)
{
	using Kind = decode::CrAccess::Kind;
	const auto access = decode::CrAccess::decode(exit_qualification(vcpu));
	const Primary controls = primary12(vcpu);
	const Vmcs12 &vmcs12 = *vcpu.nested.vmcs12;

	switch (access.kind) {
	case Kind::mov_to_cr: {
		const u64 value = gpr(vcpu, access.gpr);

		switch (access.cr) {
		case 0:
			return vmcs12.cr0_guest_host_mask & (value ^ vmcs12.cr0_read_shadow);
		case 3:
			// The vmcs12 has no CR3-target values.
			return controls.has(primary::cr3_load_exiting);
		case 4:
			return vmcs12.cr4_guest_host_mask & (value ^ vmcs12.cr4_read_shadow);
		case 8:
			return controls.has(primary::cr8_load_exiting);
		default:
			return false;
		}
	}
	case Kind::mov_from_cr:
		return controls.has(access.cr == 3 ? primary::cr3_store_exiting
						   : primary::cr8_store_exiting);
	case Kind::clts:
		return vmcs12.cr0_guest_host_mask & vmcs12.cr0_read_shadow & cr0::ts;
	case Kind::lmsw: {
		// PE can only be set; MP, EM and TS either way.
		constexpr u64 both_ways = cr0::mp | cr0::em | cr0::ts;
		const u64 owned = vmcs12.cr0_guest_host_mask;
		const u64 source = access.lmsw_source;

		return (owned & both_ways & (source ^ vmcs12.cr0_read_shadow)) ||
		       (owned & source & ~vmcs12.cr0_read_shadow & cr0::pe);
	}
	}
	return false;
}

bool wants_io(Vcpu &vcpu)
{
	const auto access = decode::IoAccess::decode(exit_qualification(vcpu));

	return l1_intercepts_io(vcpu, access.port, access.size);
}

bool wants_msr(Vcpu &vcpu, hw::MsrBitmap::Access access)
{
	return l1_intercepts_msr(vcpu, static_cast<u32>(vcpu.kvm.arch.regs[kernel::VCPU_REGS_RCX]),
				 access);
}

/// VMREAD and VMWRITE exit unless L1's bitmaps say otherwise (SDM, "VMREAD-Bitmap and
/// VMWRITE-Bitmap Addresses").
bool wants_field_access(Vcpu &vcpu, u64 bitmap)
{
	constexpr u64 bitmap_bits = 0x8000;

	if (!secondary12(vcpu).has(secondary::vmcs_shadowing))
		return true;
	const auto operands =
		decode::FieldOperands::decode(read(vcpu.current(), f::exit_instruction_info));
	const u64 field = gpr(vcpu, operands.encoding);

	return field >= bitmap_bits || bit_in_guest(vcpu, bitmap, static_cast<u32>(field));
}

bool wants_xsaves(const Vcpu &vcpu)
{
	// IA32_XSS of a guest is 0, so that no bit of the bitmap can ever count.
	return vcpu.nested.vmcs12->xss_exiting_bitmap & vcpu.kvm.arch.ia32_xss;
}

/// SDM, "ENCLS-Exiting Bitmap".
bool wants_encls(const Vcpu &vcpu)
{
	constexpr u32 all_above = 63;
	const u32 leaf = static_cast<u32>(vcpu.kvm.arch.regs[kernel::VCPU_REGS_RAX]);

	return secondary12(vcpu).has(secondary::encls_exiting) &&
	       vcpu.nested.vmcs12->encls_exiting_bitmap >> (leaf < all_above ? leaf : all_above) &
		       1;
}

/// Apart, so that an L1 without I/O bitmaps does not pay for the frame.
[[gnu::noinline]] bool io_bitmaps_have(Vcpu &vcpu, u16 port, u32 size)
{
	constexpr u32 ports_in_a = 0x8000;
	const Vmcs12 &vmcs12 = *vcpu.nested.vmcs12;

	for (u32 i = 0; i < size; ++i) {
		const u32 at = u32{port} + i;

		// Wrapping around the ports exits.
		if (at > 0xffff ||
		    bit_in_guest(vcpu, at < ports_in_a ? vmcs12.io_bitmap_a : vmcs12.io_bitmap_b,
				 at % ports_in_a))
			return true;
	}
	return false;
}

} // namespace

bool is_for_l0(Vcpu &vcpu)
{
	switch (vcpu.exit.reason.basic()) {
	case Reason::exception_nmi:
		return is_exception_for_l0(vcpu);
	case Reason::external_interrupt:
	case Reason::machine_check:
	case Reason::pml_full:
	case Reason::preemption_timer:
	case Reason::bus_lock:
	case Reason::notify:
		return true;
	case Reason::ept_violation:
	case Reason::ept_misconfig:
		// Of kvm.ko's tables. What L1's own say turns up when they are walked.
		return true;
	case Reason::vmcall:
		return is_direct_flush(vcpu);
	case Reason::vmfunc:
		// Never enabled in vmcs02: done in software.
		return secondary12(vcpu).has(secondary::enable_vmfunc);
	case Reason::apic_access:
		return !secondary12(vcpu).has(secondary::virtualize_apic_accesses);
	default:
		return false;
	}
}

bool l1_intercepts_exception(const Vcpu &vcpu, u8 vector, u32 error_code)
{
	const Vmcs12 &vmcs12 = *vcpu.nested.vmcs12;
	bool wanted = vmcs12.exception_bitmap >> (vector & 31) & 1;

	if (vector == vector::pf &&
	    (error_code & vmcs12.page_fault_error_code_mask) != vmcs12.page_fault_error_code_match)
		wanted = !wanted;
	return wanted;
}

u32 merge_exception_bitmap(Vcpu &vcpu, u32 l0)
{
	const Vmcs12 &vmcs12 = *vcpu.nested.vmcs12;
	// With a need of its own L0 takes all page faults, and looks at the error code itself.
	const bool all = l0 >> vector::pf & 1;

	write(vcpu.current(), f::page_fault_error_code_mask,
	      all ? 0 : vmcs12.page_fault_error_code_mask);
	write(vcpu.current(), f::page_fault_error_code_match,
	      all ? 0 : vmcs12.page_fault_error_code_match);
	return l0 | vmcs12.exception_bitmap;
}

bool l1_intercepts_io(Vcpu &vcpu, u16 port, u32 size)
{
	if (!primary12(vcpu).has(primary::use_io_bitmaps))
		return primary12(vcpu).has(primary::unconditional_io_exiting);
	return io_bitmaps_have(vcpu, port, size);
}

bool l1_wants(Vcpu &vcpu)
{
	using Access = hw::MsrBitmap::Access;
	const Primary controls = primary12(vcpu);
	const Secondary more = secondary12(vcpu);

	switch (vcpu.exit.reason.basic()) {
	case Reason::exception_nmi:
		return l1_intercepts_exception(
			vcpu, vcpu.exit.interruption.vector(),
			vcpu.exit.interruption.has_error_code()
				? read(vcpu.current(), f::exit_interruption_error_code)
				: 0);
	case Reason::interrupt_window:
		return controls.has(primary::interrupt_window_exiting);
	case Reason::nmi_window:
		return controls.has(primary::nmi_window_exiting);
	case Reason::hlt:
		return controls.has(primary::hlt_exiting);
	case Reason::invlpg:
		return controls.has(primary::invlpg_exiting);
	case Reason::rdpmc:
		return controls.has(primary::rdpmc_exiting);
	case Reason::rdtsc:
	case Reason::rdtscp:
		return controls.has(primary::rdtsc_exiting);
	case Reason::umwait:
	case Reason::tpause:
		return controls.has(primary::rdtsc_exiting) &&
		       more.has(secondary::enable_user_wait_pause);
	case Reason::vmread:
		return wants_field_access(vcpu, vcpu.nested.vmcs12->vmread_bitmap);
	case Reason::vmwrite:
		return wants_field_access(vcpu, vcpu.nested.vmcs12->vmwrite_bitmap);
	case Reason::cr_access:
		return wants_cr_access(vcpu);
	case Reason::mov_dr:
		return controls.has(primary::mov_dr_exiting);
	case Reason::io_instruction:
		return wants_io(vcpu);
	case Reason::rdmsr:
		return wants_msr(vcpu, Access::read);
	case Reason::wrmsr:
		return wants_msr(vcpu, Access::write);
	case Reason::mwait:
		return controls.has(primary::mwait_exiting);
	case Reason::monitor:
		return controls.has(primary::monitor_exiting);
	case Reason::monitor_trap_flag:
		return controls.has(primary::monitor_trap_flag);
	case Reason::pause:
		return controls.has(primary::pause_exiting) ||
		       more.has(secondary::pause_loop_exiting);
	case Reason::gdtr_idtr:
	case Reason::ldtr_tr:
		return more.has(secondary::descriptor_table_exiting);
	case Reason::rdrand:
		return more.has(secondary::rdrand_exiting);
	case Reason::rdseed:
		return more.has(secondary::rdseed_exiting);
	case Reason::invpcid:
		return more.has(secondary::enable_invpcid) && controls.has(primary::invlpg_exiting);
	case Reason::wbinvd:
		return more.has(secondary::wbinvd_exiting);
	case Reason::xsaves:
	case Reason::xrstors:
		return wants_xsaves(vcpu);
	case Reason::encls:
		return wants_encls(vcpu);
	default:
		// What exits whatever the controls say, and what only L1's own controls bring
		// about.
		return true;
	}
}

} // namespace backend::nested
