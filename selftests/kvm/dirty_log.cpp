// SPDX-License-Identifier: GPL-2.0-only
//
// Which pages the guest wrote, by bitmap and by ring.
#include "harness/guest.hpp"
#include "harness/module.hpp"
#include "harness/statistics.hpp"
#include "harness/thread.hpp"

#include <bit>
#include <set>

using namespace kvm;
using tap::check;
using tap::check_equal;

namespace {

// The logged slot. Not at 0: there the guest's own tables and stack are written too.
GUEST_CONSTANT(logged_address, 0x40000000)
constexpr std::uint32_t slot = 1;
constexpr std::size_t pages = 2048;

// Writes to every rsi'th page below rdi and halts, for ever.
GUEST_CODE(write_pages, 64, R"(
0:	mov $logged_address, %ebx
1:	incl (%rbx)
	add %rsi, %rbx
	cmp %rdi, %rbx
	jb 1b
	hlt
	jmp 0b
)");

GUEST_CODE(read_pages, 64, R"(
0:	mov $logged_address, %ebx
1:	mov (%rbx), %eax
	add %rsi, %rbx
	cmp %rdi, %rbx
	jb 1b
	hlt
	jmp 0b
)");

GUEST_CODE(write_without_end, 64, R"(
0:	mov $logged_address, %ebx
1:	incl (%rbx)
	add %rsi, %rbx
	cmp %rdi, %rbx
	jb 1b
	jmp 0b
)");

class Logged {
public:
	explicit Logged(const Vm &vm) : vm_(vm), memory_(pages * page_size)
	{
		vm_.set_slot(slot, logged_address, memory_.size(), memory_.data());
	}

	void turn_on() const
	{
		vm_.set_slot(slot, logged_address, memory_.size(), memory_.data(),
			     KVM_MEM_LOG_DIRTY_PAGES);
	}
	void turn_off() const
	{
		vm_.set_slot(slot, logged_address, memory_.size(), memory_.data());
	}

	std::vector<std::uint64_t> get() const
	{
		std::vector<std::uint64_t> bitmap(pages / 64);
		kvm_dirty_log log = {};
		log.slot = slot;
		log.dirty_bitmap = bitmap.data();
		KVM_CALL(vm_.fd(), KVM_GET_DIRTY_LOG, &log);
		return bitmap;
	}

	void clear(std::vector<std::uint64_t> &bitmap) const
	{
		kvm_clear_dirty_log log = {};
		log.slot = slot;
		log.num_pages = pages;
		log.dirty_bitmap = bitmap.data();
		KVM_CALL(vm_.fd(), KVM_CLEAR_DIRTY_LOG, &log);
	}

private:
	const Vm &vm_;
	Mapping memory_;
};

std::size_t count(const std::vector<std::uint64_t> &bitmap)
{
	std::size_t bits = 0;
	for (std::uint64_t word : bitmap)
		bits += std::popcount(word);
	return bits;
}

void start_over(const Vm &vm, const Vcpu &vcpu, const Code &code, std::size_t first_pages,
		std::size_t step_pages = 1)
{
	start(vm, vcpu, code);
	kvm_regs regs = vcpu.regs();
	regs.rsi = step_pages * page_size;
	regs.rdi = logged_address + first_pages * page_size;
	vcpu.set(regs);
}

// Exactly every step'th of the first pages.
void expect_pages(const std::vector<std::uint64_t> &bitmap, std::size_t first_pages,
		  std::size_t step, tap::Where where = tap::Where::current())
{
	for (std::size_t page = 0; page < pages; page++) {
		const bool dirty = bitmap[page / 64] >> page % 64 & 1;
		check_equal(dirty, page < first_pages && page % step == 0,
			    "page " + std::to_string(page) + " is dirty", where);
	}
}

} // namespace

TEST(written_pages_are_logged_once)
{
	const Vm vm;
	const Vcpu vcpu(vm);
	const Logged logged(vm);
	logged.turn_on();
	start_over(vm, vcpu, write_pages, 300, 3);
	vcpu.run_to(KVM_EXIT_HLT);
	expect_pages(logged.get(), 300, 3);
	check_equal(count(logged.get()), 0u, "dirty pages when nothing ran");
	vcpu.run_to(KVM_EXIT_HLT);
	expect_pages(logged.get(), 300, 3);
}

TEST(read_pages_are_not_logged)
{
	const Vm vm;
	const Vcpu vcpu(vm);
	const Logged logged(vm);
	logged.turn_on();
	start_over(vm, vcpu, read_pages, pages);
	vcpu.run_to(KVM_EXIT_HLT);
	check_equal(count(logged.get()), 0u, "dirty pages");
}

// More than the hardware's page-modification log holds between two exits.
TEST(all_pages)
{
	const Vm vm;
	const Vcpu vcpu(vm);
	const Logged logged(vm);
	logged.turn_on();
	start_over(vm, vcpu, write_pages, pages);
	for (int round = 0; round < 3; round++) {
		vcpu.run_to(KVM_EXIT_HLT);
		check_equal(count(logged.get()), pages, "dirty pages");
	}
}

// The pages are mapped writable, and large where the host allows, before logging begins.
TEST(turned_on_and_off_while_mapped)
{
	const Vm vm;
	const Vcpu vcpu(vm);
	const Logged logged(vm);
	start_over(vm, vcpu, write_pages, pages, 2);
	for (int round = 0; round < 3; round++) {
		vcpu.run_to(KVM_EXIT_HLT);
		logged.turn_on();
		vcpu.run_to(KVM_EXIT_HLT);
		expect_pages(logged.get(), pages, 2);
		logged.turn_off();
	}
}

TEST(cleared_by_hand)
{
	const Vm vm;
	vm.need(KVM_CAP_MANUAL_DIRTY_LOG_PROTECT2, "KVM_CAP_MANUAL_DIRTY_LOG_PROTECT2");
	vm.enable(KVM_CAP_MANUAL_DIRTY_LOG_PROTECT2, KVM_DIRTY_LOG_MANUAL_PROTECT_ENABLE);
	const Vcpu vcpu(vm);
	const Logged logged(vm);
	logged.turn_on();
	start_over(vm, vcpu, write_pages, 128);
	vcpu.run_to(KVM_EXIT_HLT);
	std::vector<std::uint64_t> bitmap = logged.get();
	expect_pages(bitmap, 128, 1);
	check(bitmap == logged.get(), "reading the log does not clear it");
	logged.clear(bitmap);
	check_equal(count(logged.get()), 0u, "dirty pages once cleared");
	vcpu.run_to(KVM_EXIT_HLT);
	expect_pages(logged.get(), 128, 1);
}

TEST(read_while_the_guest_writes)
{
	const Vm vm;
	const Vcpu vcpu(vm);
	const Logged logged(vm);
	logged.turn_on();
	start_over(vm, vcpu, write_without_end, 64);
	Running running(vcpu);
	for (int round = 0; round < 5; round++)
		wait_until([&] { return count(logged.get()) > 0; }, "the guest dirties pages");
	check_equal(running.stop(), EINTR, "errno of KVM_RUN");
	logged.get();
	check_equal(count(logged.get()), 0u, "dirty pages once the guest has stopped");
}

TEST(dirty_ring)
{
	const Vm vm;
	constexpr std::size_t entries = 1024;
	vm.need(KVM_CAP_DIRTY_LOG_RING, "KVM_CAP_DIRTY_LOG_RING");
	vm.enable(KVM_CAP_DIRTY_LOG_RING, entries * sizeof(kvm_dirty_gfn));
	const Vcpu vcpu(vm);
	const Logged logged(vm);
	logged.turn_on();
	const auto *ring = static_cast<kvm_dirty_gfn *>(
		mmap(nullptr, entries * sizeof(kvm_dirty_gfn), PROT_READ | PROT_WRITE, MAP_SHARED,
		     vcpu.fd().get(), KVM_DIRTY_LOG_PAGE_OFFSET * page_size));
	check(ring != MAP_FAILED, "the ring can be mapped");

	start_over(vm, vcpu, write_pages, 100, 5);
	vcpu.run_to(KVM_EXIT_HLT);
	std::set<std::uint64_t> offsets;
	for (std::size_t i = 0; i < entries && ring[i].flags & KVM_DIRTY_GFN_F_DIRTY; i++)
		if (ring[i].slot == slot)
			offsets.insert(ring[i].offset);
	check_equal(offsets.size(), 20u, "pages in the ring");
	for (std::uint64_t offset : offsets)
		check_equal(offset % 5, 0u, "a page in the ring, modulo 5");
	munmap(const_cast<kvm_dirty_gfn *>(ring), entries * sizeof(kvm_dirty_gfn));
}

// Pages that are mapped already: with the page-modification log an exit for as many as fit into it,
// without one for each.
TEST(exits_of_a_second_round)
{
	constexpr std::size_t log_entries = 512;
	const bool pml = parameter("pml");
	const Vm vm;
	const Vcpu vcpu(vm);
	const Logged logged(vm);
	logged.turn_on();
	start_over(vm, vcpu, write_pages, pages);
	vcpu.run_to(KVM_EXIT_HLT);
	logged.get();

	const std::uint64_t before = statistic(vcpu, "exits");
	vcpu.run_to(KVM_EXIT_HLT);
	const std::uint64_t exits = statistic(vcpu, "exits") - before;
	check_equal(count(logged.get()), pages, "dirty pages");
	// Interrupts of the host exit as well, and each empties the log.
	if (pml)
		check(exits < pages / 4, "few exits with PML, found " + std::to_string(exits));
	else
		check(exits >= pages, "an exit for each page, found " + std::to_string(exits));
	if (pml)
		check(exits >= pages / log_entries - 1,
		      "exits of a full log, found " + std::to_string(exits));
}
