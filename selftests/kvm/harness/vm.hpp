// SPDX-License-Identifier: GPL-2.0-only
//
// /dev/kvm and a virtual machine with one slot of memory at guest address 0.
#pragma once

#include "abi.hpp"
#include "fd.hpp"

#include <cstdint>
#include <memory>
#include <vector>

namespace kvm {

constexpr std::size_t page_size = 4096;
constexpr std::size_t default_memory = 2 << 20;

// Three pages for the TSS of a guest in real mode on CPUs without unrestricted guest, one for its
// page table: at the top of the 4 GiB, where no test has memory.
constexpr std::uint64_t identity_map_address = 0xfffbc000;
constexpr std::uint64_t tss_address = 0xfffbd000;

Fd open_dev_kvm();

// How many files and machines hold the module; -1 if it is built in or has another name.
int users_of_module();

// What KVM_CHECK_EXTENSION answers.
int extension(const Fd &fd, unsigned long capability);

// struct kvm_cpuid2 with its entries.
class Cpuid {
public:
	explicit Cpuid(unsigned entries);
	static Cpuid supported();

	kvm_cpuid2 *get() { return reinterpret_cast<kvm_cpuid2 *>(storage_.data()); }
	const kvm_cpuid2 *get() const
	{
		return reinterpret_cast<const kvm_cpuid2 *>(storage_.data());
	}
	// nullptr if the leaf is not in the table.
	kvm_cpuid_entry2 *find(std::uint32_t function, std::uint32_t index = 0);

private:
	std::vector<std::uint64_t> storage_;
};

// struct kvm_msrs with one entry.
struct OneMsr {
	std::uint32_t nmsrs = 1, pad = 0;
	kvm_msr_entry entry = {};

	OneMsr(std::uint32_t index, std::uint64_t value)
	{
		entry.index = index;
		entry.data = value;
	}
};
static_assert(offsetof(OneMsr, entry) == sizeof(kvm_msrs));

class Vm {
public:
	explicit Vm(std::size_t memory = default_memory);

	const Fd &fd() const { return fd_; }
	// Gives the descriptor back early; the memory stays.
	void close() { fd_.reset(); }

	// The guest's memory as its host sees it.
	std::byte *memory(std::uint64_t gpa = 0) const { return memory_.data() + gpa; }
	std::size_t memory_size() const { return memory_.size(); }
	template <typename T> volatile T &at(std::uint64_t gpa) const
	{
		return *reinterpret_cast<volatile T *>(memory(gpa));
	}

	// 0 or an errno.
	int try_set_slot(std::uint32_t slot, std::uint64_t gpa, std::uint64_t size, void *host,
			 std::uint32_t flags = 0) const;
	void set_slot(std::uint32_t slot, std::uint64_t gpa, std::uint64_t size, void *host,
		      std::uint32_t flags = 0, tap::Where where = tap::Where::current()) const;

	void create_irqchip() const;
	void create_pit() const;
	void enable(std::uint32_t capability, std::uint64_t argument = 0,
		    tap::Where where = tap::Where::current()) const;
	// Ends the case as skipped if the capability is not there.
	void need(unsigned long capability, const char *name) const;
	void set_irq_line(std::uint32_t gsi, bool level) const;

private:
	Fd fd_;
	Mapping memory_;
};

} // namespace kvm
