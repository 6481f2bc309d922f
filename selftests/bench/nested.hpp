// SPDX-License-Identifier: GPL-2.0-only
//
// Rows of nested VMX. A guest that times itself, as in any other row, but it is L2, or L1 with a
// VMCS that is ready to run. L1's VM-exit handler is guest code as well, and part of the number.
#pragma once

#include "harness/nested_ept.hpp"
#include "row.hpp"

namespace bench {

// Answered by the benchmark with KVM_GET_NESTED_STATE.
GUEST_CONSTANT(get_state_port, 0x78)
// Answered with KVM_SET_NESTED_STATE of what the first of them has found.
GUEST_CONSTANT(set_state_port, 0x79)
// Memory that L2 has not touched yet; further apart than kvm.ko maps pages ahead.
GUEST_CONSTANT(untouched_by_l2, 0x200000)
GUEST_CONSTANT(untouched_stride, 0x8000)

struct NestedRow {
	const kvm::Code &code;
	const char *title;
	const kvm::Code *handler = nullptr;			     // L1's: then the code is L2's
	void (*prepare)(kvm::L1 &l1, const kvm::Ept &ept) = nullptr; // of L1's usual VMCS
	unsigned exits = 1; // the least that an iteration takes
	std::size_t memory = kvm::default_memory;
	bool shadowed = true; // where the CPU can: L1's VMREAD and VMWRITE of frequent fields
	bool evmcs = false;   // the VMCS is an enlightened one, at evmcs_address
};

// As measure().
void measure_nested(const char *name, const NestedRow &row);

} // namespace bench

#define NESTED_ROW(name, ...)                                                                      \
	static const bench::NestedRow name##_row{.code = name##_guest, __VA_ARGS__};               \
	NESTED_TEST(name)

#define NESTED_TEST(name)                                                                          \
	TEST(name)                                                                                 \
	{                                                                                          \
		bench::measure_nested(#name, name##_row);                                          \
	}                                                                                          \
	static_assert(true)
