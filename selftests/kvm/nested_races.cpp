// SPDX-License-Identifier: GPL-2.0-only
//
// Memory of L1's that changes while L0 reads it: VMCS regions, MSR lists, bitmaps, the EPTP list,
// EPTs, the virtual-APIC page, operands, and the image that KVM_SET_NESTED_STATE takes. Each place
// alternates between a value that is allowed and one that is not, so that a check of the one and a
// use of the other would show. Needs two CPUs.
#include "harness/module.hpp"
#include "harness/nested_ept.hpp"
#include "harness/nested_evmcs.hpp"
#include "harness/nested_image.hpp"
#include "harness/nested_modes.hpp"
#include "harness/race.hpp"
#include "harness/thread.hpp"

using namespace kvm;
using tap::check;
using tap::check_equal;
namespace field = vmx::field;
namespace msr = vmx::msr;
using vmx::Interruption;
using vmx::Msr;
using vmx::MsrEntry;
using vmx::Reason;

namespace {

constexpr unsigned rounds = 250;
constexpr unsigned costly_rounds = 40; // those that take a machine each

GUEST_CODE(vmcall, 64, "vmcall");
GUEST_CODE(reports_7, 64, "mov $7, %eax\n" L2_REPORT "vmcall");
GUEST_CODE(reports_7_in_32, 32, "mov $7, %eax\n" L2_REPORT "vmcall");
GUEST_CODE(read_msr, 64, "mov %ebx, %ecx\n rdmsr\n vmcall");
GUEST_CODE(out_port, 64, "mov %ebx, %edx\n out %al, %dx\n vmcall");
GUEST_CODE(read_field, 64, "vmread %rbx, %rax\n vmcall");
GUEST_CODE(switch_eptp, 64, "mov $1, %ecx\n xor %eax, %eax\n vmfunc\n mov (%rbx), %rax\n vmcall");
GUEST_CODE(read_memory, 64, "mov (%rbx), %rax\n vmcall");

L1_CODE(load_pointer, "vmptrld (%rdi)");

// Stores rax and rdx by turns where rdi points to, for ever; slow enough for KVM, for whom each is
// an exit, to find a way through the EPT in between.
GUEST_CODE(flips_memory, 64, R"(
0:	mov %rax, (%rdi)
	mov $3000, %ecx
1:	pause
	dec %ecx
	jnz 1b
	mov %rdx, (%rdi)
	mov $3000, %ecx
2:	pause
	dec %ecx
	jnz 2b
	jmp 0b
)");
// Another vCPU of L1's writes three places for ever: rdi, rsi and rbp hold the addresses, each is
// exclusive-ored with r8, r9 or r10, for spells that differ in length from place to place.
GUEST_CODE(flips_three_places, 64, R"(
0:	xor %r8, (%rdi)
	mov $3, %ecx
1:	pause
	dec %ecx
	jnz 1b
	xor %r9, (%rsi)
	mov $5, %ecx
2:	pause
	dec %ecx
	jnz 2b
	xor %r8, (%rdi)
	mov $7, %ecx
3:	pause
	dec %ecx
	jnz 3b
	xor %r10d, (%rbp)
	mov $4, %ecx
4:	pause
	dec %ecx
	jnz 4b
	jmp 0b
)");
GUEST_CODE(takes_and_clears, 64, "0: vmptrld (%rdi)\n vmclear (%rdi)\n jmp 0b");

constexpr std::uint32_t reserved_control = 1u << 30; // of the entry controls
constexpr std::uint64_t reserved_cr4 = 1 << 30, reserved_rflags = 1 << 15;

void put_msr(const L1 &l1, std::uint32_t list, std::uint32_t number, std::uint64_t value)
{
	l1.at<std::uint64_t>(list) = number;
	l1.at<std::uint64_t>(list + 8) = value;
}

// Where a field of 32 or 64 bits lies in a region: the layout is the revision's own.
template <typename T, vmx::AnyField Field> std::uint32_t place_of(L1 &l1, Field wanted)
{
	constexpr auto mark = static_cast<T>(0x5ca1ab1e0ddba11);
	const std::uint64_t before = l1.read(wanted);

	l1.write(wanted, mark);
	expect(l1.vmclear(vmcs_address), succeeds(), "VMCLEAR");
	for (std::uint32_t at = sizeof(T); at < page_size; at += sizeof(T)) {
		if (l1.at<T>(vmcs_address + at) != mark)
			continue;
		expect(l1.vmptrld(vmcs_address), succeeds(), "VMPTRLD");
		l1.write(wanted, before);
		return at;
	}
	tap::fail("a field that VMWRITE wrote is not in the region behind VMCLEAR");
}

void expect_one_of(const Result &found, std::initializer_list<Result> allowed,
		   std::string_view what, tap::Where where = tap::Where::current())
{
	std::string list;
	for (const Result &one : allowed) {
		if (found == one)
			return;
		list += (list.empty() ? "" : ", ") + describe(one);
	}
	tap::fail(std::string(what) + ": expected one of " + list + ", found " + describe(found),
		  where);
}

// From the beginning of L2's code.
Result go(L1 &l1, std::uint64_t rbx_value = 0)
{
	kvm_regs regs = {};
	regs.rbx = rbx_value;
	l1.write(field::guest_rip, l2_code_address);
	const Result first = l1.vmresume(regs);
	return first == fails(5) ? l1.vmlaunch(regs) : first;
}

} // namespace

// What L1 or another writes into the region of a current VMCS has no effect at all.
TEST(region_of_current_vmcs)
{
	need_nested_state();
	L1 l1;
	l1.prepare(reports_7);
	l1.vcpu().complete_exit();
	Nested before;
	before.take(l1.vcpu());
	std::vector<Flip> flips;
	for (std::uint32_t at = 0; at < page_size; at += 8)
		flips.push_back(flip<std::uint64_t>(l1, vmcs_address + at, 0, ~0ul));
	Flipper flipper(flips);
	for (unsigned i = 0; i < rounds; i++) {
		l1.write(field::tsc_offset, i);
		expect(go(l1), reports(7), "L2");
		l1.vcpu().complete_exit();
		Nested running;
		running.take(l1.vcpu());
		check_equal(running.get().flags, KVM_STATE_NESTED_GUEST_MODE, "flags");
		check(!memcmp(running.vmcs(), before.vmcs(), 4), "the image's revision changed");
		expect(l1.go_on(), exits(Reason::vmcall), "L2");
		l1.expect_field(field::tsc_offset, i);
	}
	flipper.stop();
	expect(l1.vmclear(vmcs_address), succeeds(), "VMCLEAR");
	expect(l1.vmptrld(vmcs_address), succeeds(), "VMPTRLD");
	l1.expect_field(field::tsc_offset, rounds - 1);
	expect(go(l1), reports(7), "L2 behind VMCLEAR");
}

// VMPTRLD takes a region once: what VMREAD finds is what VMLAUNCH checks and uses.
TEST(vmptrld)
{
	L1 l1;
	l1.prepare(vmcall);
	const auto entry_at = place_of<std::uint32_t>(l1, field::entry_controls);
	const auto cr4_at = place_of<std::uint64_t>(l1, field::host_cr4);
	const auto rflags_at = place_of<std::uint64_t>(l1, field::guest_rflags);
	const auto entry_good = static_cast<std::uint32_t>(l1.read(field::entry_controls));
	const std::uint64_t cr4_good = l1.read(field::host_cr4);
	const std::uint64_t rflags_good = l1.read(field::guest_rflags);
	l1.write_default_vmcs(other_vmcs_address);
	expect(l1.vmclear(other_vmcs_address), succeeds(), "VMCLEAR");
	expect(l1.vmptrld(vmcs_address), succeeds(), "VMPTRLD");

	const std::uint32_t revision = l1.revision();
	Flipper flipper({
		flip<std::uint32_t>(l1, other_vmcs_address, revision, revision ^ 1),
		flip<std::uint32_t>(l1, other_vmcs_address + entry_at, entry_good,
				    entry_good | reserved_control),
		flip<std::uint64_t>(l1, other_vmcs_address + cr4_at, cr4_good,
				    cr4_good | reserved_cr4),
		flip<std::uint64_t>(l1, other_vmcs_address + rflags_at, rflags_good,
				    rflags_good | reserved_rflags),
	});
	Rounds words, controls, host, guest;
	for (unsigned i = 0; i < rounds; i++) {
		const Result loaded = l1.vmptrld(other_vmcs_address);
		std::uint64_t pointer = 0;
		expect_one_of(loaded, {succeeds(), fails(11)}, "VMPTRLD");
		expect(l1.vmptrst(pointer), succeeds(), "VMPTRST");
		if (loaded == fails(11)) {
			words.bad++;
			check_equal(pointer, vmcs_address, "the VMCS that stays current");
			continue;
		}
		words.good++;
		check_equal(pointer, other_vmcs_address, "the current VMCS");
		const bool bad_control = l1.read(field::entry_controls) & reserved_control;
		const bool bad_cr4 = l1.read(field::host_cr4) & reserved_cr4;
		const bool bad_rflags = l1.read(field::guest_rflags) & reserved_rflags;
		(bad_control ? controls.bad : controls.good)++;
		(bad_cr4 ? host.bad : host.good)++;
		(bad_rflags ? guest.bad : guest.good)++;
		expect(l1.vmlaunch(),
		       bad_control  ? fails(7)
		       : bad_cr4    ? fails(8)
		       : bad_rflags ? entry_fails(Reason::invalid_guest)
				    : exits(Reason::vmcall),
		       "VMLAUNCH of what VMREAD found");
		check_equal(!!(l1.read(field::entry_controls) & reserved_control), bad_control,
			    "the entry controls' reserved bit, read again");
		check_equal(!!(l1.read(field::host_cr4) & reserved_cr4), bad_cr4,
			    "the host CR4's reserved bit, read again");
		expect(l1.vmclear(other_vmcs_address), succeeds(), "VMCLEAR");
		expect(l1.vmptrld(vmcs_address), succeeds(), "VMPTRLD");
	}
	words.check_both("the revision");
	controls.check_both("entry controls");
	host.check_both("host CR4");
	guest.check_both("guest RFLAGS");
}

// The page of an enlightened VMCS is taken once for each entry.
TEST(evmcs)
{
	L1 l1(default_memory, L1::Irqchip::none, L1::Hyperv::evmcs);
	prepare_evmcs(l1, reports_7);
	const std::uint64_t cr4 = l1.read(field::host_cr4), rflags = l1.read(field::guest_rflags);
	const auto place = [](std::uint32_t encoding) {
		return evmcs_address + find_evmcs_field(encoding)->slot;
	};
	Flipper flipper({
		flip<std::uint64_t>(l1, place(field::host_cr4.encoding), cr4, cr4 | reserved_cr4),
		flip<std::uint64_t>(l1, place(field::guest_rflags.encoding), rflags,
				    rflags | reserved_rflags),
	});
	Rounds host, guest;
	for (unsigned i = 0; i < rounds; i++) {
		l1.write(field::guest_rip, l2_code_address);
		const Result result = l1.vmlaunch();
		expect_one_of(result, {reports(7), fails(8), entry_fails(Reason::invalid_guest)},
			      "L2");
		(result == fails(8) ? host.bad : host.good)++;
		if (!(result == fails(8)))
			(result == reports(7) ? guest.good : guest.bad)++;
		if (result == reports(7)) {
			check_equal(l1.vcpu().regs().rflags & reserved_rflags, 0, "RFLAGS of L2");
			expect(l1.go_on(), exits(Reason::vmcall), "L2");
		}
		check_equal(l1.vcpu().sregs().cr4 & reserved_cr4, 0, "CR4 of L1");
	}
	host.check_both("host CR4");
	guest.check_both("guest RFLAGS");
}

// Another vCPU of L1's, which is no thread of the host's, writes to the page all the while. L2 goes
// on by what was checked: through its exit, and in what is saved while it runs.
TEST(evmcs_of_another_vcpu)
{
	constexpr std::uint32_t loop_address = 0x5d000;
	L1 l1(default_memory, L1::Irqchip::none, L1::Hyperv::evmcs);
	const L1 other(l1, 1, L1::Hyperv::evmcs);
	prepare_evmcs(l1, reports_7);
	const std::uint64_t cr4 = l1.read(field::host_cr4),
			    controls = l1.read(field::entry_controls);
	constexpr auto group = [](Clean clean) { return 1u << static_cast<unsigned>(clean); };
	constexpr std::uint32_t others_clean =
		all_clean & ~(group(Clean::host_grp1) | group(Clean::guest_basic) |
			      group(Clean::control_entry));
	const auto place = [](std::uint32_t encoding) {
		return evmcs_address + find_evmcs_field(encoding)->slot;
	};
	memcpy(l1.vm().memory(loop_address), flips_three_places.begin,
	       flips_three_places.end - flips_three_places.begin);
	other.vcpu().complete_exit();
	kvm_regs regs =
		operands(place(field::host_cr4.encoding), place(field::guest_rflags.encoding));
	regs.rbp = place(field::entry_controls.encoding);
	regs.r8 = reserved_cr4;
	regs.r9 = reserved_rflags;
	regs.r10 = reserved_control;
	regs.rip = loop_address;
	regs.rflags = rflags_fixed | rflags_if;
	other.vcpu().set(regs);
	stay_on_cpu(1);
	Running running(other.vcpu());
	stay_on_cpu(0);
	Rounds words, host, guest;
	for (unsigned i = 0; i < rounds; i++) {
		l1.write(field::guest_rip, l2_code_address);
		// Counts for VMRESUME: of the rest nothing changes.
		set_clean(l1, others_clean);
		const Result result = i % 2 ? l1.vmresume() : l1.vmlaunch();
		expect_one_of(result,
			      {reports(7), fails(7), fails(8), entry_fails(Reason::invalid_guest)},
			      "L2");
		(result == fails(7) ? words.bad : words.good)++;
		if (!(result == fails(7)))
			(result == fails(8) ? host.bad : host.good)++;
		if (!(result == fails(7)) && !(result == fails(8)))
			(result == reports(7) ? guest.good : guest.bad)++;
		if (result == reports(7)) {
			check_equal(l1.vcpu().regs().rflags & reserved_rflags, 0, "RFLAGS of L2");
			// The distribution's module reads the page again for what it saves.
			if (is_ours()) {
				l1.vcpu().complete_exit();
				const NestedState saved(l1.vcpu());
				const auto saved_value = [&](std::uint32_t encoding) {
					return saved.field(*find_evmcs_field(encoding));
				};
				check_equal(saved_value(field::host_cr4.encoding), cr4,
					    "host CR4 in the saved state");
				check_equal(saved_value(field::entry_controls.encoding), controls,
					    "entry controls in the saved state");
				check_equal(saved_value(field::guest_rflags.encoding) &
						    reserved_rflags,
					    0, "RFLAGS in the saved state");
			}
			expect(l1.go_on(), exits(Reason::vmcall), "L2");
		}
		check_equal(l1.vcpu().sregs().cr4 & reserved_cr4, 0, "CR4 of L1");
	}
	check_equal(running.stop(), EINTR, "errno of the other vCPU's KVM_RUN");
	words.check_both("entry controls");
	host.check_both("host CR4");
	guest.check_both("guest RFLAGS");
}

TEST(vmxon)
{
	L1 l1;
	const std::uint32_t revision = l1.revision();
	l1.at<std::uint32_t>(vmxon_address) = revision;
	Flipper flipper({flip<std::uint32_t>(l1, vmxon_address, revision, revision ^ 1)});
	Rounds seen;
	for (unsigned i = 0; i < rounds; i++) {
		const Result result = l1.vmxon(vmxon_address);
		expect_one_of(result, {succeeds(), fails_invalid()}, "VMXON");
		(result == succeeds() ? seen.good : seen.bad)++;
		if (result == succeeds())
			expect(l1.vmxoff(), succeeds(), "VMXOFF");
	}
	seen.check_both("the revision");
}

// The pointer that was checked is the one that is loaded.
TEST(operand)
{
	L1 l1;
	l1.prepare(vmcall);
	l1.write_default_vmcs(other_vmcs_address);
	expect(l1.vmptrld(vmcs_address), succeeds(), "VMPTRLD");
	// One byte of them differs.
	static_assert((other_vmcs_address ^ vmxon_address) == 0x2000);
	constexpr std::uint32_t pointer_address = l2_data_address;
	Flipper flipper(
		{flip<std::uint64_t>(l1, pointer_address, other_vmcs_address, vmxon_address)});
	Rounds seen;
	for (unsigned i = 0; i < rounds; i++) {
		const Result result = l1.run(load_pointer, operands(pointer_address));
		std::uint64_t pointer = 0;
		expect_one_of(result, {succeeds(), fails(10)}, "VMPTRLD");
		expect(l1.vmptrst(pointer), succeeds(), "VMPTRST");
		check_equal(pointer, result == succeeds() ? other_vmcs_address : vmcs_address,
			    "the current VMCS");
		(result == succeeds() ? seen.good : seen.bad)++;
		expect(l1.vmptrld(vmcs_address), succeeds(), "VMPTRLD");
	}
	seen.check_both("the operand");
}

// What the entry took for a shadow VMCS goes on as one: it can be saved and given back.
TEST(linked_region)
{
	need_nested_state();
	L1 l1;
	l1.prepare(reports_7);
	l1.set(vmx::secondary::vmcs_shadowing);
	l1.write(field::vmread_bitmap, vmread_bitmap_address);
	l1.write(field::vmwrite_bitmap, vmwrite_bitmap_address);
	l1.write(field::vmcs_link_pointer, shadow_vmcs_address);
	const std::uint32_t revision = l1.revision();
	Flipper flipper(
		{flip<std::uint32_t>(l1, shadow_vmcs_address, revision | 1u << 31, revision)});
	Rounds seen;
	for (unsigned i = 0; i < rounds; i++) {
		const Result result = go(l1);
		expect_one_of(result, {reports(7), entry_fails(Reason::invalid_guest)}, "L2");
		(result == reports(7) ? seen.good : seen.bad)++;
		if (!(result == reports(7))) {
			l1.expect_field(field::exit_qualification, 4);
			continue;
		}
		l1.vcpu().complete_exit();
		Nested nested;
		nested.take(l1.vcpu());
		const bool ordinary = nested.get().size == Nested::with_both &&
				      (nested.shadow()[3] & std::byte{0x80}) == std::byte{};
		// The other module checks a linked region's header, and then reads all of the
		// region.
		if (ordinary && !is_ours())
			tap::skip("the distribution's module reads the header again");
		if (nested.get().size == Nested::with_both)
			check_equal(std::to_integer<unsigned>(nested.shadow()[3] & std::byte{0x80}),
				    0x80u, "the mark of a shadow VMCS in what was saved");
		expect(l1.go_on(), exits(Reason::vmcall), "L2");
	}
	seen.check_both("the mark of a shadow VMCS");
}

// The MSR whose number was checked is the one that is loaded.
TEST(entry_load_list)
{
	L1 l1;
	l1.prepare(reports_7);
	constexpr std::uint64_t value = 0x1111222000;
	put_msr(l1, entry_load_address, msr::kernel_gs_base, value);
	put_msr(l1, entry_load_address + sizeof(MsrEntry), msr::lstar, value);
	put_msr(l1, entry_load_address + 2 * sizeof(MsrEntry), msr::star, value);
	l1.write(field::entry_msr_load_address, entry_load_address);
	l1.write(field::entry_msr_load_count, 3);
	// One byte of them differs.
	static_assert((msr::kernel_gs_base ^ msr::fs_base) == 2);
	Flipper flipper({
		flip<std::uint32_t>(l1, entry_load_address, msr::kernel_gs_base, msr::fs_base),
		flip<std::uint64_t>(l1, entry_load_address + sizeof(MsrEntry) + 8, value,
				    value | non_canonical),
		flip<std::uint32_t>(l1, entry_load_address + 2 * sizeof(MsrEntry) + 4, 0, 1),
	});
	Rounds numbers, values, reserved;
	for (unsigned i = 0; i < 2 * rounds; i++) {
		const Result result = go(l1);
		expect_one_of(result, {reports(7), entry_fails(Reason::msr_load_fail)}, "L2");
		const std::uint64_t failed =
			result == reports(7) ? 4 : l1.read(field::exit_qualification);
		check(failed >= 1 && failed <= 4, "an entry of the list that failed is not in it");
		(failed > 1 ? numbers.good : numbers.bad)++;
		if (failed > 1)
			(failed > 2 ? values.good : values.bad)++;
		if (failed > 2)
			(failed > 3 ? reserved.good : reserved.bad)++;
		check_equal(l1.vcpu().sregs().fs.base, 0,
			    "FS's base, which the list must not load");
		check_equal(l1.vcpu().msr(msr::lstar) & non_canonical, 0, "IA32_LSTAR's bit 62");
		if (result == reports(7))
			expect(l1.go_on(), exits(Reason::vmcall), "L2");
	}
	numbers.check_both("the MSR's number");
	values.check_both("the MSR's value");
	reserved.check_both("the reserved bits");
}

// The MSR whose number was checked is the one that is stored. The other is a VMX abort.
TEST(exit_store_list)
{
	constexpr std::uint64_t secret = 0x1234567800000000;
	// One byte of them differs.
	static_assert((msr::apic_base ^ msr::bios_sign_id) == 0x90);
	Rounds seen;
	for (unsigned i = 0; i < costly_rounds; i++) {
		L1 l1;
		l1.prepare(vmcall);
		l1.vcpu().set_msr(msr::bios_sign_id, secret);
		put_msr(l1, exit_store_address, msr::apic_base, 0);
		l1.write(field::exit_msr_store_address, exit_store_address);
		l1.write(field::exit_msr_store_count, 1);
		Flipper flipper({flip<std::uint32_t>(l1, exit_store_address, msr::apic_base,
						     msr::bios_sign_id)});
		for (unsigned j = 0; j < rounds; j++) {
			const Result result = go(l1);
			expect_one_of(result, {exits(Reason::vmcall), leaves(KVM_EXIT_SHUTDOWN)},
				      "L2");
			const std::uint64_t stored = l1.at<std::uint64_t>(exit_store_address + 8);
			check(stored != secret, "the list holds an MSR that must not be stored");
			if (!(result == exits(Reason::vmcall))) {
				seen.bad++;
				break;
			}
			seen.good++;
			check_equal(stored, l1.vcpu().msr(msr::apic_base),
				    "IA32_APIC_BASE in the list");
		}
	}
	seen.check_both("the MSR's number");
}

TEST(exit_load_list)
{
	constexpr std::uint64_t value = 0x1111222000;
	Rounds seen;
	for (unsigned i = 0; i < costly_rounds; i++) {
		L1 l1;
		l1.prepare(vmcall);
		put_msr(l1, exit_load_address, msr::kernel_gs_base, value);
		l1.write(field::exit_msr_load_address, exit_load_address);
		l1.write(field::exit_msr_load_count, 1);
		Flipper flipper({flip<std::uint32_t>(l1, exit_load_address, msr::kernel_gs_base,
						     msr::fs_base)});
		for (unsigned j = 0; j < rounds; j++) {
			const Result result = go(l1);
			expect_one_of(result, {exits(Reason::vmcall), leaves(KVM_EXIT_SHUTDOWN)},
				      "L2");
			check_equal(l1.vcpu().sregs().fs.base, 0,
				    "FS's base, which the list must not load");
			if (!(result == exits(Reason::vmcall))) {
				seen.bad++;
				break;
			}
			seen.good++;
			check_equal(l1.vcpu().msr(msr::kernel_gs_base), value,
				    "IA32_KERNEL_GS_BASE");
		}
	}
	seen.check_both("the MSR's number");
}

// An MSR of L2's is read by L1, or it is the vCPU's: never the processor's.
TEST(msr_bitmap)
{
	struct {
		std::uint32_t number;
		std::uint64_t value;
	} const msrs[] = {{msr::apic_base, 0xfee00900}, {msr::kernel_gs_base, 0x1111222000}};
	for (const auto &one : msrs) {
		L1 l1;
		l1.prepare(read_msr);
		free_msrs(l1);
		l1.vcpu().set_msr(one.number, one.value);
		const std::uint32_t byte = msr_bitmap_address + (one.number >> 31 ? 0x400 : 0) +
					   (one.number & 0x1fff) / 8;
		Flipper flipper({flip<std::uint8_t>(l1, byte, 0, 0xff)});
		Rounds seen;
		for (unsigned i = 0; i < rounds; i++) {
			const Result result = go(l1, one.number);
			expect_one_of(result, {exits(Reason::vmcall), exits(Reason::rdmsr)},
				      "RDMSR");
			(result == exits(Reason::vmcall) ? seen.good : seen.bad)++;
			if (result == exits(Reason::vmcall))
				check_equal(l1.l2().rdx << 32 | (l1.l2().rax & 0xffffffff),
					    one.value, "MSR " + tap::hex(one.number));
		}
		seen.check_both("the bitmap");
	}
}

TEST(io_bitmap)
{
	L1 l1;
	l1.prepare(out_port);
	l1.set(vmx::primary::use_io_bitmaps);
	l1.write(field::io_bitmap_a, io_bitmap_a_address);
	l1.write(field::io_bitmap_b, io_bitmap_b_address);
	Flipper flipper({flip<std::uint8_t>(l1, io_bitmap_a_address + l2_port / 8, 0, 0xff)});
	Rounds seen;
	for (unsigned i = 0; i < rounds; i++) {
		const Result result = go(l1, l2_port);
		check(result.kind == Result::Kind::report ||
			      result == exits(Reason::io_instruction),
		      "OUT: found " + describe(result));
		(result.kind == Result::Kind::report ? seen.good : seen.bad)++;
		if (result.kind == Result::Kind::report)
			expect(l1.go_on(), exits(Reason::vmcall), "L2");
	}
	seen.check_both("the bitmap");
}

TEST(vmread_bitmap)
{
	L1 l1;
	l1.prepare(read_field);
	l1.set(vmx::secondary::vmcs_shadowing);
	l1.write(field::vmread_bitmap, vmread_bitmap_address);
	l1.write(field::vmwrite_bitmap, vmwrite_bitmap_address);
	l1.at<std::uint32_t>(shadow_vmcs_address) = l1.revision() | 1u << 31;
	expect(l1.vmptrld(shadow_vmcs_address), succeeds(), "VMPTRLD of a shadow VMCS");
	l1.write(field::tsc_offset, 0x1234);
	expect(l1.vmclear(shadow_vmcs_address), succeeds(), "VMCLEAR of a shadow VMCS");
	expect(l1.vmptrld(vmcs_address), succeeds(), "VMPTRLD");
	l1.write(field::vmcs_link_pointer, shadow_vmcs_address);
	Flipper flipper({flip<std::uint8_t>(
		l1, vmread_bitmap_address + field::tsc_offset.encoding / 8, 0, 0xff)});
	Rounds seen;
	for (unsigned i = 0; i < rounds; i++) {
		const Result result = go(l1, field::tsc_offset.encoding);
		expect_one_of(result, {exits(Reason::vmcall), exits(Reason::vmread)}, "VMREAD");
		(result == exits(Reason::vmcall) ? seen.good : seen.bad)++;
		if (result == exits(Reason::vmcall))
			check_equal(l1.l2().rax, 0x1234u, "the field");
	}
	seen.check_both("the bitmap");
}

// The EPT pointer that was checked is the one in use.
TEST(eptp_list)
{
	L1 l1;
	l1.prepare(switch_eptp);
	const Ept first(l1), second(l1, other_ept_address);
	use(l1, first);
	l1.set(vmx::secondary::enable_vmfunc);
	if (!(l1.capability(Msr::vmfunc) & vmx::vmfunc::eptp_switching.bits))
		tap::skip("EPTP switching is not offered");
	l1.write(field::vm_function_controls, vmx::vmfunc::eptp_switching.bits);
	l1.write(field::eptp_list_address, eptp_list_address);
	constexpr std::uint32_t page_a = l2_data_address, page_b = l2_data_address + page_size;
	l1.at<std::uint64_t>(page_a) = 0xaaaa;
	l1.at<std::uint64_t>(page_b) = 0xbbbb;
	second.page(page_a) = page_b | Ept::all | Ept::write_back;
	// Another memory type.
	Flipper flipper({flip<std::uint64_t>(l1, eptp_list_address + 8, second.pointer(),
					     second.pointer() ^ 6 ^ 2)});
	Rounds seen;
	for (unsigned i = 0; i < rounds; i++) {
		l1.write(field::ept_pointer, first.pointer());
		const Result result = go(l1, page_a);
		expect_one_of(result, {exits(Reason::vmcall), exits(Reason::vmfunc)}, "VMFUNC");
		(result == exits(Reason::vmcall) ? seen.good : seen.bad)++;
		l1.expect_field(field::ept_pointer, result == exits(Reason::vmcall)
							    ? second.pointer()
							    : first.pointer());
		if (result == exits(Reason::vmcall))
			check_equal(l1.l2().rax, 0xbbbbu, "memory through the other EPT");
	}
	seen.check_both("the EPT pointer");
}

// Another vCPU of L1's writes the EPT in use: a page, and a misconfiguration.
TEST(ept_entry)
{
	L1 l1;
	const Vcpu other(l1.vm(), 1);
	l1.prepare(read_memory);
	const Ept ept(l1);
	use(l1, ept);
	constexpr std::uint32_t page = l2_data_address;
	l1.at<std::uint64_t>(page) = 0xaaaa;
	const std::uint64_t good = ept.page(page), writable_only = Ept::write | Ept::write_back;
	start(l1.vm(), other, flips_memory);
	kvm_regs regs = other.regs();
	regs.rdi = reinterpret_cast<std::uintptr_t>(&ept.page(page)) -
		   reinterpret_cast<std::uintptr_t>(l1.vm().memory());
	regs.rax = good;
	regs.rdx = (page | writable_only);
	other.set(regs);
	stay_on_cpu(1);
	Running flipper(other);
	stay_on_cpu(0);
	Rounds seen;
	for (unsigned i = 0; i < rounds; i++) {
		expect(l1.invept(2, 0), succeeds(), "INVEPT");
		const Result result = go(l1, page);
		expect_one_of(result,
			      {exits(Reason::vmcall), exits(Reason::ept_misconfig),
			       exits(Reason::ept_violation)},
			      "L2");
		(result == exits(Reason::vmcall) ? seen.good : seen.bad)++;
		if (result == exits(Reason::vmcall))
			check_equal(l1.l2().rax, 0xaaaau, "memory");
	}
	flipper.stop();
	seen.check_both("the EPT's entry");
}

// The page-directory pointers that were checked are those in use.
TEST(pdptes)
{
	L1 l1;
	l1.vm().need(KVM_CAP_SREGS2, "KVM_CAP_SREGS2");
	l1.prepare(reports_7_in_32);
	leave_long_mode(l1);
	constexpr std::uint64_t reserved = 6;
	const std::uint64_t table = l1.read(field::guest_cr3) & ~0x1ful;
	const std::uint64_t good = l1.at<std::uint64_t>(table + 8);
	Flipper flipper({flip<std::uint64_t>(l1, table + 8, good, good | reserved)});
	Rounds seen;
	for (unsigned i = 0; i < rounds; i++) {
		const Result result = go(l1);
		expect_one_of(result, {reports(7), entry_fails(Reason::invalid_guest)}, "L2");
		(result == reports(7) ? seen.good : seen.bad)++;
		if (result == reports(7)) {
			const kvm_sregs2 sregs = l1.vcpu().sregs2();
			check(sregs.flags & KVM_SREGS2_FLAGS_PDPTRS_VALID, "no PDPTEs are in use");
			check_equal(sregs.pdptrs[1], good, "the PDPTE in use");
			expect(l1.go_on(), exits(Reason::vmcall), "L2");
		} else {
			l1.expect_field(field::exit_qualification, 2);
		}
	}
	seen.check_both("the PDPTE");
}

// The processor looks at the virtual TPR as well, behind L0 and whenever L0 lets L2 go on. That one
// has fallen below the threshold is then an exit; the machine goes on.
TEST(virtual_tpr)
{
	constexpr std::uint32_t tpr = 0x80;
	L1 l1;
	l1.prepare(reports_7);
	l1.set(vmx::primary::use_tpr_shadow);
	l1.write(field::virtual_apic_page_address, virtual_apic_address);
	l1.write(field::tpr_threshold, 4);
	Flipper flipper({flip<std::uint32_t>(l1, virtual_apic_address + tpr, 0x80, 0x20)});
	Rounds seen;
	for (unsigned i = 0; i < rounds; i++) {
		const Result result = go(l1);
		expect_one_of(result, {reports(7), fails(7), exits(Reason::tpr_below_threshold)},
			      "L2");
		(result == reports(7) ? seen.good : seen.bad)++;
		if (result == reports(7))
			// The distribution's module has L1's VMLAUNCH fail long after it.
			expect_one_of(l1.go_on(),
				      {exits(Reason::vmcall), exits(Reason::tpr_below_threshold),
				       fails(7)},
				      "L2 behind its report");
	}
	seen.check_both("the virtual TPR");
}

// Another vCPU of L1's takes and clears the same VMCS all the while. What VMPTRLD has taken stays.
TEST(vmcs_of_two_vcpus)
{
	constexpr std::uint32_t other_vmxon_address = 0x5e000, loop_address = 0x5d000;
	constexpr std::uint32_t pointer_address = l2_data_address;
	L1 l1;
	L1 other(l1, 1);
	l1.prepare(vmcall);
	other.enter_vmx(other_vmxon_address);
	memcpy(l1.vm().memory(loop_address), takes_and_clears.begin,
	       takes_and_clears.end - takes_and_clears.begin);
	l1.at<std::uint64_t>(pointer_address) = vmcs_address;
	other.vcpu().complete_exit();
	kvm_regs regs = operands(pointer_address);
	regs.rip = loop_address;
	regs.rflags = rflags_fixed | rflags_if;
	other.vcpu().set(regs);
	stay_on_cpu(1);
	Running running(other.vcpu());
	stay_on_cpu(0);
	for (unsigned i = 0; i < rounds; i++) {
		expect(l1.vmclear(vmcs_address), succeeds(), "VMCLEAR");
		expect(l1.vmptrld(vmcs_address), succeeds(), "VMPTRLD");
		l1.write(field::tsc_offset, i);
		expect(go(l1), exits(Reason::vmcall), "L2");
		l1.expect_field(field::tsc_offset, i);
	}
	check_equal(running.stop(), EINTR, "errno of the other vCPU's KVM_RUN");
	check_equal(other.vcpu().regs().rip >= loop_address &&
			    other.vcpu().regs().rip < loop_address + page_size,
		    true, "the other vCPU is in its loop");
}

// The image that was checked is the one that is in force.
TEST(nested_state)
{
	need_nested_state();
	L1 l1;
	l1.prepare(reports_7);
	const auto pin_at = place_of<std::uint32_t>(l1, field::pin_controls);
	const auto cr4_at = place_of<std::uint64_t>(l1, field::host_cr4);
	const auto rflags_at = place_of<std::uint64_t>(l1, field::guest_rflags);
	expect(l1.vmlaunch(), reports(7), "L2");
	l1.vcpu().complete_exit();
	Nested good, image;
	good.take(l1.vcpu());
	image = good;
	const auto field_of = [](Nested &nested, std::uint32_t at, auto value) {
		memcpy(&value, nested.vmcs() + at, sizeof(value));
		return value;
	};
	const auto pin = field_of(good, pin_at, std::uint32_t{});
	const auto cr4 = field_of(good, cr4_at, std::uint64_t{});
	const auto rflags = field_of(good, rflags_at, std::uint64_t{});
	const auto word = field_of(good, 0, std::uint32_t{});
	const std::vector<Flip> places[] = {
		{{image.vmcs(), 4, word, word ^ 1}},
		{{image.vmcs() + pin_at, 4, pin, pin | reserved_control}},
		{{image.vmcs() + cr4_at, 8, cr4, cr4 | reserved_cr4}},
		{{image.vmcs() + rflags_at, 8, rflags, rflags | reserved_rflags}},
		{{&image.get().flags, 1, KVM_STATE_NESTED_GUEST_MODE, KVM_STATE_NESTED_EVMCS << 4}},
		{{&image.vmx().vmcs12_pa, 8, vmcs_address, vmxon_address}},
		{{&image.get().size, 4, Nested::with_vmcs, Nested::header}},
	};
	for (const auto &place : places) {
		Flipper flipper(place);
		Rounds seen;
		for (unsigned i = 0; i < rounds; i++) {
			const int error = image.try_give(l1.vcpu());
			check(!error || error == EINVAL,
			      "KVM_SET_NESTED_STATE: errno " + std::to_string(error));
			(error ? seen.bad : seen.good)++;
			if (error)
				good.give(l1.vcpu());
			Nested now;
			now.take(l1.vcpu());
			check(!memcmp(&now.get(), &good.get(), Nested::header),
			      "the header in force is not the one that is allowed");
			check_equal(field_of(now, 0, word), word, "the revision in force");
			check_equal(field_of(now, pin_at, pin), pin, "pin-based controls in force");
			check_equal(field_of(now, cr4_at, cr4), cr4, "host CR4 in force");
			check_equal(field_of(now, rflags_at, rflags), rflags, "RFLAGS in force");
		}
		seen.check_both("place " + std::to_string(&place - places));
	}
	expect(l1.go_on(), exits(Reason::vmcall), "L2");
}
