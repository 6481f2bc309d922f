// SPDX-License-Identifier: GPL-2.0-only
//
// Enlightened VMCSs (TLFS, "Enlightened VMCS"): where L1 names them, what is read from the page and
// what is written to it.
#include "harness/nested_evmcs.hpp"
#include "harness/module.hpp"
#include "harness/random.hpp"

#include <map>

using namespace kvm;
using tap::check;
using tap::check_equal;
namespace field = vmx::field;
namespace vector = vmx::vector;
using vmx::Group;
using vmx::Msr;
using vmx::Reason;

namespace {

GUEST_CODE(vmcalls, 64, "0: vmcall\n jmp 0b");
GUEST_CODE(reports_and_calls, 64, "0: mov $1, %eax\n" L2_REPORT "vmcall\n jmp 0b");

constexpr std::uint64_t nowhere = ~0ul;
constexpr std::uint32_t evmcs_size = 1024;

std::uint32_t &word(const L1 &l1, std::uint32_t at)
{
	return const_cast<std::uint32_t &>(l1.at<std::uint32_t>(at));
}

// Which groups are clean but that one.
constexpr std::uint32_t all_but(Clean group)
{
	return all_clean & ~(1u << static_cast<unsigned>(group));
}

bool is_exit_information(const EvmcsField &row)
{
	return vmx::group_of(row.encoding) == Group::exit_info;
}

// Of the page, what L1 writes. Of the fields that are clean only if every group is, the
// distribution's module leaves some alone, the addresses of MSR lists for one.
std::vector<EvmcsField> fields_of_l1()
{
	static const bool ours = is_ours();
	std::vector<EvmcsField> result;
	for (const EvmcsField &row : evmcs_fields())
		if (row.slot != EvmcsField::no_slot && !is_exit_information(row) &&
		    (ours || row.clean != Clean::all))
			result.push_back(row);
	return result;
}

std::uint64_t mask_of(const EvmcsField &row)
{
	return row.size == 8 ? ~0ul : (1ul << row.size * 8) - 1;
}

using Values = std::map<std::uint32_t, std::uint64_t>;

// Every field of L1's gets a value of its own, that of the controls that make the entry fail is 0.
Values fill(const L1 &l1, std::uint32_t page, std::uint64_t seed, std::uint32_t failing)
{
	Random random(seed);
	Values values;
	for (const EvmcsField &row : fields_of_l1()) {
		const std::uint64_t value =
			row.encoding == failing ? 0 : random.next() & mask_of(row);
		values[row.encoding] = value;
		write_page(l1.vm(), page, row.encoding, value);
	}
	return values;
}

// What KVM took of the page at the last entry.
void expect_taken(const L1 &l1, const Values &values, std::string_view what,
		  tap::Where where = tap::Where::current())
{
	const NestedState state(l1.vcpu());
	for (const EvmcsField &row : fields_of_l1())
		check_equal(state.field(row), values.at(row.encoding),
			    std::string(what) + ": field " + tap::hex(row.encoding), where);
}

void expect_no_vmcs(L1 &l1, tap::Where where = tap::Where::current())
{
	const NestedState state(l1.vcpu());
	check_equal(state.get().flags, 0, "flags of the nested state", where);
	check_equal(state.get().hdr.vmx.vmcs12_pa, nowhere, "the current VMCS", where);
	check_equal(state.get().size, sizeof(kvm_nested_state), "size", where);
}

} // namespace

TEST(offered)
{
	const Vm vm;
	const Vcpu vcpu(vm);
	const auto nested_features = [&] {
		Cpuid table(64);
		KVM_CALL(vcpu.fd(), KVM_GET_SUPPORTED_HV_CPUID, table.get());
		const kvm_cpuid_entry2 *leaf = table.find(hv_nested_features);
		check(leaf, "there is no leaf of nested features");
		return *leaf;
	};
	if (extension(open_dev_kvm(), KVM_CAP_HYPERV_ENLIGHTENED_VMCS) <= 0)
		tap::skip("KVM_CAP_HYPERV_ENLIGHTENED_VMCS is not offered");
	check_equal(nested_features().eax & 0xffff, 0u, "versions before they are enabled");
	enable_evmcs(vcpu);
	check_equal(nested_features().eax & 0xffff, 0x101u, "versions");
	check(nested_features().eax >> 19 & 1, "no enlightened MSR bitmap");
	check(nested_features().ebx & 1, "no IA32_PERF_GLOBAL_CTRL");
}

TEST(either_instruction)
{
	for (const bool vmresume_first : {false, true}) {
		L1 l1 = hyperv_l1();
		prepare_evmcs(l1, vmcalls);
		expect(vmresume_first ? l1.vmresume() : l1.vmlaunch(), exits(Reason::vmcall),
		       "the first entry");
		expect(l1.vmlaunch(), exits(Reason::vmcall), "VMLAUNCH");
		expect(l1.vmresume(), exits(Reason::vmcall), "VMRESUME");
	}
}

TEST(first_word)
{
	L1 l1 = hyperv_l1();
	prepare_evmcs(l1, vmcalls);
	for (const std::uint32_t good : {1u, l1.revision()}) {
		expect(l1.vmclear(evmcs_address), succeeds(), "VMCLEAR");
		word(l1, evmcs_address) = good;
		expect(l1.vmlaunch(), exits(Reason::vmcall), "word " + tap::hex(good));
	}
	for (const std::uint32_t bad : {0u, 2u, ~0u, 1u << 31 | 1, l1.revision() | 1u << 31,
					l1.revision() ^ legacy_revision ^ enlightened_revision}) {
		expect(l1.vmclear(evmcs_address), succeeds(), "VMCLEAR");
		word(l1, evmcs_address) = bad;
		for (const bool resume : {false, true}) {
			expect(resume ? l1.vmresume() : l1.vmlaunch(), fails_invalid(),
			       "word " + tap::hex(bad));
			expect_no_vmcs(l1);
		}
		word(l1, evmcs_address) = 1;
		expect(l1.vmlaunch(), exits(Reason::vmcall), "word 1 after " + tap::hex(bad));
	}
}

TEST(addresses)
{
	L1 l1 = hyperv_l1();
	prepare_evmcs(l1, vmcalls);
	for (const std::uint64_t bad :
	     {std::uint64_t{default_memory}, 1ul << 40, 1ul << 52, 0xfffffffffffff000ul}) {
		name_evmcs(l1, bad);
		expect(l1.vmlaunch(), faults(vector::ud), "VMLAUNCH of " + tap::hex(bad));
		expect_no_vmcs(l1);
		name_evmcs(l1, evmcs_address);
		expect(l1.vmlaunch(), exits(Reason::vmcall), "VMLAUNCH of the page");
		// It is not in use any more.
		name_evmcs(l1, bad);
		expect(l1.vmresume(), faults(vector::ud), "VMRESUME of " + tap::hex(bad));
		expect_no_vmcs(l1);
	}
	// The page is where its address is, whatever the low bits say.
	name_evmcs(l1, evmcs_address + 8);
	expect(l1.vmlaunch(), exits(Reason::vmcall), "VMLAUNCH of an unaligned address");
}

TEST(assist_page)
{
	constexpr std::uint64_t enable = 1;
	L1 l1 = hyperv_l1();
	l1.enter_vmx();
	l1.load_l2(vmcalls);
	write_default_evmcs(l1, evmcs_address);
	expect(l1.vmlaunch(), fails_invalid(), "VMLAUNCH without the assist page");
	expect(l1.wrmsr(hv_vp_assist_page, assist_address), succeeds(), "WRMSR, not enabled");
	expect(l1.vmlaunch(), fails_invalid(), "VMLAUNCH with an assist page that is off");
	expect(l1.wrmsr(hv_vp_assist_page, assist_address | enable), succeeds(), "WRMSR");
	name_evmcs(l1, evmcs_address);
	expect(l1.vmlaunch(), exits(Reason::vmcall), "VMLAUNCH");

	// Moved: the other page names nothing, then something else.
	expect(l1.wrmsr(hv_vp_assist_page, other_assist_address | enable), succeeds(), "WRMSR");
	expect(l1.vmresume(), fails_invalid(), "VMRESUME with an assist page of zeros");
	expect_no_vmcs(l1);
	l1.at<std::uint64_t>(other_assist_address + assist::current_nested_vmcs) = evmcs_address;
	for (const std::uint8_t yes : {1, 2, 0xff}) {
		l1.at<std::uint8_t>(other_assist_address + assist::enlighten_vmentry) = yes;
		expect(l1.vmlaunch(), exits(Reason::vmcall), "VMLAUNCH by the other page");
	}
	l1.at<std::uint8_t>(other_assist_address + assist::enlighten_vmentry) = 0;
	expect(l1.vmresume(), fails_invalid(), "VMRESUME, not enlightened any more");
	expect_no_vmcs(l1);

	// The MSR says where it was.
	expect(l1.wrmsr(hv_vp_assist_page, 0), succeeds(), "WRMSR of 0");
	expect(l1.vmlaunch(), fails_invalid(), "VMLAUNCH without the assist page again");
}

TEST(every_field_is_taken)
{
	for (const std::uint32_t failing :
	     {field::pin_controls.encoding, field::entry_controls.encoding}) {
		L1 l1 = hyperv_l1();
		prepare_evmcs(l1, vmcalls);
		const Values values = fill(l1, evmcs_address, failing, failing);
		expect(l1.vmlaunch(), fails(7), "VMLAUNCH");
		expect_taken(l1, values, "all fields");
	}
}

TEST(every_field_of_an_exit_is_written)
{
	L1 l1 = hyperv_l1();
	prepare_evmcs(l1, vmcalls);
	std::vector<std::byte> before(l1.vm().memory(evmcs_address),
				      l1.vm().memory(evmcs_address) + evmcs_size);
	// What is not written stays, padding included.
	bool kept[evmcs_size];
	std::fill(std::begin(kept), std::end(kept), true);
	for (const EvmcsField &row : evmcs_fields()) {
		if (row.slot == EvmcsField::no_slot)
			continue;
		const Group group = vmx::group_of(row.encoding);
		if (group == Group::exit_info || group == Group::guest ||
		    row.encoding == field::entry_controls.encoding ||
		    row.encoding == field::entry_interruption_info.encoding)
			std::fill_n(kept + row.slot, row.size, false);
	}
	std::fill_n(kept + evmcs::clean_fields, 4, false);
	std::fill_n(kept + 4, 4, false); // abort indicator
	// SDM, "I/O RCX" and its three neighbours: of the exit information, not used by KVM.
	std::fill_n(kept + 728, 32, false);
	for (const unsigned padding : {828u, 844u, 864u, 872u, 880u, 888u})
		before[padding] = l1.vm().memory(evmcs_address)[padding] = std::byte{0x5a};

	expect(l1.vmlaunch(), exits(Reason::vmcall), "VMLAUNCH");
	for (unsigned n = 0; n < evmcs_size; n++)
		if (kept[n])
			check_equal(std::to_integer<unsigned>(l1.vm().memory(evmcs_address)[n]),
				    std::to_integer<unsigned>(before[n]),
				    "byte " + std::to_string(n) + " of the page");
	check_equal(word(l1, evmcs_address + evmcs::clean_fields), all_clean,
		    "clean fields after an exit");
	// And what is written is what was saved.
	const NestedState state(l1.vcpu());
	for (const EvmcsField &row : evmcs_fields()) {
		const Group group = vmx::group_of(row.encoding);
		if (row.slot == EvmcsField::no_slot ||
		    (group != Group::exit_info && group != Group::guest))
			continue;
		check_equal(read_page(l1.vm(), evmcs_address, row.encoding), state.field(row),
			    "field " + tap::hex(row.encoding));
	}
	l1.expect_field(field::exit_reason, static_cast<std::uint64_t>(Reason::vmcall));
	l1.expect_field(field::exit_instruction_length, 3);
	l1.expect_field(field::guest_rip, l2_code_address);
}

// A group that L1 calls clean is not read again, any other is.
TEST(clean_groups)
{
	if (!is_ours())
		tap::skip("the distribution's module reads the page again for what it saves");
	for (unsigned number = 0; number <= static_cast<unsigned>(Clean::host_grp1); number++) {
		const auto group = static_cast<Clean>(number);
		const std::uint32_t failing = group == Clean::control_grp1
						      ? field::entry_controls.encoding
						      : field::pin_controls.encoding;
		const std::string name = "group " + std::to_string(number);
		L1 l1 = hyperv_l1();
		prepare_evmcs(l1, vmcalls);
		expect(l1.vmlaunch(), exits(Reason::vmcall), "VMLAUNCH");
		Values values, old;
		for (const EvmcsField &row : fields_of_l1())
			old[row.encoding] = l1.read_field(row.encoding);
		values = fill(l1, evmcs_address, number, failing);
		set_clean(l1, 1u << number);
		expect(l1.vmresume(), fails(7), name + " is clean: VMRESUME");
		Values mixed = values;
		for (const EvmcsField &row : fields_of_l1())
			if (row.clean == group)
				mixed[row.encoding] = old[row.encoding];
		expect_taken(l1, mixed, name + " is clean");
		// It alone is dirty now.
		set_clean(l1, all_but(group));
		expect(l1.vmresume(), fails(7), name + " is dirty: VMRESUME");
		expect_taken(l1, values, name + " is dirty");
	}
}

// Fields without a group of their own are read unless every group is clean.
TEST(fields_of_no_group)
{
	if (!is_ours())
		tap::skip("the distribution's module does not read MSR lists");
	L1 l1 = hyperv_l1();
	prepare_evmcs(l1, vmcalls);
	expect(l1.vmlaunch(), exits(Reason::vmcall), "VMLAUNCH");
	l1.write(field::exit_msr_store_count, 1);
	l1.write(field::exit_msr_store_address, 1); // not aligned
	set_clean(l1, all_clean);
	expect(l1.vmresume(), exits(Reason::vmcall), "all is clean");
	set_clean(l1, all_but(Clean::enlightenments_control));
	expect(l1.vmresume(), fails(7), "not all is clean");
	l1.write(field::exit_msr_store_count, 0);
	set_clean(l1, all_but(Clean::io_bitmap));
	expect(l1.vmresume(), exits(Reason::vmcall), "mended");
}

// RIP is never clean.
TEST(all_clean_and_on)
{
	L1 l1 = hyperv_l1();
	prepare_evmcs(l1, reports_and_calls);
	expect(l1.vmlaunch(), reports(1), "L2");
	expect(l1.go_on(), exits(Reason::vmcall), "L2");
	for (unsigned n = 0; n < 3; n++) {
		check_equal(word(l1, evmcs_address + evmcs::clean_fields), all_clean,
			    "clean fields");
		expect(l1.resume(), reports(1), "L2, from where L1 put it");
		expect(l1.go_on(), exits(Reason::vmcall), "L2");
	}
}

TEST(vmlaunch_reads_all)
{
	L1 l1 = hyperv_l1();
	prepare_evmcs(l1, vmcalls);
	expect(l1.vmlaunch(), exits(Reason::vmcall), "VMLAUNCH");
	const Values values = fill(l1, evmcs_address, 1, field::pin_controls.encoding);
	set_clean(l1, all_clean);
	expect(l1.vmlaunch(), fails(7), "VMLAUNCH with all clean");
	expect_taken(l1, values, "VMLAUNCH");
}

// So does any entry by a page that was not in use.
TEST(another_page_is_read)
{
	L1 l1 = hyperv_l1();
	prepare_evmcs(l1, vmcalls);
	expect(l1.vmlaunch(), exits(Reason::vmcall), "the first");
	write_default_evmcs(l1, other_evmcs_address);
	l1.write(field::guest_rsp, 0x1234);
	set_clean(l1, all_clean, other_evmcs_address);
	expect(l1.vmresume(), exits(Reason::vmcall), "the second, which calls itself clean");
	l1.expect_field(field::guest_rsp, 0x1234);
	for (unsigned n = 0; n < 3; n++) {
		const bool first = n % 2 == 0;
		const std::uint32_t page = first ? evmcs_address : other_evmcs_address;
		l1.use_page(page);
		name_evmcs(l1, page);
		set_clean(l1, all_clean, page);
		expect(l1.vmresume(), exits(Reason::vmcall), "by turns");
		l1.expect_field(field::guest_rsp, first ? l2_stack_top : 0x1234);
	}
	// VMCLEAR ends it.
	const Values values = fill(l1, evmcs_address, 2, field::pin_controls.encoding);
	set_clean(l1, all_clean);
	expect(l1.vmclear(evmcs_address), succeeds(), "VMCLEAR");
	expect_no_vmcs(l1);
	expect(l1.vmresume(), fails(7), "VMRESUME after VMCLEAR");
	expect_taken(l1, values, "VMRESUME after VMCLEAR");
}
