// SPDX-License-Identifier: GPL-2.0-only
//
// A machine whose L1 uses enlightened VMCSs, saved and continued in a new one: between entries,
// while L2 runs, in SMM, again before it has run, and with either revision of the vmcs12.
#include "harness/module.hpp"
#include "harness/nested_evmcs.hpp"
#include "harness/nested_turns.hpp"
#include "harness/random.hpp"
#include "harness/saved.hpp"

using namespace kvm;
using tap::check;
using tap::check_equal;
namespace field = vmx::field;
namespace vector = vmx::vector;
using vmx::Msr;
using vmx::Reason;

namespace {

GUEST_CODE(vmcalls, 64, "0: vmcall\n jmp 0b");
GUEST_CODE(counts, 64, R"(
0:	mov %ebx, %eax
)" L2_REPORT R"(
	inc %ebx
	vmcall
	jmp 0b
)");
GUEST_CODE(smi_handler, 16, "mov $0x534d4d, %eax\n" L2_REPORT "rsm");

constexpr std::uint64_t nowhere = ~0ul;
constexpr std::size_t header = sizeof(kvm_nested_state);
constexpr std::size_t with_vmcs = header + KVM_STATE_NESTED_VMX_VMCS_SIZE;

// The machine elsewhere. L1's assist page, and what it names, turn up after the nested state.
L1 moved(const L1 &from)
{
	const Saved saved(from);
	L1 to = hyperv_l1();
	const Saved::Outcome outcome = saved.try_give(to);
	check_equal(outcome.refused_msr, 0u, "the capability MSR that was refused");
	check_equal(outcome.nested_errno, 0, "errno of KVM_SET_NESTED_STATE");
	to.continue_as(from);
	return to;
}

void move(std::optional<L1> &here)
{
	L1 next = moved(*here);
	here.emplace(std::move(next));
}

void expect_state(const L1 &l1, unsigned flags, tap::Where where = tap::Where::current())
{
	const NestedState state(l1.vcpu());
	check_equal(state.get().flags, flags, "flags", where);
	check_equal(state.get().size, with_vmcs, "size", where);
	check_equal(state.get().hdr.vmx.vmxon_pa, vmxon_address, "vmxon_pa", where);
	check_equal(state.get().hdr.vmx.vmcs12_pa, nowhere, "vmcs12_pa", where);
	check_equal(state.revision(), l1.revision(), "revision of the image", where);
}

kvm_regs with_rbx(std::uint64_t value)
{
	kvm_regs regs = {};
	regs.rbx = value;
	return regs;
}

} // namespace

TEST(before_an_entry)
{
	L1 l1 = hyperv_l1();
	prepare_evmcs(l1, vmcalls);
	l1.vcpu().complete_exit();
	const NestedState state(l1.vcpu());
	check_equal(state.get().flags, 0, "flags");
	check_equal(state.get().size, header, "size");
	L1 other = moved(l1);
	expect(other.vmlaunch(), exits(Reason::vmcall), "VMLAUNCH elsewhere");
}

TEST(between_entries)
{
	if (!is_ours())
		tap::skip("the distribution's module fails L1's next entry with error 7");
	for (const std::uint32_t clean : {0u, all_clean}) {
		L1 l1 = hyperv_l1();
		prepare_evmcs(l1, counts);
		expect(l1.vmlaunch(with_rbx(40)), reports(40), "L2");
		expect(l1.go_on(), exits(Reason::vmcall), "L2");
		l1.vcpu().complete_exit();
		expect_state(l1, KVM_STATE_NESTED_EVMCS);
		// L1 has written to the page since, and not all of it is what the saved VMCS has.
		l1.write(field::guest_rsp, 0x1234);
		L1 other = moved(l1);
		expect_state(other, KVM_STATE_NESTED_EVMCS);
		let_run(other);
		set_clean(other, clean);
		expect(other.resume(), reports(41), "L2 elsewhere");
		expect(other.go_on(), exits(Reason::vmcall), "L2 elsewhere");
		other.expect_field(field::guest_rsp, 0x1234);
		L1 third = moved(other);
		std::uint64_t value = 0;
		expect(third.vmread(field::guest_rsp.encoding, value), succeeds(),
		       "VMREAD elsewhere");
		check_equal(value, 0x1234u, "RSP");
		expect(third.vmclear(evmcs_address), succeeds(), "VMCLEAR elsewhere");
		check_equal(NestedState(third.vcpu()).get().flags, 0, "flags after VMCLEAR");
		set_clean(third, clean);
		expect(third.resume(), reports(42), "L2 in a third place");
	}
}

TEST(in_l2)
{
	L1 l1 = hyperv_l1();
	prepare_evmcs(l1, counts);
	expect(l1.vmlaunch(with_rbx(40)), reports(40), "L2");
	l1.vcpu().complete_exit();
	expect_state(l1, KVM_STATE_NESTED_EVMCS | KVM_STATE_NESTED_GUEST_MODE);
	// Not a place to keep state in while L2 runs.
	l1.write(field::host_rip, 0x1);
	L1 other = moved(l1);
	expect_state(other, KVM_STATE_NESTED_EVMCS | KVM_STATE_NESTED_GUEST_MODE);
	expect(other.go_on(), exits(Reason::vmcall), "L2 elsewhere");
	check_equal(other.l2().rbx, 41u, "rbx of L2");
	other.expect_field(field::exit_reason, static_cast<std::uint64_t>(Reason::vmcall));
	other.write(field::host_rip, exit_stub_address);
	expect(other.resume(), reports(41), "L2, entered again");
}

// L1 has two guests with a page each, and the machine moves again and again: while either runs, and
// before either has its turn.
TEST(pages_by_turns)
{
	L1 l1 = hyperv_l1();
	prepare_evmcs(l1, vmcalls);
	TurnGuest guests[] = {{TurnGuest::By::page, evmcs_address},
			      {TurnGuest::By::page, other_evmcs_address}};
	for (const TurnGuest &guest : guests)
		guest.prepare(l1);
	std::optional<L1> here(std::move(l1));
	for (unsigned n = 0; n < 8; n++) {
		TurnGuest &guest = guests[n % 2];
		guest.enter(*here);
		if (n & 2)
			move(here);
		guest.exit(*here);
		move(here);
		let_run(*here);
	}
}

// Three guests with pages and two with regions, in an order drawn at random: cleared or not between
// their turns, changed or not, and the machine moves now and then.
TEST(any_order)
{
	const bool ours = is_ours();
	Random random(seed());
	std::optional<L1> here(hyperv_l1());
	TurnGuest guests[] = {
		{TurnGuest::By::vmcs, vmcs_address},
		{TurnGuest::By::vmcs, other_vmcs_address},
		{TurnGuest::By::page, evmcs_address},
		{TurnGuest::By::page, other_evmcs_address},
		{TurnGuest::By::page, third_evmcs_address},
	};
	prepare_evmcs(*here, vmcalls);
	name_no_evmcs(*here);
	for (TurnGuest &guest : guests) {
		guest.prepare(*here);
		guest.clear(*here);
	}
	TurnGuest *last = guests;
	for (unsigned n = 0; n < 60; n++) {
		TurnGuest &guest = guests[random.below(std::size(guests))];
		// The distribution's module can do neither VMPTRLD while a page is in use nor
		// without VMCLEAR keep what L1 has written to a VMCS.
		if (!ours && guest.by() != last->by())
			last->clear(*here);
		if (ours && random.one_in(4))
			guests[random.below(std::size(guests))].clear(*here);
		if (ours && random.one_in(8))
			move(here);
		if (guest.by() == TurnGuest::By::vmcs)
			guest.load(*here);
		if (random.one_in(2))
			guest.change(*here);
		guest.enter(*here);
		if (random.one_in(4))
			move(here);
		guest.exit(*here);
		last = &guest;
		if (random.one_in(4)) {
			move(here);
			let_run(*here);
			// Its next entry would fail with error 7.
			if (!ours && guest.by() == TurnGuest::By::page)
				guest.clear(*here);
		}
	}
}

// Once more before the vCPU has run: nothing may be forgotten of where the page is.
TEST(again_before_running)
{
	for (const bool in_l2 : {false, true}) {
		// The distribution's module fails L1's next entry with error 7.
		if (!in_l2 && !is_ours())
			continue;
		L1 l1 = hyperv_l1();
		prepare_evmcs(l1, counts);
		expect(l1.vmlaunch(with_rbx(40)), reports(40), "L2");
		if (!in_l2)
			expect(l1.go_on(), exits(Reason::vmcall), "L2");
		L1 other = moved(l1);
		for (unsigned n = 0; n < 3; n++) {
			NestedState state(other.vcpu());
			check_equal(state.get().flags & KVM_STATE_NESTED_EVMCS,
				    KVM_STATE_NESTED_EVMCS, "flags");
			check_equal(state.try_give(other.vcpu()), 0,
				    "errno of KVM_SET_NESTED_STATE");
		}
		L1 third = moved(other);
		if (in_l2)
			expect(third.go_on(), exits(Reason::vmcall), "L2 in a third place");
		let_run(third);
		set_clean(third, 0);
		expect(third.resume(), reports(41), "L2, entered again");
	}
}

// An NMI is an exit before L2 has run on, and before anybody looked for the page.
TEST(exit_before_the_page_is_found)
{
	L1 l1 = hyperv_l1();
	prepare_evmcs(l1, counts);
	l1.set(vmx::pin::nmi_exiting);
	expect(l1.vmlaunch(with_rbx(40)), reports(40), "L2");
	L1 other = moved(l1);
	other.vcpu().nmi();
	expect(other.go_on(), exits(Reason::exception_nmi), "an NMI in L2 elsewhere");
	other.expect_field(field::exit_reason, static_cast<std::uint64_t>(Reason::exception_nmi));
	other.unblock_nmis();
	expect(other.resume(L1::Skip::nothing), exits(Reason::vmcall), "L2 behind it");
}

// Without an assist page L2 has nowhere to exit to: userspace hears of it.
TEST(page_is_gone)
{
	if (!is_ours())
		tap::skip("the distribution's module lets L1 go on without telling it why");
	L1 l1 = hyperv_l1();
	prepare_evmcs(l1, counts);
	expect(l1.vmlaunch(with_rbx(40)), reports(40), "L2");
	L1 other = moved(l1);
	other.vcpu().set_msr(hv_vp_assist_page, 0);
	expect(other.go_on(), leaves(KVM_EXIT_INTERNAL_ERROR), "L2 without the assist page");
}

TEST(smm)
{
	for (const bool in_l2 : {false, true})
		for (const bool moves : {false, true}) {
			L1 l1 = hyperv_l1();
			use_smm(l1.vm(), l1.vcpu(), smi_handler);
			prepare_evmcs(l1, counts);
			expect(l1.vmlaunch(with_rbx(40)), reports(40), "L2");
			if (!in_l2)
				expect(l1.go_on(), exits(Reason::vmcall), "L2");
			KVM_CALL(l1.vcpu().fd(), KVM_SMI);
			expect(l1.go_on(), reports(0x534d4d), "SMM's handler");
			l1.vcpu().complete_exit();
			NestedState state(l1.vcpu());
			check_equal(state.get().flags, KVM_STATE_NESTED_EVMCS, "flags in SMM");
			check_equal(state.get().hdr.vmx.smm.flags,
				    KVM_STATE_NESTED_SMM_VMXON |
					    (in_l2 ? KVM_STATE_NESTED_SMM_GUEST_MODE : 0),
				    "flags of SMM");
			if (moves)
				check_equal(state.try_give(l1.vcpu()), 0,
					    "errno of KVM_SET_NESTED_STATE in SMM");
			if (in_l2) {
				expect(l1.go_on(), exits(Reason::vmcall), "L2 behind SMM");
				check_equal(l1.l2().rbx, 41u, "rbx of L2");
			} else {
				l1.go_on();
				expect(l1.resume(), reports(41), "L2, entered behind SMM");
			}
		}
}

// What L1, or SMM, writes to the page while L2 waits for RSM is not what L2 goes on by.
TEST(page_changes_in_smm)
{
	if (!is_ours())
		tap::skip("the distribution's module reads the page again, unchecked");
	L1 l1 = hyperv_l1();
	use_smm(l1.vm(), l1.vcpu(), smi_handler);
	prepare_evmcs(l1, counts);
	expect(l1.vmlaunch(with_rbx(40)), reports(40), "L2");
	KVM_CALL(l1.vcpu().fd(), KVM_SMI);
	expect(l1.go_on(), reports(0x534d4d), "SMM's handler");
	l1.vcpu().complete_exit();
	const std::uint64_t pin = l1.read(field::pin_controls);
	l1.write(field::pin_controls, ~0u);
	l1.write(field::secondary_controls, ~0u);
	l1.write(field::host_rip, 1);
	set_clean(l1, 0);
	NestedState state(l1.vcpu());
	for (const EvmcsField &row : evmcs_fields())
		if (row.encoding == field::pin_controls.encoding)
			check_equal(state.field(row), pin, "pin controls in the saved state");
	check_equal(state.try_give(l1.vcpu()), 0, "errno of KVM_SET_NESTED_STATE");
	expect(l1.go_on(), exits(Reason::vmcall), "L2 behind SMM");
}

TEST(refused)
{
	L1 l1 = hyperv_l1();
	prepare_evmcs(l1, counts);
	expect(l1.vmlaunch(with_rbx(40)), reports(40), "L2");
	expect(l1.go_on(), exits(Reason::vmcall), "L2");
	l1.vcpu().complete_exit();
	const NestedState good(l1.vcpu());
	NestedState bad = good;
	bad.get().hdr.vmx.vmxon_pa = nowhere;
	bad.get().flags |= KVM_STATE_NESTED_GUEST_MODE;
	check_equal(bad.try_give(l1.vcpu()), EINVAL, "guest mode without VMXON");
	bad = good;
	bad.get().size = header;
	bad.get().flags |= KVM_STATE_NESTED_GUEST_MODE;
	check_equal(bad.try_give(l1.vcpu()), EINVAL, "guest mode without a VMCS");
	// A vCPU for which they are not enabled.
	L1 other;
	bad = good;
	check_equal(bad.try_give(other.vcpu()), EINVAL, "enlightened VMCSs that are not enabled");
	// Nothing but that they may be used.
	bad = good;
	bad.get().size = header;
	bad.get().hdr.vmx.vmxon_pa = bad.get().hdr.vmx.vmcs12_pa = nowhere;
	check_equal(bad.try_give(l1.vcpu()), 0, "no VMX operation");
}

// A vCPU of the enlightened revision: its regions and the page are of one family, and what the page
// does not have is behind it in the saved VMCS.
TEST(enlightened_revision)
{
	L1 l1 = hyperv_l1();
	const std::uint32_t basic = static_cast<std::uint32_t>(Msr::basic);
	const std::uint64_t value =
		(l1.capability(Msr::basic) & ~0x7ffffffful) | enlightened_revision;
	if (!l1.vcpu().try_set_msr(basic, value))
		tap::skip("the module has one revision");
	prepare_evmcs(l1, counts, legacy_revision);
	expect(l1.vmlaunch(), fails_invalid(), "a page of the other revision");
	for (const std::uint32_t word : {1u, enlightened_revision}) {
		write_default_evmcs(l1, evmcs_address, word);
		expect(l1.vmlaunch(with_rbx(40)), reports(40), "L2");
		l1.vcpu().complete_exit();
		expect_state(l1, KVM_STATE_NESTED_EVMCS | KVM_STATE_NESTED_GUEST_MODE);
		L1 other = moved(l1);
		expect(other.go_on(), exits(Reason::vmcall), "L2 elsewhere");
		expect_state(other, KVM_STATE_NESTED_EVMCS);
		expect(other.resume(), reports(41), "L2, entered elsewhere");
		expect(l1.go_on(), exits(Reason::vmcall), "L2");
		expect(l1.vmclear(evmcs_address), succeeds(), "VMCLEAR");
	}
	// And a region of the enlightened revision on the same vCPU.
	name_no_evmcs(l1);
	l1.use_vmcs();
	l1.write_default_vmcs(vmcs_address);
	expect(l1.vmlaunch(with_rbx(7)), reports(7), "L2 of a region");
	expect(l1.go_on(), exits(Reason::vmcall), "L2 of a region");
}
