// SPDX-License-Identifier: GPL-2.0-only
//
// Guests of L1's that run by turns. Each has a VMCS of its own, enlightened or not, and tells by
// which one it runs: its stack pointer and rbx move with each turn, its CR4 is what the VMCS has
// for a read shadow.
#pragma once

#include "nested.hpp"

namespace kvm {

class TurnGuest {
public:
	enum class By { page, vmcs };

	// What is at that address, and how often it has had its turn.
	TurnGuest(By by, std::uint32_t address, unsigned turns = 0)
	    : by_(by), address_(address), turns_(turns)
	{
	}

	// Puts L2's code where all of them have it, and writes the VMCS, which is in use then.
	void prepare(L1 &l1) const;
	// L1 enters by this VMCS, L2 tells who it is and stands behind that. A page is named first.
	void enter(L1 &l1);
	// L2 exits: the end of its turn.
	void exit(L1 &l1);
	void turn(L1 &l1)
	{
		enter(l1);
		exit(l1);
	}

private:
	// No two guests have the same.
	std::uint32_t mark() const { return address_ << 8; }
	std::uint64_t rsp() const;
	void use(L1 &l1) const;

	By by_;
	std::uint32_t address_;
	unsigned turns_;
};

} // namespace kvm
