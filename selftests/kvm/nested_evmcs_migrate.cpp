// SPDX-License-Identifier: GPL-2.0-only
//
// An L1 of Hyper-V's moves by way of a file: with an enlightened VMCS, with several by turns, and
// with vCPUs of which one has an enlightened VMCS and another an ordinary one.
#include "harness/halves.hpp"
#include "harness/module.hpp"
#include "harness/nested_evmcs.hpp"
#include "harness/nested_image.hpp"
#include "harness/nested_turns.hpp"

using namespace kvm;
using tap::check_equal;
namespace field = vmx::field;
using vmx::Msr;
using vmx::Reason;
using By = TurnGuest::By;

namespace {

GUEST_CODE(vmcalls, 64, "0: vmcall\n jmp 0b");

constexpr std::uint32_t other_vmxon_address = 0x5e000;

void enter_hyperv(L1 &l1, std::uint32_t assist = assist_address,
		  std::uint32_t vmxon = vmxon_address)
{
	constexpr std::uint64_t enable = 1;
	expect(l1.wrmsr(hv_vp_assist_page, assist | enable), succeeds(),
	       "WRMSR of the VP assist page");
	l1.enter_vmx(vmxon);
}

} // namespace

// L2 runs.
TEST(l2_runs)
{
	need_nested_state();
	if (saves()) {
		L1 l1 = hyperv_l1();
		TurnGuest guest(By::page, evmcs_address);
		enter_hyperv(l1);
		guest.prepare(l1);
		guest.turn(l1);
		guest.enter(l1);
		leave(l1, "evmcs_l2_runs");
	}
	arrive("evmcs_l2_runs", [](L1 &l1) {
		TurnGuest guest(By::page, evmcs_address, 1);
		guest.exit(l1);
		for (unsigned n = 0; n < 3; n++)
			guest.turn(l1);
	});
}

// L1 runs, and has an ordinary VMCS asleep.
TEST(l1_runs)
{
	need_nested_state();
	if (saves()) {
		L1 l1 = hyperv_l1();
		enter_hyperv(l1);
		l1.write_default_vmcs(other_vmcs_address);
		l1.write(field::tsc_offset, 0x2222);
		expect(l1.vmclear(other_vmcs_address), succeeds(), "VMCLEAR");
		TurnGuest guest(By::page, evmcs_address);
		guest.prepare(l1);
		guest.turn(l1);
		leave(l1, "evmcs_l1_runs");
	}
	arrive("evmcs_l1_runs", [](L1 &l1) {
		TurnGuest guest(By::page, evmcs_address, 1);
		let_run(l1);
		set_clean(l1, 0);
		for (unsigned n = 0; n < 3; n++)
			guest.turn(l1);
		expect(l1.vmclear(evmcs_address), succeeds(), "VMCLEAR of the page");
		name_no_evmcs(l1);
		l1.use_vmcs();
		l1.load_l2(vmcalls);
		expect(l1.vmptrld(other_vmcs_address), succeeds(), "VMPTRLD");
		l1.expect_field(field::tsc_offset, 0x2222);
		expect(l1.vmlaunch(), exits(Reason::vmcall), "VMLAUNCH");
	});
}

namespace {

// Either vCPU's guest runs when the machine is left.
void leave_two(L1 &first, L1 &second, const char *name)
{
	TurnGuest by_page(By::page, evmcs_address), by_vmcs(By::vmcs, vmcs_address);
	enter_hyperv(first);
	by_page.prepare(first);
	by_vmcs.prepare(second);
	by_page.turn(first);
	by_vmcs.turn(second);
	by_page.enter(first);
	by_vmcs.turn(second);
	by_vmcs.enter(second);
	leave(first, second, name);
}

void expect_kinds(const L1 &first, const L1 &second)
{
	const NestedState with_page(first.vcpu()), with_region(second.vcpu());
	check_equal(with_page.get().flags, KVM_STATE_NESTED_EVMCS | KVM_STATE_NESTED_GUEST_MODE,
		    "flags of the vCPU with a page");
	check_equal(with_page.get().hdr.vmx.vmcs12_pa, ~0ul, "its current VMCS");
	check_equal(with_region.get().flags, KVM_STATE_NESTED_GUEST_MODE,
		    "flags of the vCPU with a region");
	check_equal(with_region.get().hdr.vmx.vmcs12_pa, vmcs_address, "its current VMCS");
}

void go_on_two(L1 &first, L1 &second)
{
	TurnGuest by_page(By::page, evmcs_address, 1), by_vmcs(By::vmcs, vmcs_address, 2);
	expect_kinds(first, second);
	by_vmcs.exit(second);
	by_page.exit(first);
	for (unsigned n = 0; n < 3; n++) {
		by_page.enter(first);
		by_vmcs.enter(second);
		by_page.exit(first);
		by_vmcs.exit(second);
	}
	// The region is the second's, as ever; the page is nobody's but the first's.
	expect(second.vmclear(vmcs_address), succeeds(), "VMCLEAR of the region");
	by_page.turn(first);
	expect(second.vmptrld(vmcs_address), succeeds(), "VMPTRLD of the region");
	second.expect_field(field::cr4_read_shadow, vmcs_address << 8);
	expect(first.vmclear(evmcs_address), succeeds(), "VMCLEAR of the page");
	by_page.turn(first);
}

} // namespace

// The second could have enlightened VMCSs: its assist page names none.
TEST(two_vcpus)
{
	need_nested_state();
	if (saves()) {
		L1 first = hyperv_l1();
		L1 second(first, 1, L1::Hyperv::evmcs);
		enter_hyperv(second, other_assist_address, other_vmxon_address);
		leave_two(first, second, "evmcs_two_vcpus");
	}
	arrive("evmcs_two_vcpus", go_on_two);
}

// The second has no part in Hyper-V at all.
TEST(two_kinds_of_vcpus)
{
	need_nested_state();
	if (saves()) {
		L1 first = hyperv_l1();
		L1 second(first, 1);
		second.enter_vmx(other_vmxon_address);
		leave_two(first, second, "evmcs_two_kinds_of_vcpus");
	}
	arrive("evmcs_two_kinds_of_vcpus", go_on_two);
}

namespace {

struct Pages {
	TurnGuest first, second, third;

	Pages(unsigned turns_of_first, unsigned turns_of_second, unsigned turns_of_third)
	    : first(By::page, evmcs_address, turns_of_first),
	      second(By::page, other_evmcs_address, turns_of_second),
	      third(By::page, third_evmcs_address, turns_of_third)
	{
	}
};

// Turns: 2, 1 and 0. The second's page is in use.
Pages take_turns(L1 &l1)
{
	Pages pages(0, 0, 0);
	enter_hyperv(l1);
	pages.first.prepare(l1);
	pages.second.prepare(l1);
	pages.third.prepare(l1);
	pages.first.turn(l1);
	pages.first.turn(l1);
	pages.second.turn(l1);
	return pages;
}

void go_on_by_turns(L1 &l1, Pages &pages)
{
	for (unsigned n = 0; n < 2; n++) {
		pages.first.turn(l1);
		pages.second.turn(l1);
		pages.second.turn(l1);
		pages.third.turn(l1);
	}
}

} // namespace

// One guest runs, two others wait in their pages.
TEST(pages_while_l2_runs)
{
	need_nested_state();
	if (saves()) {
		L1 l1 = hyperv_l1();
		Pages pages = take_turns(l1);
		pages.first.enter(l1);
		leave(l1, "evmcs_pages_while_l2_runs");
	}
	arrive("evmcs_pages_while_l2_runs", [](L1 &l1) {
		Pages pages(2, 1, 0);
		pages.first.exit(l1);
		go_on_by_turns(l1, pages);
	});
}

// The next entry is by another page than the last.
TEST(pages_before_a_switch)
{
	need_nested_state();
	if (saves()) {
		L1 l1 = hyperv_l1();
		take_turns(l1);
		leave(l1, "evmcs_pages_before_a_switch");
	}
	arrive("evmcs_pages_before_a_switch", [](L1 &l1) {
		Pages pages(2, 1, 0);
		let_run(l1);
		go_on_by_turns(l1, pages);
	});
}

// The assist page names the next one already.
TEST(pages_during_a_switch)
{
	need_nested_state();
	if (saves()) {
		L1 l1 = hyperv_l1();
		take_turns(l1);
		name_evmcs(l1, evmcs_address);
		leave(l1, "evmcs_pages_during_a_switch");
	}
	arrive("evmcs_pages_during_a_switch", [](L1 &l1) {
		if (!is_ours())
			tap::skip("the distribution's module puts the last page's VMCS into the "
				  "one that is named");
		Pages pages(2, 1, 0);
		let_run(l1);
		go_on_by_turns(l1, pages);
	});
}

// The page of a guest that waits has gone to the other vCPU when the machine moves.
TEST(page_changes_hands)
{
	need_nested_state();
	if (saves()) {
		L1 l1 = hyperv_l1();
		Pages pages = take_turns(l1);
		expect(l1.vmclear(other_evmcs_address), succeeds(), "VMCLEAR of the page");
		pages.first.enter(l1);
		leave(l1, "evmcs_page_changes_hands");
	}
	arrive("evmcs_page_changes_hands", [](L1 &l1) {
		Pages pages(2, 1, 0);
		L1 other(l1, 1, L1::Hyperv::evmcs);
		// Its assist page is the same one, which names what is entered next.
		enter_hyperv(other, assist_address, other_vmxon_address);
		pages.first.exit(l1);
		l1.use_page(other_evmcs_address);
		l1.write(field::host_rsp, stack_top(1) - 16);
		pages.second.turn(other);
		pages.first.turn(l1);
		pages.second.turn(other);
	});
}
