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
	    : by_(by), address_(address), turns_(turns), launched_(turns), mark_(address << 8)
	{
	}
	By by() const { return by_; }

	// Puts L2's code where all of them have it, and writes the VMCS, which is in use then.
	void prepare(L1 &l1) const;
	// VMPTRLD; entries are not enlightened any more.
	void load(L1 &l1) const;
	// VMCLEAR. Entries are not enlightened then, if it is no page.
	void clear(L1 &l1);
	// L1 writes to the VMCS, which is current if it is no page, and says so in the clean
	// fields.
	void change(L1 &l1);
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
	std::string name() const;
	std::uint64_t rsp() const;
	void write_mark(L1 &l1) const;
	void use(L1 &l1) const;

	By by_;
	std::uint32_t address_;
	unsigned turns_;
	bool launched_;
	std::uint32_t mark_; // no two guests have the same
};

} // namespace kvm
