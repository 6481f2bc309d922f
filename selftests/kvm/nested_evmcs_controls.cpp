// SPDX-License-Identifier: GPL-2.0-only
//
// Which controls go into an enlightened VMCS: those that it has fields for. What L1 reads in its
// capability MSRs, what the VMM may set there, what entries and saved state are refused for.
#include "harness/nested_evmcs.hpp"

using namespace kvm;
using tap::check;
using tap::check_equal;
namespace field = vmx::field;
using vmx::Msr;
using vmx::Reason;

namespace {

GUEST_CODE(vmcalls, 64, "0: vmcall\n jmp 0b");
GUEST_CODE(reports_and_calls, 64, "mov $1, %eax\n" L2_REPORT "vmcall");

constexpr std::uint32_t secondary_encoding = field::secondary_controls.encoding;

// A word of controls, and the MSR that says which may be set.
struct Word {
	const char *name;
	std::uint32_t encoding;
	Msr msr;
};
constexpr Word words[] = {
	{"pin-based", field::pin_controls.encoding, Msr::true_pinbased_ctls},
	{"primary", field::primary_controls.encoding, Msr::true_procbased_ctls},
	{"secondary", secondary_encoding, Msr::procbased_ctls2},
	{"VM-exit", field::exit_controls.encoding, Msr::true_exit_ctls},
	{"VM-entry", field::entry_controls.encoding, Msr::true_entry_ctls},
};

constexpr std::uint32_t index_of(Msr msr)
{
	return static_cast<std::uint32_t>(msr);
}

std::uint64_t shown_to_l1(L1 &l1, Msr msr)
{
	std::uint64_t value;
	expect(l1.rdmsr(index_of(msr), value), succeeds(), "RDMSR");
	return value;
}

std::string name_of(const Word &word, unsigned bit)
{
	return std::string(word.name) + " control, bit " + std::to_string(bit);
}

} // namespace

// L1 is shown what it can ask for, the VMM all there is.
TEST(capability_msrs)
{
	struct Filter {
		Msr msr;
		std::uint64_t lost; // controls
	};
	constexpr std::uint64_t secondaries =
		(vmx::secondary::virtualize_apic_accesses |
		 vmx::secondary::apic_register_virtualization |
		 vmx::secondary::virtual_interrupt_delivery | vmx::secondary::enable_vmfunc |
		 vmx::secondary::vmcs_shadowing | vmx::secondary::enable_pml |
		 vmx::secondary::use_tsc_scaling)
			.bits;
	constexpr std::uint64_t pins =
		(vmx::pin::preemption_timer | vmx::pin::posted_interrupts).bits;
	constexpr std::uint64_t exits = vmx::exit::save_preemption_timer.bits;
	constexpr Filter filters[] = {
		{Msr::basic, 0},
		{Msr::pinbased_ctls, pins},
		{Msr::procbased_ctls, 0},
		{Msr::exit_ctls, exits},
		{Msr::entry_ctls, 0},
		{Msr::misc, 0},
		{Msr::cr0_fixed0, 0},
		{Msr::cr4_fixed1, 0},
		{Msr::vmcs_enum, 0},
		{Msr::procbased_ctls2, secondaries},
		{Msr::ept_vpid_cap, 0},
		{Msr::true_pinbased_ctls, pins},
		{Msr::true_procbased_ctls, 0},
		{Msr::true_exit_ctls, exits},
		{Msr::true_entry_ctls, 0},
	};
	L1 l1 = hyperv_l1(), other;
	for (const Filter &filter : filters) {
		const auto index = static_cast<std::uint32_t>(filter.msr);
		std::uint64_t shown;
		expect(l1.rdmsr(index, shown), succeeds(), "RDMSR");
		check_equal(shown, l1.capability(filter.msr) & ~(filter.lost << 32),
			    "MSR " + tap::hex(index));
		// The VMM's, and that of an L1 without enlightened VMCSs.
		check_equal(l1.capability(filter.msr), other.capability(filter.msr),
			    "MSR " + tap::hex(index) + " for the VMM");
		expect(other.rdmsr(index, shown), succeeds(), "RDMSR");
		check_equal(shown, other.capability(filter.msr),
			    "MSR " + tap::hex(index) + " without enlightened VMCSs");
	}
	std::uint64_t functions;
	expect(l1.rdmsr(static_cast<std::uint32_t>(Msr::vmfunc), functions), succeeds(), "RDMSR");
	check_equal(functions, 0u, "VM functions");
}

// Windows takes these controls without a place in the page for an error.
TEST(perf_global_ctrl_needs_its_leaf)
{
	const std::uint32_t msrs[] = {
		static_cast<std::uint32_t>(Msr::true_exit_ctls),
		static_cast<std::uint32_t>(Msr::exit_ctls),
		static_cast<std::uint32_t>(Msr::true_entry_ctls),
		static_cast<std::uint32_t>(Msr::entry_ctls),
	};
	for (const bool with_leaf : {true, false}) {
		L1 l1(default_memory, L1::Irqchip::none, L1::Hyperv::evmcs,
		      {.perf_global_ctrl = with_leaf});
		for (unsigned n = 0; n < 4; n++) {
			const std::uint64_t bit =
				std::uint64_t{n < 2 ? vmx::exit::load_perf_global_ctrl.bits
						    : vmx::entry::load_perf_global_ctrl.bits}
				<< 32;
			if (!(l1.vcpu().msr(msrs[n]) & bit))
				tap::skip("the controls are not offered");
			std::uint64_t shown;
			expect(l1.rdmsr(msrs[n], shown), succeeds(), "RDMSR");
			check_equal((shown & bit) != 0, with_leaf, "MSR " + tap::hex(msrs[n]));
		}
		prepare_evmcs(l1, vmcalls);
		l1.set(vmx::entry::load_perf_global_ctrl);
		const Result found = l1.vmlaunch();
		if (with_leaf)
			expect(found, exits(Reason::vmcall), "an entry that loads it");
		else // The distribution's module checks by what it could offer.
			expect_either(found, fails(7), exits(Reason::vmcall),
				      "an entry that loads it, without the leaf");
	}
}

TEST(controls_without_fields)
{
	struct Case {
		const char *what;
		std::uint32_t encoding, bits;
	};
	const std::uint32_t secondary = secondary_encoding;
	const Case cases[] = {
		{"preemption timer", field::pin_controls.encoding, vmx::pin::preemption_timer.bits},
		{"posted interrupts", field::pin_controls.encoding,
		 vmx::pin::posted_interrupts.bits},
		{"saving the preemption timer", field::exit_controls.encoding,
		 vmx::exit::save_preemption_timer.bits},
		{"APIC accesses", secondary, vmx::secondary::virtualize_apic_accesses.bits},
		{"virtualized APIC registers", secondary,
		 vmx::secondary::apic_register_virtualization.bits},
		{"virtual interrupts", secondary, vmx::secondary::virtual_interrupt_delivery.bits},
		{"VM functions", secondary,
		 (vmx::secondary::enable_vmfunc | vmx::secondary::enable_ept).bits},
		{"VMCS shadowing", secondary, vmx::secondary::vmcs_shadowing.bits},
		{"page-modification log", secondary, vmx::secondary::enable_pml.bits},
		{"TSC scaling", secondary, vmx::secondary::use_tsc_scaling.bits},
	};
	for (const Case &one : cases) {
		L1 l1 = hyperv_l1();
		prepare_evmcs(l1, vmcalls);
		l1.set(vmx::primary::activate_secondary);
		l1.write_field(one.encoding, l1.read_field(one.encoding) | one.bits);
		expect(l1.vmlaunch(), fails(7), one.what);
		l1.write_field(one.encoding, l1.read_field(one.encoding) & ~one.bits);
		expect(l1.vmlaunch(), exits(Reason::vmcall), "VMLAUNCH without");
	}
}

// Every bit of every word: what L1 is not shown fails, and so does what must be set and is not.
TEST(every_control)
{
	L1 l1 = hyperv_l1();
	prepare_evmcs(l1, vmcalls);
	l1.set(vmx::primary::activate_secondary);
	expect(l1.vmlaunch(), exits(Reason::vmcall), "VMLAUNCH");
	unsigned refused = 0;
	for (const Word &word : words) {
		const std::uint64_t shown = shown_to_l1(l1, word.msr);
		const std::uint64_t good = l1.read_field(word.encoding);
		for (unsigned bit = 0; bit < 32; bit++) {
			const bool may_be_1 = shown >> 32 >> bit & 1, must_be_1 = shown >> bit & 1;
			if (may_be_1 && !must_be_1)
				continue;
			l1.write_field(word.encoding, good ^ 1ul << bit);
			expect(l1.vmlaunch(), fails(7), name_of(word, bit));
			refused++;
		}
		l1.write_field(word.encoding, good);
		expect(l1.vmlaunch(), exits(Reason::vmcall), std::string(word.name) + ", mended");
	}
	check(refused > 32, "fewer than a word's controls were refused");
}

// An L1 may have ordinary VMCSs beside, which have fields for all that the VMM is offered.
TEST(ordinary_vmcs_has_them)
{
	struct Case {
		const char *what;
		std::uint32_t encoding, bits;
		std::uint32_t field;
		std::uint64_t value;
	};
	const Case cases[] = {
		{"preemption timer", field::pin_controls.encoding, vmx::pin::preemption_timer.bits,
		 field::preemption_timer_value.encoding, 0xffffffff},
		{"APIC accesses", secondary_encoding, vmx::secondary::virtualize_apic_accesses.bits,
		 field::apic_access_address.encoding, apic_access_address},
		{"VMCS shadowing", secondary_encoding, vmx::secondary::vmcs_shadowing.bits,
		 field::vmread_bitmap.encoding, vmread_bitmap_address},
		{"TSC scaling", secondary_encoding, vmx::secondary::use_tsc_scaling.bits,
		 field::tsc_multiplier.encoding, 1ul << 48},
	};
	L1 l1 = hyperv_l1();
	prepare_evmcs(l1, vmcalls);
	expect(l1.vmlaunch(), exits(Reason::vmcall), "VMLAUNCH by the page");
	expect(l1.vmclear(evmcs_address), succeeds(), "VMCLEAR of the page");
	name_no_evmcs(l1);
	l1.use_vmcs();
	unsigned taken = 0;
	for (const Case &one : cases) {
		const Msr msr = one.encoding == secondary_encoding ? Msr::procbased_ctls2
								   : Msr::true_pinbased_ctls;
		if (one.bits & ~(l1.capability(msr) >> 32))
			continue;
		l1.write_default_vmcs(vmcs_address);
		l1.set(vmx::primary::activate_secondary);
		l1.write_field(one.encoding, l1.read_field(one.encoding) | one.bits);
		l1.write_field(one.field, one.value);
		// The distribution's module has one rule for all VMCSs of such a vCPU.
		expect_either(l1.vmlaunch(), exits(Reason::vmcall), fails(7), one.what);
		taken++;
	}
	if (!taken)
		tap::skip("none of the controls is offered");
}

// The VMM sets and reads the MSRs as those of any vCPU: what L1 is not shown has no part in it.
TEST(capability_msrs_of_the_vmm)
{
	struct Case {
		const Word &word;
		std::uint32_t bit; // which the VMM takes away, and an enlightened VMCS could have
	};
	const Case cases[] = {
		{words[0], vmx::pin::nmi_exiting.bits},
		{words[1], vmx::primary::rdtsc_exiting.bits},
		{words[2], vmx::secondary::wbinvd_exiting.bits},
		{words[3], vmx::exit::save_efer.bits},
		{words[4], vmx::entry::load_efer.bits},
	};
	unsigned refused = 0;
	for (const Case &one : cases) {
		const std::string name = one.word.name;
		const std::uint32_t index = index_of(one.word.msr);
		const std::uint64_t bit = std::uint64_t{one.bit} << 32;
		L1 l1 = hyperv_l1();
		const L1 plain;
		const std::uint64_t offered = l1.capability(one.word.msr);
		const std::uint64_t shown = shown_to_l1(l1, one.word.msr);
		check(shown & bit, name + ": the control is not offered");

		// What L1 sees, less a control, is what a VMM may want to set it to.
		check(l1.vcpu().try_set_msr(index, shown), name + ": what L1 is shown is refused");
		check_equal(l1.capability(one.word.msr), shown, name + ": less, for the VMM");
		check_equal(shown_to_l1(l1, one.word.msr), shown, name + ": less, for L1");
		check(l1.vcpu().try_set_msr(index, offered & ~bit),
		      name + ": less than what is offered is refused");
		check_equal(l1.capability(one.word.msr), offered & ~bit,
			    name + ": all but one, for the VMM");
		check_equal(shown_to_l1(l1, one.word.msr), shown & ~bit,
			    name + ": all but one, for L1");
		for (unsigned n = 0; n < 64; n++) {
			const bool taken = plain.vcpu().try_set_msr(index, offered ^ 1ul << n);
			check_equal(l1.vcpu().try_set_msr(index, offered ^ 1ul << n), taken,
				    name + ": bit " + std::to_string(n) +
					    " is taken from the VMM, as without Hyper-V");
			refused += !taken;
		}
		l1.vcpu().set_msr(index, offered & ~bit);

		prepare_evmcs(l1, vmcalls);
		l1.set(vmx::primary::activate_secondary);
		expect(l1.vmlaunch(), exits(Reason::vmcall), "VMLAUNCH without " + name);
		l1.write_field(one.word.encoding, l1.read_field(one.word.encoding) | one.bit);
		expect(l1.vmlaunch(), fails(7), name + ": a control that the VMM took away");
		check(!l1.vcpu().try_set_msr(index, offered),
		      name + ": L1, in VMX operation, gets other controls");
	}
	check(refused > 32, "fewer bits were refused than there are in a word");
}

// What no enlightened VMCS may have comes in by no saved state of a running L2.
TEST(controls_in_saved_state)
{
	L1 l1 = hyperv_l1();
	prepare_evmcs(l1, reports_and_calls);
	l1.set(vmx::primary::activate_secondary);
	expect(l1.vmlaunch(), reports(1), "L2");
	l1.vcpu().complete_exit();
	const NestedState good(l1.vcpu());
	for (const Word &word : words) {
		// Not by RDMSR: L2 runs.
		const std::uint64_t offered = l1.capability(word.msr);
		const EvmcsField &row = *find_evmcs_field(word.encoding);
		for (unsigned bit = 0; bit < 32; bit++) {
			if (offered >> 32 >> bit & 1)
				continue;
			NestedState bad = good;
			bad.set_field(row, good.field(row) | 1ul << bit);
			check_equal(bad.try_give(l1.vcpu()), EINVAL,
				    "errno of KVM_SET_NESTED_STATE: " + name_of(word, bit));
		}
	}
	const struct {
		std::uint32_t encoding, bits;
	} not_carried[] = {
		{field::pin_controls.encoding, vmx::pin::preemption_timer.bits},
		{field::pin_controls.encoding, vmx::pin::posted_interrupts.bits},
		{field::exit_controls.encoding, vmx::exit::save_preemption_timer.bits},
		{secondary_encoding, vmx::secondary::virtualize_apic_accesses.bits},
		{secondary_encoding, vmx::secondary::apic_register_virtualization.bits},
		{secondary_encoding, vmx::secondary::virtual_interrupt_delivery.bits},
		{secondary_encoding, vmx::secondary::enable_vmfunc.bits},
		{secondary_encoding, vmx::secondary::vmcs_shadowing.bits},
		{secondary_encoding, vmx::secondary::enable_pml.bits},
		{secondary_encoding, vmx::secondary::use_tsc_scaling.bits},
	};
	for (const auto &one : not_carried) {
		const EvmcsField &row = *find_evmcs_field(one.encoding);
		NestedState bad = good;
		bad.set_field(row, good.field(row) | one.bits);
		check_equal(bad.try_give(l1.vcpu()), EINVAL,
			    "errno of KVM_SET_NESTED_STATE: field " + tap::hex(one.encoding) +
				    ", bits " + tap::hex(one.bits));
	}
	NestedState again = good;
	check_equal(again.try_give(l1.vcpu()), 0, "errno of KVM_SET_NESTED_STATE, the good one");
	expect(l1.go_on(), exits(Reason::vmcall), "L2");
}
