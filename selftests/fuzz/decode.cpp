// SPDX-License-Identifier: GPL-2.0-only
// Exit qualifications and instruction information: each part in its bounds, whatever the number.
#include "core/decode/memory_operand.hpp"
#include "core/decode/qualification.hpp"
#include "fuzz.hpp"

namespace fuzz {

namespace {

using namespace vmx::decode;

void operand(u32 info, Input &input)
{
	const MemoryOperand it = MemoryOperand::decode(info);
	const u64 displacement = input.take<u64>(), base = input.take<u64>(),
		  index = input.take<u64>();
	const u64 offset = it.offset(displacement, base, index);

	MUST(it.scale < 4 && it.segment < 8);
	MUST(it.index < 16 && it.base < 16 && it.register_operand < 16);
	MUST(it.address_size == 2 || it.address_size == 4 || it.address_size == 8);
	MUST(it.address_size == 8 || offset < bit(8 * it.address_size));
	if (!it.has_base)
		MUST(it.offset(displacement, ~base, index) == offset);
	if (!it.has_index)
		MUST(it.offset(displacement, base, ~index) == offset);
}

void limits(Input &input)
{
	const u64 offset = input.take<u32>();
	const u32 size = 1 + input.take<u8>() % 16, limit = input.take<u32>();

	for (const bool big : {false, true}) {
		const bool up = within_limit(offset, size, limit, false, big);
		const bool down = within_limit(offset, size, limit, true, big);

		// A byte lies on one side of the limit.
		MUST(!(up && down));
		MUST(up == (offset + size - 1 <= limit));
	}
}

void qualifications(u64 q)
{
	const CrAccess cr = CrAccess::decode(q);
	const DrAccess dr = DrAccess::decode(q);
	const IoAccess io = IoAccess::decode(q);
	const ApicAccess apic = ApicAccess::decode(q);
	const EptViolation ept = EptViolation::decode(q);
	const TaskSwitch task = TaskSwitch::decode(q);

	MUST(cr.cr < 16 && cr.gpr < 16 && cr.kind <= CrAccess::Kind::lmsw);
	MUST(dr.dr < 8 && dr.gpr < 16);
	MUST(io.size >= 1 && io.size <= 8);
	MUST(apic.offset < 4096 && static_cast<u8>(apic.kind) < 16);
	MUST(!apic.is_write() || apic.by_instruction());
	MUST(ept.present() == ((q & 0x38) != 0));
	MUST(task.source <= TaskSwitch::Source::task_gate);
	MUST(PmlFull::decode(q).iret_unblocked_nmi == Notify::decode(q).iret_unblocked_nmi);
}

} // namespace

void fuzz(Input input)
{
	const u64 number = input.take<u64>();

	qualifications(number);
	operand(static_cast<u32>(number), input);
	limits(input);
}

} // namespace fuzz
