// SPDX-License-Identifier: GPL-2.0-only
//
// A machine with one vCPU in a file: what a VMM has to carry to where the machine goes on.
#pragma once

#include "nested.hpp"

namespace kvm {

// struct kvm_nested_state with room for a VMCS and its shadow.
constexpr std::size_t nested_state_room =
	sizeof(kvm_nested_state) + 2 * KVM_STATE_NESTED_VMX_VMCS_SIZE;

class Saved {
public:
	// The vCPU's pending exit is completed first.
	explicit Saved(const L1 &l1);
	explicit Saved(const std::string &path);
	void write(const std::string &path) const;

	// What came of giving all of it to a new machine, in the order in which QEMU does.
	struct Outcome {
		std::uint32_t refused_msr = 0; // the first capability MSR that was not taken
		int nested_errno = 0;	       // of KVM_SET_NESTED_STATE
	};
	Outcome try_give(const L1 &l1) const;

	std::size_t memory_size() const { return memory_.size(); }
	// The revision that the vCPU was told of, from IA32_VMX_BASIC.
	std::uint32_t revision() const;
	// L1 has a VP assist page.
	bool uses_hyperv() const;
	// The revision of the current VMCS, which there must be.
	std::uint32_t vmcs_revision() const;
	const kvm_nested_state &nested() const
	{
		return *reinterpret_cast<const kvm_nested_state *>(state_.nested);
	}

private:
	struct State {
		kvm_regs regs;
		kvm_sregs sregs;
		kvm_vcpu_events events;
		kvm_debugregs debugregs;
		kvm_mp_state mp_state;
		kvm_xsave xsave;
		kvm_msr_entry msrs[32];
		alignas(8) std::byte nested[nested_state_room];
	};
	State state_ = {};
	std::vector<std::byte> memory_;
};

} // namespace kvm
