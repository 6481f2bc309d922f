// SPDX-License-Identifier: GPL-2.0-only
//
// INVEPT and INVVPID of L1.
#include "backend/nested/instructions.hpp"

#include "backend/exit/handler.hpp"
#include "backend/hw/tlb.hpp"
#include "backend/nested/guest_mode.hpp"
#include "backend/nested/mmu.hpp"
#include "backend/nested/operand.hpp"
#include "backend/nested/outcome.hpp"
#include "backend/setup.hpp"
#include "backend/vcpu/registers.hpp"
#include "core/check/check.hpp"
#include "core/decode/memory_operand.hpp"

namespace backend::nested {

namespace {

struct Descriptor {
	u64 low, high;
};

enum class Invept : u64 { single = 1, all = 2 };
enum class Invvpid : u64 { address = 0, single = 1, all = 2, single_noglobal = 3 };

bool offers(const Vcpu &vcpu, EptVpidCap what)
{
	return vcpu.nested.capabilities.shown.ept_vpid().has(what);
}

bool offers(const Vcpu &vcpu, Invept type)
{
	return (type == Invept::single && offers(vcpu, ept_vpid_cap::invept_single)) ||
	       (type == Invept::all && offers(vcpu, ept_vpid_cap::invept_all));
}

bool offers(const Vcpu &vcpu, Invvpid type)
{
	return (type == Invvpid::address && offers(vcpu, ept_vpid_cap::invvpid_address)) ||
	       (type == Invvpid::single && offers(vcpu, ept_vpid_cap::invvpid_single)) ||
	       (type == Invvpid::all && offers(vcpu, ept_vpid_cap::invvpid_all)) ||
	       (type == Invvpid::single_noglobal &&
		offers(vcpu, ept_vpid_cap::invvpid_single_noglobal));
}

/// The type and the descriptor. @return false where the handler's `result` is settled.
bool read_operands(Vcpu &vcpu, u64 &type, Descriptor &descriptor, int &result)
{
	const u32 info = read(vcpu.current(), f::exit_instruction_info);

	type = gpr(vcpu, decode::MemoryOperand::decode(info).register_operand);
	return read_memory(vcpu, info, &descriptor, sizeof(descriptor), result);
}

} // namespace

int handle_invept(Vcpu &vcpu)
{
	Descriptor descriptor;
	u64 type;
	int result;

	if (!offers(vcpu, ept_vpid_cap::invept))
		return handle_undefined(vcpu);
	if (!permitted(vcpu))
		return result_of(ExitAction::resume);
	if (!read_operands(vcpu, type, descriptor, result))
		return result;
	if (!offers(vcpu, Invept{type}))
		return finish(vcpu, fail(vcpu, InstructionError::invalid_operand));
	if (Invept{type} == Invept::all) {
		forget_all_ept(vcpu);
	} else {
		if (!check::is_ept_pointer(descriptor.low, vcpu.nested.limits))
			return finish(vcpu, fail(vcpu, InstructionError::invalid_operand));
		forget_ept(vcpu, descriptor.low);
	}
	return finish(vcpu, succeed);
}

int handle_invvpid(Vcpu &vcpu)
{
	Descriptor descriptor;
	u64 type;
	int result;

	if (!offers(vcpu, ept_vpid_cap::invvpid))
		return handle_undefined(vcpu);
	if (!permitted(vcpu))
		return result_of(ExitAction::resume);
	if (!read_operands(vcpu, type, descriptor, result))
		return result;

	const u64 vpid = descriptor.low & 0xffff, reserved = descriptor.low >> 16;
	const bool names_vpid = Invvpid{type} != Invvpid::all;

	if (!offers(vcpu, Invvpid{type}) || reserved || (names_vpid && !vpid) ||
	    (Invvpid{type} == Invvpid::address && !canonical_for(vcpu, descriptor.high)))
		return finish(vcpu, fail(vcpu, InstructionError::invalid_operand));

	// One tag stands for all of L1's, so that any type drops all there is of the last one. With
	// shadow paging the tables of L2 follow their guest's only when told to.
	hw::flush_vpid(vcpu.nested.vpid02 ? vcpu.nested.vpid02 : vcpu.vpid);
	if (!setup().features.ept)
		kernel::kvm_mmu_free_guest_mode_roots(vcpu.kvm.kvm, &vcpu.kvm.arch.root_mmu);
	return finish(vcpu, succeed);
}

} // namespace backend::nested
