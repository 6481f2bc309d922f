// SPDX-License-Identifier: GPL-2.0-only
#include "backend/vcpu/operand.hpp"

#include "backend/vcpu/registers.hpp"
#include "backend/vcpu/segments.hpp"

namespace backend {

using f::Segment;

namespace {

/// Of what the limit spans, and open to the access. A data or code segment, as those six registers
/// hold.
bool accessible(const kernel::kvm_segment &segment, Access access, u64 offset, u32 size,
		bool real_mode)
{
	constexpr u8 code = 8, readable_code = 2, writable_data = 2, expand_down = 4;
	const bool is_code = segment.type & code;

	if (real_mode)
		return decode::within_limit(offset, size, segment.limit, false, false);
	const bool open = access == Access::write ? !is_code && segment.type & writable_data
						  : !is_code || segment.type & readable_code;

	return !segment.unusable && open &&
	       decode::within_limit(offset, size, segment.limit,
				    !is_code && segment.type & expand_down, segment.db);
}

} // namespace

bool linear_address(Vcpu &vcpu, const decode::MemoryOperand &operand, u32 size, Access access,
		    u64 &address)
{
	// Six there are; the field has room for two more.
	const Segment number = operand.segment < 6 ? Segment{operand.segment} : Segment::ds;

	u64 base = 0, index = 0;

	if (operand.has_base)
		base = gpr(vcpu, operand.base);
	if (operand.has_index)
		index = gpr(vcpu, operand.index);
	return linear_address(vcpu, number, operand.offset(exit_qualification(vcpu), base, index),
			      size, access, address);
}

bool linear_address(Vcpu &vcpu, Segment number, u64 offset, u32 size, Access access, u64 &address)
{
	bool good;

	if (in_64bit_code(vcpu)) {
		// Of a segment nothing but the base counts, and that of FS and GS alone.
		const bool based = number == Segment::fs || number == Segment::gs;

		address = offset +
			  (based ? get_segment_base(&vcpu.kvm, static_cast<int>(number)) : 0);
		good = canonical_for(vcpu, address, address + size - 1);
	} else {
		kernel::kvm_segment segment;

		get_segment(&vcpu.kvm, &segment, static_cast<int>(number));
		address = static_cast<u32>(segment.base + offset);
		good = accessible(segment, access, offset, size, !protected_mode(vcpu));
	}
	if (!good)
		kernel::kvm_queue_exception_e(&vcpu.kvm,
					      number == Segment::ss ? vector::ss : vector::gp, 0);
	return good;
}

} // namespace backend
