// SPDX-License-Identifier: GPL-2.0-only
//
// L2's hypercalls that flush its TLB, which L1 leaves to L0 (TLFS, "Direct Virtual Flush"): L1 does
// not hear of them, unless it has its TLB locked. kvm.ko of 6.1 cannot offer that by itself: here
// the VMM puts it into CPUID.
#include "harness/module.hpp"
#include "harness/nested_evmcs.hpp"
#include "harness/statistics.hpp"

using namespace kvm;
using tap::check;
using tap::check_equal;
namespace field = vmx::field;
using vmx::Reason;

namespace {

// A hypercall with the input in rbx, and what came of it.
GUEST_CODE(hypercalls, 64, R"(
0:	mov %rbx, %rcx
	mov $-1, %rax
	vmcall
)" L2_REPORT R"(
	jmp 0b
)");
constexpr std::uint32_t behind_vmcall = l2_code_address + 3 + 7 + 3;

constexpr std::uint32_t partition_page = 0x74000;
constexpr std::uint64_t space = 0x2, list = 0x3, space_ex = 0x13, list_ex = 0x14;
constexpr std::uint64_t three = 3ul << 32, from_one = 1ul << 48, fast = 1 << 16;
constexpr std::uint64_t invalid_input = 3;

struct Delegation {
	bool cpuid = true, page = true, assist_page = true;
};

L1 with(Delegation how)
{
	if (!is_ours())
		tap::skip("the distribution's module leaves them to L1");
	L1 l1(default_memory, L1::Irqchip::none, L1::Hyperv::evmcs, {.direct_flush = how.cpuid});
	prepare_evmcs(l1, hypercalls);
	l1.at<std::uint32_t>(evmcs_address + evmcs::enlightenments_control) =
		how.page ? evmcs::nested_flush : 0;
	l1.at<std::uint64_t>(evmcs_address + evmcs::partition_assist_page) = partition_page;
	l1.at<std::uint64_t>(evmcs_address + evmcs::vm_id) = 1;
	l1.at<std::uint32_t>(evmcs_address + evmcs::vp_id) = 1;
	l1.at<std::uint32_t>(assist_address + assist::direct_hypercall) = how.assist_page;
	return l1;
}

} // namespace

TEST(delegated)
{
	for (const std::uint64_t input : {space, space_ex, space | fast, list | three,
					  list_ex | three, list | three | from_one}) {
		L1 l1 = with({});
		expect(launch(l1, input), reports(0), "hypercall " + tap::hex(input));
		check_equal(l1.vcpu().regs().rax, input & 0xfffull << 32,
			    "result of hypercall " + tap::hex(input));
		const std::uint64_t before = statistic(l1.vcpu(), "tlb_flush");
		expect(l1.go_on(), reports(0), "the next one");
		check(statistic(l1.vcpu(), "tlb_flush") > before, "nothing was flushed");
	}
}

TEST(invalid)
{
	for (const std::uint64_t input :
	     {space | three, space_ex | from_one, list, list_ex, list | 1ul << 32 | from_one}) {
		L1 l1 = with({});
		expect(launch(l1, input), reports(invalid_input), "hypercall " + tap::hex(input));
	}
}

TEST(left_to_l1)
{
	const Delegation lacking[] = {{.cpuid = false}, {.page = false}, {.assist_page = false}};
	for (const Delegation &how : lacking) {
		L1 l1 = with(how);
		expect(launch(l1, space), exits(Reason::vmcall), "a flush");
		l1.expect_field(field::guest_rip, behind_vmcall - 3);
	}
	for (const std::uint64_t other : {0x1ul, 0x8ul, 0x15ul, 0x5cul, 0xfffful}) {
		L1 l1 = with({});
		expect(launch(l1, other), exits(Reason::vmcall), "hypercall " + tap::hex(other));
	}
}

// L1 walks L2's page tables: it hears of the flush, behind it.
TEST(locked)
{
	constexpr std::uint64_t trap_after_flush = 0x10000031;
	L1 l1 = with({});
	l1.at<std::uint32_t>(partition_page) = 1;
	expect(launch(l1, list | three), Result{Result::Kind::exit, trap_after_flush}, "a flush");
	l1.expect_field(field::guest_rip, behind_vmcall);
	check_equal(l1.l2().rax, three, "its result");
	l1.at<std::uint32_t>(partition_page) = 0;
	expect(l1.resume(L1::Skip::nothing), reports(0), "L2 behind it");
	expect(l1.go_on(), reports(0), "the next one, not locked");
	// What was not done locks nothing.
	l1.at<std::uint32_t>(partition_page) = 1;
	L1 bad = with({});
	bad.at<std::uint32_t>(partition_page) = 1;
	expect(launch(bad, list), reports(invalid_input), "a list of nothing");
}

TEST(no_partition_page)
{
	L1 l1 = with({});
	l1.at<std::uint64_t>(evmcs_address + evmcs::partition_assist_page) = 1ul << 40;
	expect(launch(l1, space), reports(0), "a flush without a partition assist page");
}
