// SPDX-License-Identifier: GPL-2.0-only
//
// KVM_GET_NESTED_STATE and KVM_SET_NESTED_STATE (Documentation/virt/kvm/api.rst): what they say and
// refuse, and that a vCPU goes on elsewhere from wherever L1 and L2 were.
#include "harness/nested_ept.hpp"
#include "harness/nested_image.hpp"
#include "harness/nested_modes.hpp"

using namespace kvm;
using tap::check;
using tap::check_equal;
namespace field = vmx::field;
namespace msr = vmx::msr;
namespace vector = vmx::vector;
using vmx::EventType;
using vmx::Interruption;
using vmx::Msr;
using vmx::Reason;

namespace {

GUEST_CODE(vmcall, 64, "vmcall\n vmcall");
GUEST_CODE(counts, 64, R"(
	mov %ebx, %eax
)" L2_REPORT R"(
	inc %ebx
	cpuid
	mov %ebx, %eax
)" L2_REPORT R"(
	vmcall
)");
GUEST_CODE(two_reports_32, 32, "mov $1, %eax\n" L2_REPORT "mov $2, %eax\n" L2_REPORT "vmcall");
GUEST_CODE(reports_and_spins, 64, "mov $1, %eax\n" L2_REPORT "0: pause\n jmp 0b");
GUEST_CODE(three_reports, 64,
	   "mov $1, %eax\n" L2_REPORT "mov $2, %eax\n" L2_REPORT "mov $3, %eax\n" L2_REPORT
	   "vmcall");

L1_CODE(report_twice, "test %rsp, %rsp\n out %eax, $report_port\n nop");
GUEST_CODE(smi_handler, 16, "mov $0x534d4d, %eax\n" L2_REPORT "rsm");

constexpr std::uint64_t nowhere = ~0ul;
constexpr std::size_t header = Nested::header;
constexpr std::size_t with_vmcs = Nested::with_vmcs;
constexpr std::size_t with_both = Nested::with_both;

// MSRs that L1 and L2 of these tests use.
const std::uint32_t saved_msrs[] = {
	msr::feature_control,
	msr::sysenter_cs,
	msr::sysenter_esp,
	msr::sysenter_eip,
	msr::pat,
	msr::star,
	msr::lstar,
	msr::kernel_gs_base,
	smbase_msr,
};

// The vCPU and its memory as a new machine, the way QEMU and the kernel's selftests carry it over.
L1 moved(L1 &from)
{
	from.vcpu().complete_exit();
	Nested nested;
	nested.take(from.vcpu());
	L1 to(from.memory_size());
	if (extension(to.vm().fd(), KVM_CAP_X86_SMM))
		map_smram(to.vm());
	memcpy(to.vm().memory(), from.vm().memory(), from.memory_size());
	const Vcpu &source = from.vcpu(), &target = to.vcpu();
	target.set(source.sregs2());
	for (const std::uint32_t number : saved_msrs)
		target.set_msr(number, source.msr(number));
	target.set(source.events());
	target.set_mp_state(source.mp_state().mp_state);
	target.set(source.debugregs());
	target.set(source.regs());
	nested.give(target);
	to.continue_as(from);
	return to;
}

// A vCPU that is in L2.
void run_l2(L1 &l1)
{
	l1.prepare(three_reports);
	expect(l1.vmlaunch(), reports(1), "L2");
	l1.vcpu().complete_exit();
}

struct Bad {
	const char *what;
	int error;
	void (*change)(L1 &l1, Nested &nested);
};

void each_refused(std::span<const Bad> rows, void (*get_there)(L1 &l1))
{
	need_nested_state();
	std::string failures;
	for (const Bad &row : rows) {
		L1 l1;
		get_there(l1);
		Nested nested;
		nested.take(l1.vcpu());
		try {
			row.change(l1, nested);
		} catch (const tap::Skip &) {
			continue;
		}
		const int error = nested.try_give(l1.vcpu());
		if (error != row.error)
			failures += std::string("\n# ") + row.what + ": expected errno " +
				    std::to_string(row.error) + ", found " + std::to_string(error);
	}
	check(failures.empty(), failures);
}

// clang-format off
const Bad bad_without_vmx[] = {
	{"a VMCS without VMXON", EINVAL, [](L1 &, Nested &n) { n.vmx().vmcs12_pa = vmcs_address; }},
	{"guest mode without VMXON", EINVAL, [](L1 &, Nested &n) { n.get().flags = KVM_STATE_NESTED_GUEST_MODE; }},
	{"run pending without guest mode", EINVAL, [](L1 &, Nested &n) { n.get().flags = KVM_STATE_NESTED_RUN_PENDING; }},
	{"an unknown flag", EINVAL, [](L1 &, Nested &n) { n.get().flags = 1 << 12; }},
	{"the format of SVM", EINVAL, [](L1 &, Nested &n) { n.get().format = KVM_STATE_NESTED_FORMAT_SVM; }},
	{"an unknown format", EINVAL, [](L1 &, Nested &n) { n.get().format = 2; }},
	{"a size below the header", EINVAL, [](L1 &, Nested &n) { n.get().size = 8; }},
	{"SMM's guest mode without VMXON", EINVAL, [](L1 &, Nested &n) { n.vmx().smm.flags = KVM_STATE_NESTED_SMM_GUEST_MODE; }},
	{"SMM's VMXON without VMXON", EINVAL, [](L1 &, Nested &n) { n.vmx().smm.flags = KVM_STATE_NESTED_SMM_VMXON; }},
	{"VMXON region unaligned", EINVAL, [](L1 &, Nested &n) { n.vmx().vmxon_pa = vmxon_address + 8; }},
	{"VMXON region beyond physical addresses", EINVAL, [](L1 &, Nested &n) { n.vmx().vmxon_pa = 1ul << 52; }},
	{"unknown header flags", EINVAL, [](L1 &, Nested &n) { n.vmx().vmxon_pa = vmxon_address; n.vmx().flags = 2; }},
};

const Bad bad_with_vmcs[] = {
	{"the VMCS is the VMXON region", EINVAL, [](L1 &, Nested &n) { n.vmx().vmcs12_pa = vmxon_address; }},
	{"VMCS unaligned", EINVAL, [](L1 &, Nested &n) { n.vmx().vmcs12_pa = vmcs_address + 4; }},
	{"VMCS beyond physical addresses", EINVAL, [](L1 &, Nested &n) { n.vmx().vmcs12_pa = 1ul << 52; }},
	{"no room for the VMCS", EINVAL, [](L1 &, Nested &n) { n.get().size = header; n.get().flags = KVM_STATE_NESTED_GUEST_MODE; }},
	{"another revision", EINVAL, [](L1 &, Nested &n) { n.vmcs()[0] ^= std::byte{1}; }},
	{"unknown SMM flags", EINVAL, [](L1 &, Nested &n) { n.vmx().smm.flags = 1 << 5; }},
	{"SMM's guest mode without SMM's VMXON", EINVAL, [](L1 &, Nested &n) { n.vmx().smm.flags = KVM_STATE_NESTED_SMM_GUEST_MODE; }},
	{"SMM's flags outside SMM", EINVAL, [](L1 &, Nested &n) { n.vmx().smm.flags = KVM_STATE_NESTED_SMM_VMXON; }},
	{"run pending without guest mode", EINVAL, [](L1 &, Nested &n) { n.get().flags |= KVM_STATE_NESTED_RUN_PENDING; }},
	{"eVMCS that was not enabled", EINVAL, [](L1 &, Nested &n) { n.get().flags |= KVM_STATE_NESTED_EVMCS; }},
};

const Bad bad_in_l2[] = {
	{"another revision", EINVAL, [](L1 &, Nested &n) { n.vmcs()[0] ^= std::byte{1}; }},
	{"guest mode in L1 and in SMM", EINVAL, [](L1 &, Nested &n) { n.vmx().smm.flags = KVM_STATE_NESTED_SMM_VMXON | KVM_STATE_NESTED_SMM_GUEST_MODE; }},
	{"a region of zeros", EINVAL, [](L1 &l1, Nested &n) { memset(n.vmcs(), 0, 4096); const std::uint32_t r = l1.revision(); memcpy(n.vmcs(), &r, 4); }},
	{"no room for the VMCS", EINVAL, [](L1 &, Nested &n) { n.get().size = header; }},
	{"no VMXON region", EINVAL, [](L1 &, Nested &n) { n.vmx().vmxon_pa = nowhere; }},
};
// clang-format on

} // namespace

TEST(size)
{
	need_nested_state();
	const int size = extension(open_dev_kvm(), KVM_CAP_NESTED_STATE);
	check(size >= static_cast<int>(with_both), "KVM_CAP_NESTED_STATE: expected at least " +
							   std::to_string(with_both) + ", found " +
							   std::to_string(size));
	L1 l1;
	run_l2(l1);
	Nested nested(header - 8);
	check_equal(nested.try_take(l1.vcpu()), E2BIG, "errno with less than a header");
	for (const std::size_t small : {header, with_vmcs - 1}) {
		Nested another(small);
		check_equal(another.try_take(l1.vcpu()), E2BIG, "errno with too little room");
		check_equal(another.get().size, with_vmcs, "the size that is needed");
	}
	Nested enough(with_vmcs);
	enough.take(l1.vcpu());
}

TEST(without_vmx)
{
	need_nested_state();
	L1 l1;
	Nested nested;
	nested.take(l1.vcpu());
	check_equal(nested.get().format, KVM_STATE_NESTED_FORMAT_VMX, "format");
	check_equal(nested.get().size, header, "size");
	check_equal(nested.get().flags, 0, "flags");
	check_equal(nested.vmx().vmxon_pa, nowhere, "vmxon_pa");
	check_equal(nested.vmx().vmcs12_pa, nowhere, "vmcs12_pa");
	check_equal(nested.vmx().smm.flags, 0, "smm.flags");
	nested.give(l1.vcpu());
	// It turns VMX operation off.
	l1.enter_vmx();
	nested.give(l1.vcpu());
	std::uint64_t address = 0;
	expect(l1.vmptrst(address), faults(vector::ud), "VMPTRST");
}

TEST(vmxon_alone)
{
	need_nested_state();
	L1 l1;
	l1.enter_vmx();
	l1.vcpu().complete_exit();
	Nested nested;
	nested.take(l1.vcpu());
	check_equal(nested.get().size, header, "size");
	check_equal(nested.get().flags, 0, "flags");
	check_equal(nested.vmx().vmxon_pa, vmxon_address, "vmxon_pa");
	check_equal(nested.vmx().vmcs12_pa, nowhere, "vmcs12_pa");

	L1 other = moved(l1);
	std::uint64_t address = 0;
	expect(other.vmptrst(address), succeeds(), "VMPTRST elsewhere");
	check_equal(address, nowhere, "the current VMCS");
	expect(other.vmclear(vmxon_address), fails_invalid(), "VMCLEAR of the VMXON region");
}

TEST(current_vmcs)
{
	need_nested_state();
	L1 l1;
	l1.prepare(vmcall);
	l1.write(field::tsc_offset, 0x123456789abcdef);
	l1.vcpu().complete_exit();
	Nested nested;
	nested.take(l1.vcpu());
	check_equal(nested.get().size, with_vmcs, "size");
	check_equal(nested.get().flags, 0, "flags");
	check_equal(nested.vmx().vmcs12_pa, vmcs_address, "vmcs12_pa");
	std::uint32_t revision;
	memcpy(&revision, nested.vmcs(), sizeof(revision));
	check_equal(revision, l1.revision(), "the region's revision");

	L1 other = moved(l1);
	other.expect_field(field::tsc_offset, 0x123456789abcdef);
	expect(other.vmresume(), fails(5), "VMRESUME of a clear VMCS, elsewhere");
	expect(other.vmlaunch(), exits(Reason::vmcall), "VMLAUNCH elsewhere");
	L1 third = moved(other);
	third.expect_field(field::exit_reason, static_cast<std::uint64_t>(Reason::vmcall));
	expect(third.vmlaunch(), fails(4), "VMLAUNCH of a launched VMCS, elsewhere");
	expect(third.vmresume(), exits(Reason::vmcall), "VMRESUME elsewhere");
}

TEST(guest_mode)
{
	need_nested_state();
	for (const bool with_ept : {false, true}) {
		L1 l1;
		l1.prepare(counts);
		if (with_ept)
			use(l1, Ept(l1));
		kvm_regs regs = {};
		regs.rbx = 40;
		expect(l1.vmlaunch(regs), reports(40), "L2");
		l1.vcpu().complete_exit();
		Nested nested;
		nested.take(l1.vcpu());
		check_equal(nested.get().flags, KVM_STATE_NESTED_GUEST_MODE, "flags");
		check_equal(nested.get().size, with_vmcs, "size");

		L1 other = moved(l1);
		expect(other.go_on(), exits(Reason::cpuid), "L2 elsewhere");
		check_equal(other.l2().rbx, 41u, "rbx of L2");
		L1 third = moved(other);
		kvm_regs after = other.l2();
		third.write(field::guest_rip, third.read(field::guest_rip) + 2);
		expect(third.vmresume(after), reports(41), "L2 in a third place");
		L1 fourth = moved(third);
		expect(fourth.go_on(), exits(Reason::vmcall), "L2 in a fourth place");
		fourth.expect_field(field::guest_rip,
				    l2_code_address + counts.end - counts.begin - 3);
		expect(fourth.resume(L1::Skip::nothing), exits(Reason::vmcall), "and on");
	}
}

// Taken and given back to the same vCPU, any number of times.
TEST(again_and_again)
{
	need_nested_state();
	L1 l1;
	run_l2(l1);
	for (unsigned i = 0; i < 3; i++) {
		Nested nested;
		nested.take(l1.vcpu());
		nested.give(l1.vcpu());
		Nested same;
		same.take(l1.vcpu());
		// VM-exit information of L2 need not keep, the header must.
		check(memcmp(&nested.get(), &same.get(), header) == 0,
		      "the header changed by being given back");
	}
	expect(l1.go_on(), reports(2), "L2");
}

// VMLAUNCH was executed, L2 not yet entered: the event that L1 injects is still to be delivered.
TEST(run_pending)
{
	need_nested_state();
	L1 l1;
	l1.prepare(three_reports);
	l1.write(field::entry_interruption_info,
		 Interruption::make(EventType::external_interrupt, 0x21).raw);
	expect(l1.vmlaunch(), faults(0x21), "L2");
	expect(l1.go_on(), reports(1), "L2 behind the event");
	l1.vcpu().complete_exit();
	Nested nested;
	nested.take(l1.vcpu());
	check_equal(nested.get().flags, KVM_STATE_NESTED_GUEST_MODE, "flags");
	// As if the entry were to be made from here. The event is in the VMCS until the VM exit.
	nested.get().flags |= KVM_STATE_NESTED_RUN_PENDING;
	nested.give(l1.vcpu());
	Nested same;
	same.take(l1.vcpu());
	check_equal(same.get().flags, KVM_STATE_NESTED_GUEST_MODE | KVM_STATE_NESTED_RUN_PENDING,
		    "flags that were given");
	expect(l1.go_on(), faults(0x21), "L2, entered for the first time");
	expect(l1.go_on(), reports(2), "L2 behind the event");
	l1.vcpu().complete_exit();
	Nested after;
	after.take(l1.vcpu());
	check_equal(after.get().flags, KVM_STATE_NESTED_GUEST_MODE, "flags after the entry");
}

TEST(shadow_vmcs_is_linked)
{
	need_nested_state();
	L1 l1;
	l1.prepare(three_reports);
	l1.set(vmx::secondary::vmcs_shadowing);
	l1.write(field::vmread_bitmap, vmread_bitmap_address);
	l1.write(field::vmwrite_bitmap, vmwrite_bitmap_address);
	l1.at<std::uint32_t>(shadow_vmcs_address) = l1.revision() | 1u << 31;
	l1.write(field::vmcs_link_pointer, shadow_vmcs_address);
	expect(l1.vmlaunch(), reports(1), "L2");
	l1.vcpu().complete_exit();
	Nested nested;
	nested.take(l1.vcpu());
	check_equal(nested.get().size, with_both, "size");
	std::uint32_t revision;
	memcpy(&revision, nested.shadow(), sizeof(revision));
	check_equal(revision, l1.revision() | 1u << 31, "the shadow VMCS's revision");
	Nested bad = nested;
	bad.get().size = with_vmcs;
	check_equal(bad.try_give(l1.vcpu()), EINVAL, "errno without the shadow VMCS");
	bad = nested;
	bad.shadow()[3] ^= std::byte{0x80};
	check_equal(bad.try_give(l1.vcpu()), EINVAL, "errno with an ordinary VMCS for the shadow");
	nested.give(l1.vcpu());
	L1 other = moved(l1);
	expect(other.go_on(), reports(2), "L2 elsewhere");
}

TEST(refused_without_vmx)
{
	each_refused(bad_without_vmx, [](L1 &) {});
}

TEST(refused_with_vmcs)
{
	each_refused(bad_with_vmcs, [](L1 &l1) {
		l1.prepare(vmcall);
		l1.vcpu().complete_exit();
	});
}

TEST(refused_in_l2)
{
	each_refused(bad_in_l2, [](L1 &l1) { run_l2(l1); });
}

// What was refused has changed nothing but left L2.
TEST(after_a_refusal)
{
	need_nested_state();
	L1 l1;
	l1.prepare(vmcall);
	l1.vcpu().complete_exit();
	Nested nested;
	nested.take(l1.vcpu());
	nested.get().flags = 1 << 12;
	check_equal(nested.try_give(l1.vcpu()), EINVAL, "errno");
	expect(l1.vmlaunch(), exits(Reason::vmcall), "VMLAUNCH after a refusal");
}

// Of what was refused L2's next entry knows nothing.
TEST(entry_after_a_refusal)
{
	need_nested_state();
	for (const bool has_deadline : {false, true}) {
		L1 l1;
		auto run = [&] {
			l1.prepare(three_reports);
			l1.set(vmx::pin::preemption_timer);
			l1.write(field::preemption_timer_value, 0xffffffff);
			expect(l1.vmlaunch(), reports(1), "L2");
			l1.vcpu().complete_exit();
		};
		run();
		Nested nested;
		nested.take(l1.vcpu());
		if (has_deadline)
			nested.vmx().preemption_timer_deadline = 1;
		else
			nested.get().flags |= KVM_STATE_NESTED_MTF_PENDING;
		const std::uint32_t revision = l1.revision();
		memset(nested.vmcs(), 0, page_size);
		memcpy(nested.vmcs(), &revision, sizeof(revision));
		check_equal(nested.try_give(l1.vcpu()), EINVAL, "errno");
		Nested off(header);
		off.vmx().vmxon_pa = off.vmx().vmcs12_pa = nowhere;
		off.give(l1.vcpu());
		run();
	}
}

TEST(without_cpuid)
{
	need_nested_state();
	L1 l1;
	l1.enter_vmx();
	l1.vcpu().complete_exit();
	Nested nested;
	nested.take(l1.vcpu());
	const Vm vm;
	const Vcpu vcpu(vm, 0, Vcpu::WithCpuid::none);
	check_equal(nested.try_give(vcpu), EINVAL, "errno for a vCPU whose CPUID has no VMX");
	Nested off;
	off.take(vcpu);
	check_equal(off.vmx().vmxon_pa, nowhere, "vmxon_pa of such a vCPU");
	off.give(vcpu);
}

// L2 uses a page of L1's that the new machine does not have yet: it does not run before, however
// often it is asked to.
TEST(page_that_comes_late)
{
	need_nested_state();
	L1 l1;
	const Mapping page(page_size);
	l1.vm().set_slot(1, mmio_address, page_size, page.data());
	l1.prepare(three_reports);
	l1.set(vmx::primary::use_tpr_shadow);
	l1.write(field::virtual_apic_page_address, mmio_address);
	expect(l1.vmlaunch(), reports(1), "L2");
	L1 other = moved(l1);
	const Result first = other.go_on();
	// The distribution's module runs on, with an address that the CPU refuses: L1's entry
	// fails.
	expect_either(first, leaves(KVM_EXIT_INTERNAL_ERROR), fails(7), "L2 without the page");
	if (first == fails(7))
		return;
	expect(other.go_on(), leaves(KVM_EXIT_INTERNAL_ERROR), "and again");
	other.vm().set_slot(1, mmio_address, page_size, page.data());
	expect(other.go_on(), reports(2), "L2 with it");
}

// The PDPTEs in use are those that MOV to CR3 or the VM entry has read; what memory has come to
// hold since does not matter. Without EPT they travel in kvm_sregs2.
TEST(pdptes)
{
	need_nested_state();
	L1 l1;
	l1.vm().need(KVM_CAP_SREGS2, "KVM_CAP_SREGS2");
	l1.prepare(two_reports_32);
	leave_long_mode(l1);
	const std::uint64_t table = l1.read(field::guest_cr3);
	expect(l1.vmlaunch(), reports(1), "L2");
	const std::uint64_t used = l1.at<std::uint64_t>(table);
	constexpr std::uint64_t reserved = 6;
	l1.at<std::uint64_t>(table) = used | reserved;
	L1 other = moved(l1);
	const Result result = other.go_on();
	// The distribution's module loses them.
	expect_either(result, reports(2), exits(Reason::triple_fault), "L2 elsewhere");
	if (result == exits(Reason::triple_fault))
		return;
	check_equal(other.vcpu().sregs2().pdptrs[0], used, "the PDPTE in use");
	expect(other.go_on(), exits(Reason::vmcall), "and on");
	expect(other.vmresume(), entry_fails(Reason::invalid_guest), "VMRESUME");
	other.expect_field(field::exit_qualification, 2);
}

TEST(preemption_timer_deadline)
{
	need_nested_state();
	L1 l1;
	l1.prepare(reports_and_spins);
	l1.set(vmx::pin::preemption_timer);
	constexpr std::uint64_t cycles = 10'000'000;
	const unsigned shift =
		vmx::preemption_timer_shift(vmx::Misc{l1.capability(vmx::Msr::misc)});
	l1.write(field::preemption_timer_value, cycles >> shift);
	expect(l1.vmlaunch(), reports(1), "L2");
	l1.vcpu().complete_exit();
	Nested nested;
	nested.take(l1.vcpu());
	check(nested.vmx().flags & KVM_STATE_VMX_PREEMPTION_TIMER_DEADLINE,
	      "the header's flags do not say that a deadline is there");
	check(nested.vmx().preemption_timer_deadline != 0, "the deadline is 0");
	nested.give(l1.vcpu());
	Nested same;
	same.take(l1.vcpu());
	check_equal(same.vmx().preemption_timer_deadline, nested.vmx().preemption_timer_deadline,
		    "the deadline, given back");
	expect(l1.go_on(), exits(Reason::preemption_timer), "L2 until its deadline");
}

// Two VMCSs, one of which is not current when the machine moves.
TEST(vmcs_in_memory)
{
	need_nested_state();
	L1 l1;
	l1.prepare(vmcall);
	l1.write(field::tsc_offset, 0x1111);
	expect(l1.vmlaunch(), exits(Reason::vmcall), "the first");
	l1.write_default_vmcs(other_vmcs_address);
	l1.write(field::tsc_offset, 0x2222);
	L1 other = moved(l1);
	other.expect_field(field::tsc_offset, 0x2222);
	expect(other.vmptrld(vmcs_address), succeeds(), "VMPTRLD elsewhere");
	other.expect_field(field::tsc_offset, 0x1111);
	expect(other.vmresume(), exits(Reason::vmcall), "VMRESUME of the first, elsewhere");
	expect(other.vmptrld(other_vmcs_address), succeeds(), "VMPTRLD elsewhere");
	expect(other.vmlaunch(), exits(Reason::vmcall), "VMLAUNCH of the second, elsewhere");
}

TEST(injected_event_moves)
{
	need_nested_state();
	L1 l1;
	run_l2(l1);
	kvm_vcpu_events events = l1.vcpu().events();
	events.interrupt.injected = 1;
	events.interrupt.nr = 0x55;
	l1.vcpu().set(events);
	L1 other = moved(l1);
	expect(other.go_on(), faults(0x55), "an interrupt that was on its way into L2");
	expect(other.go_on(), reports(2), "L2 elsewhere");
}

// SMM is outside of VMX operation: RSM returns to L2.
TEST(smm)
{
	need_nested_state();
	for (const bool in_l2 : {false, true})
		for (const bool moves : {false, true}) {
			L1 l1;
			use_smm(l1.vm(), l1.vcpu(), smi_handler);
			const std::string where = std::string(in_l2 ? "L2" : "L1") +
						  (moves ? ", moved," : "") + " behind SMM";
			if (in_l2) {
				run_l2(l1);
			} else {
				l1.prepare(three_reports);
				expect(l1.run(report_twice), succeeds(), "L1");
			}
			KVM_CALL(l1.vcpu().fd(), KVM_SMI);
			expect(l1.go_on(), reports(0x534d4d), "SMM's handler");
			l1.vcpu().complete_exit();
			Nested nested;
			nested.take(l1.vcpu());
			check_equal(nested.get().flags, 0, "flags in SMM");
			check_equal(nested.vmx().smm.flags,
				    KVM_STATE_NESTED_SMM_VMXON |
					    (in_l2 ? KVM_STATE_NESTED_SMM_GUEST_MODE : 0),
				    "smm.flags");
			check_equal(nested.vmx().vmxon_pa, vmxon_address, "vmxon_pa in SMM");
			check_equal(nested.vmx().vmcs12_pa, vmcs_address, "vmcs12_pa in SMM");
			L1 other = moves ? moved(l1) : std::move(l1);
			if (in_l2) {
				expect(other.go_on(), reports(2), where);
				Nested after;
				other.vcpu().complete_exit();
				after.take(other.vcpu());
				check_equal(after.get().flags, KVM_STATE_NESTED_GUEST_MODE,
					    "flags behind SMM");
				continue;
			}
			expect(other.go_on(), succeeds(), where);
			expect(other.vmlaunch(), reports(1), "VMLAUNCH behind SMM");
		}
}

// The machine moves behind RSM, before L2 runs on: it has had the event that L1 injected.
TEST(injected_event_before_smm)
{
	need_nested_state();
	L1 l1;
	use_smm(l1.vm(), l1.vcpu(), smi_handler);
	l1.prepare(three_reports);
	l1.write(field::entry_interruption_info,
		 Interruption::make(EventType::external_interrupt, 0x21).raw);
	expect(l1.vmlaunch(), faults(0x21), "L2");
	expect(l1.go_on(), reports(1), "L2 behind the event");
	KVM_CALL(l1.vcpu().fd(), KVM_SMI);
	expect(l1.go_on(), reports(0x534d4d), "SMM's handler");
	l1.vcpu().complete_exit();
	kvm_guest_debug debug = {};
	debug.control = KVM_GUESTDBG_ENABLE | KVM_GUESTDBG_SINGLESTEP;
	KVM_CALL(l1.vcpu().fd(), KVM_SET_GUEST_DEBUG, &debug);
	// Bochs 2.7 traps before RSM as well.
	do
		l1.vcpu().run_to(KVM_EXIT_DEBUG);
	while (l1.vcpu().state().flags & KVM_RUN_X86_SMM);
	debug.control = 0;
	KVM_CALL(l1.vcpu().fd(), KVM_SET_GUEST_DEBUG, &debug);
	L1 other = moved(l1);
	// The distribution's module injects it once more.
	expect_either(other.go_on(), reports(2), faults(0x21), "L2 elsewhere");
}

// kvm.ko's processor does not restart HLT behind RSM: an SMI wakes a halted guest, L2 as well as
// L1.
TEST(smi_wakes_a_halted_l2)
{
	L1 l1(default_memory, L1::Irqchip::in_kernel);
	use_smm(l1.vm(), l1.vcpu(), smi_handler);
	run_l2(l1);
	l1.vcpu().set_mp_state(KVM_MP_STATE_HALTED);
	KVM_CALL(l1.vcpu().fd(), KVM_SMI);
	expect(l1.go_on(), reports(0x534d4d), "SMM's handler");
	check_equal(l1.vcpu().mp_state().mp_state, KVM_MP_STATE_RUNNABLE,
		    "the vCPU's state in SMM");
	expect(l1.go_on(), reports(2), "L2 behind SMM");
}
