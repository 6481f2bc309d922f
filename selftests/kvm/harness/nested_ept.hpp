// SPDX-License-Identifier: GPL-2.0-only
//
// L1's EPT: four levels that map the first 4 GiB to themselves, the first 2 MiB of them, where all
// of the guests' memory is, in pages of 4 KiB.
#pragma once

#include "nested.hpp"

namespace kvm {

class Ept {
public:
	static constexpr std::uint64_t read = 1, write = 2, execute = 4, all = 7,
				       write_back = 6 << 3, large = 1 << 7, accessed = 1 << 8,
				       dirty = 1 << 9;
	static constexpr std::uint64_t walk_4 = 3 << 3, enable_accessed_dirty = 1 << 6;

	// The tables take eight pages from there.
	explicit Ept(const L1 &l1, std::uint32_t address = ept_address);

	std::uint64_t pointer() const { return address_ | walk_4 | 6; }
	// The entry of a page of 4 KiB below 2 MiB.
	volatile std::uint64_t &page(std::uint64_t gpa) const;
	// The entry of 2 MiB; of the first it is the one that leads to the 4 KiB pages.
	volatile std::uint64_t &directory(std::uint64_t gpa) const;
	volatile std::uint64_t &pdpt(std::uint64_t gpa) const;
	volatile std::uint64_t &pml4() const;

private:
	const Vm &vm_;
	std::uint32_t address_;
};

// Turns EPT on in the current VMCS; skips the case if it is not offered.
void use(L1 &l1, const Ept &ept);

} // namespace kvm
