// SPDX-License-Identifier: GPL-2.0-only
#include "backend/vcpu/real_mode.hpp"

#include "backend/exit/handler.hpp"
#include "backend/hw/capabilities.hpp"
#include "backend/vcpu/events.hpp"
#include "backend/vcpu/registers.hpp"
#include "backend/vcpu/segments.hpp"
#include "core/check/check.hpp"
#include "kernel/parameters.hpp"
#include "kernel/slots.hpp"

namespace backend {

namespace {

using check::SegmentState;
using field::Segment;

/// A 32-bit TSS with two bitmaps (SDM, "Interrupt and Exception Handling in Virtual-8086 Mode"):
/// all bits clear, every INT n goes through the table at address 0 and every I/O port is free, as
/// in real mode.
struct Tss {
	u8 state[0x66];
	u16 io_bitmap_offset;
	u8 interrupt_redirection[32];
	u8 io_bitmap[8192];
	u8 end; ///< all bits set, says the SDM
};
constexpr u32 tss_bytes = 0x66 + 2 + 32 + 8192 + 1;
static_assert(sizeof(Tss) >= tss_bytes && sizeof(Tss) <= 3 * kernel::PAGE_SIZE);

union TssPages {
	Tss tss;
	u8 pages[3 * kernel::PAGE_SIZE];
};

constexpr TssPages make_tss()
{
	TssPages image{};

	image.tss.io_bitmap_offset = 0x66 + 2 + 32;
	image.tss.end = 0xff;
	return image;
}
constinit const TssPages tss_image = make_tss();

/// 1024 pages of 4 MByte: present, writable, user, accessed, dirty, large.
struct IdentityMap {
	u32 entries[1024];
};

constexpr IdentityMap make_identity_map()
{
	constexpr u32 flags = 0xe7;
	IdentityMap map{};

	for (u32 i = 0; i < 1024; ++i)
		map.entries[i] = i << 22 | flags;
	return map;
}
constinit const IdentityMap identity_image = make_identity_map();

constexpr bool has_task_form(Segment which)
{
	return which != Segment::tr && which != Segment::ldtr;
}

constexpr Segment all_segments[] = {Segment::es, Segment::cs, Segment::ss,   Segment::ds,
				    Segment::fs, Segment::gs, Segment::ldtr, Segment::tr};

/// A segment of real mode as the virtual-8086 task has it.
SegmentState task_form(SegmentState s)
{
	s.rights = rights::virtual_8086;
	// With emulation off what does not fit is bent until it does. The base matters to code that
	// runs on after it has cleared CR0.PE, not the selector.
	if (!parameter_emulate_invalid_guest_state) {
		s.base &= 0xffff0;
		s.selector = static_cast<u16>(s.base >> 4);
		s.limit = rights::virtual_8086_limit;
	}
	return s;
}

/// The privilege that VM entry wants to see in selectors and access rights just after real mode: 0.
SegmentState without_rpl(SegmentState s)
{
	constexpr u32 dpl = 3 << 5;

	s.selector &= static_cast<u16>(~3);
	s.rights &= ~dpl;
	return s;
}

void write_task_register(Vcpu &vcpu)
{
	constexpr u32 busy_32 = 0x8b;

	write_segment(vcpu, Segment::tr, {vm_of(vcpu).tss_address, tss_bytes - 1, busy_32, 0});
}

void check_segments(Vcpu &vcpu)
{
	auto &real = vcpu.real_mode;
	check::State state{};

	// Until userspace has placed the TSS all of real mode is emulated.
	if (real.active && !__atomic_load_n(&vm_of(vcpu).has_tss, __ATOMIC_ACQUIRE)) {
		real.enterable = false;
		return;
	}
	if (real.active)
		write_task_register(vcpu);
	for (Segment which : all_segments)
		state[which] = read_segment(vcpu, which);
	// The processor's own: there is no entry with it clear.
	state.cr0 = cr0::pe;
	state.rflags = real.active ? virtual_8086_flags : get_rflags(&vcpu.kvm);
	if (long_mode(vcpu))
		state.entry |= entry::ia32e_mode_guest;
	real.enterable = !parameter_emulate_invalid_guest_state ||
			 check::segment_checks_hold(state, hw::entry_limits());
	real.checked = true;
}

/// One instruction, HLT included. @return as an exit's handler.
int emulate_instruction(kernel::kvm_vcpu &kvm)
{
	const int result = kernel::kvm_emulate_instruction(&kvm, 0);

	if (!result || !kvm.arch.halt_request)
		return result;
	kvm.arch.halt_request = 0;
	return kernel::kvm_emulate_halt_noskip(&kvm);
}

} // namespace

int set_tss_address(kernel::kvm *kvm, unsigned int address)
{
	Vm &vm = vm_of(kvm);

	if (setup().features.unrestricted_guest)
		return 0;

	const kernel::SlotsLocked guard(*kvm);

	if (const int error = kernel::add_private_slot(*kvm, kernel::TSS_PRIVATE_MEMSLOT, address,
						       sizeof(tss_image), &tss_image))
		return error;
	vm.tss_address = address;
	__atomic_store_n(&vm.has_tss, true, __ATOMIC_RELEASE);
	return 0;
}

int set_identity_map_address(kernel::kvm *kvm, u64 address)
{
	vm_of(kvm).identity_map_address = address;
	return 0;
}

int create_identity_map(Vm &vm)
{
	// Where the KVM API has it until userspace says otherwise (KVM_SET_IDENTITY_MAP_ADDR).
	constexpr u64 usual_place = 0xfffbc000;

	if (!setup().features.ept || setup().features.unrestricted_guest)
		return 0;

	const kernel::SlotsLocked guard(vm.kvm);

	if (vm.has_identity_map)
		return 0;
	if (!vm.identity_map_address)
		vm.identity_map_address = usual_place;
	const int error = kernel::add_private_slot(
		vm.kvm, kernel::IDENTITY_PAGETABLE_PRIVATE_MEMSLOT, vm.identity_map_address,
		sizeof(identity_image), &identity_image);
	vm.has_identity_map = !error;
	return error;
}

void enter_real_mode(Vcpu &vcpu)
{
	auto &real = vcpu.real_mode;
	const u64 flags = get_rflags(&vcpu.kvm);

	for (Segment which : all_segments)
		real.segments[static_cast<u32>(which)] = read_segment(vcpu, which);
	real.flags = flags & virtual_8086_flags;
	real.active = true;
	real.checked = false;
	for (Segment which : all_segments)
		if (has_task_form(which))
			write_segment(vcpu, which,
				      task_form(real.segments[static_cast<u32>(which)]));
	set_rflags(&vcpu.kvm, flags);
	update_exception_bitmap(&vcpu.kvm);
}

void leave_real_mode(Vcpu &vcpu)
{
	auto &real = vcpu.real_mode;
	const u64 flags = get_rflags(&vcpu.kvm);

	for (Segment which : all_segments) {
		const SegmentState state = architectural_segment(vcpu, which);

		write_segment(vcpu, which,
			      parameter_emulate_invalid_guest_state || !has_task_form(which)
				      ? state
				      : without_rpl(state));
	}
	real.active = false;
	real.checked = false;
	set_rflags(&vcpu.kvm, flags);
	update_exception_bitmap(&vcpu.kvm);
}

void write_restricted_segment(Vcpu &vcpu, Segment which, SegmentState value)
{
	auto &real = vcpu.real_mode;

	real.checked = false;
	if (!real.active) {
		write_segment(vcpu, which, value);
		return;
	}
	real.segments[static_cast<u32>(which)] = value;
	if (has_task_form(which))
		write_segment(vcpu, which, task_form(value));
	else if (which == Segment::ldtr)
		write_segment(vcpu, which, value);
}

bool not_enterable(Vcpu &vcpu)
{
	auto &real = vcpu.real_mode;

	if (!real.checked)
		check_segments(vcpu);
	return !real.enterable;
}

bool refuse_any_exception(Vcpu &vcpu)
{
	if (!emulation_required(vcpu) || vcpu.real_mode.active)
		return false;
	kernel::kvm_prepare_emulation_failure_exit(&vcpu.kvm);
	return true;
}

int emulate_guest(Vcpu &vcpu)
{
	kernel::kvm_vcpu &kvm = vcpu.kvm;

	// Bounded, so that signals and the scheduler get their turn in kvm.ko's loop.
	for (int left = 128; left && emulation_required(vcpu); --left) {
		if (refuse_exception(vcpu))
			return result_of(ExitAction::to_userspace);
		if (vcpu.vmcs().primary.get().has(primary::interrupt_window_exiting) &&
		    interrupt_allowed(&kvm, false))
			return handle_interrupt_window(vcpu);
		const int result = emulate_instruction(kvm);

		if (result != result_of(ExitAction::resume))
			return result;
		// kvm.ko acts on them before the next entry, and waits where the guest has halted.
		// Not asked before the first instruction: some come back at every entry.
		if (__atomic_load_n(&kvm.requests, __ATOMIC_RELAXED) ||
		    kvm.arch.mp_state != kernel::KVM_MP_STATE_RUNNABLE)
			break;
	}
	return result_of(ExitAction::resume);
}

int handle_real_mode_exception(Vcpu &vcpu, u8 vector, u32 error_code)
{
	kernel::kvm_vcpu &kvm = vcpu.kvm;

	switch (vector) {
	case vector::gp:
	case vector::ss:
		// Mostly an instruction that is privileged in a virtual-8086 task; where it is
		// not, the emulator finds the fault again.
		return emulate_instruction(kvm);
	case vector::bp:
	case vector::of:
		kvm.arch.event_exit_inst_len =
			static_cast<u8>(read(vcpu.current(), f::exit_instruction_length));
		break;
	default:
		break;
	}
	if (vcpu.exit.interruption.has_error_code())
		kernel::kvm_queue_exception_e(&kvm, vector, error_code);
	else
		kernel::kvm_queue_exception(&kvm, vector);
	return result_of(ExitAction::resume);
}

} // namespace backend
