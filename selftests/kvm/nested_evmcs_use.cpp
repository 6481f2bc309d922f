// SPDX-License-Identifier: GPL-2.0-only
//
// What L1 does with VMX instructions while an enlightened VMCS is in use, and what happens to the
// page's memory meanwhile: it goes, it is shared, it is written to by others.
#include "harness/module.hpp"
#include "harness/nested_evmcs.hpp"
#include "harness/thread.hpp"

#include <atomic>

using namespace kvm;
using tap::check;
using tap::check_equal;
namespace field = vmx::field;
namespace vector = vmx::vector;
using vmx::Msr;
using vmx::Reason;

namespace {

GUEST_CODE(vmcalls, 64, "0: vmcall\n jmp 0b");
GUEST_CODE(reports_and_calls, 64, "0: mov $1, %eax\n" L2_REPORT "vmcall\n jmp 0b");
// IA32_FS_BASE and IA32_GS_BASE, which L0 lets guests have.
GUEST_CODE(reads_msrs, 64, R"(
0:	mov $0xc0000100, %ecx
	rdmsr
	mov $0xc0000101, %ecx
	rdmsr
	vmcall
	jmp 0b
)");

// The page, at another address.
constexpr std::uint64_t alias = 1ul << 28;
constexpr std::uint64_t nowhere = ~0ul;
constexpr std::uint32_t alias_slot = 1;

void launch_evmcs(L1 &l1)
{
	expect(l1.vmlaunch(), exits(Reason::vmcall), "VMLAUNCH of an enlightened VMCS");
}

void need_ours(const char *why)
{
	if (!is_ours())
		tap::skip(std::string("the distribution's module ") + why);
}

} // namespace

TEST(vmread)
{
	L1 l1 = hyperv_l1();
	prepare_evmcs(l1, vmcalls);
	launch_evmcs(l1);
	for (const EvmcsField &row : evmcs_fields()) {
		std::uint64_t value = 0;
		const std::string name = "VMREAD of field " + tap::hex(row.encoding);
		if (row.slot == EvmcsField::no_slot) {
			expect(l1.vmread(row.encoding, value), fails(12), name);
			continue;
		}
		expect(l1.vmread(row.encoding, value), succeeds(), name);
		check_equal(value, l1.read_field(row.encoding), name);
	}
	std::uint64_t value;
	expect(l1.vmread(0x7000, value), fails(12), "VMREAD of what is no field");
	// The page as it is, not as it was.
	l1.write(field::guest_rip, 0x123456);
	expect(l1.vmread(field::guest_rip.encoding, value), succeeds(), "VMREAD of RIP");
	check_equal(value, 0x123456u, "RIP");
}

TEST(vmwrite)
{
	L1 l1 = hyperv_l1();
	prepare_evmcs(l1, vmcalls);
	launch_evmcs(l1);
	for (const std::uint32_t encoding :
	     {field::guest_rip.encoding, field::exit_reason.encoding, 0x7000u})
		expect(l1.vmwrite(encoding, 1), fails_invalid(), "VMWRITE");
	l1.expect_field(field::guest_rip, l2_code_address);
}

TEST(errors_go_to_the_page)
{
	L1 l1 = hyperv_l1();
	prepare_evmcs(l1, vmcalls);
	launch_evmcs(l1);
	if (l1.offers(vmx::secondary::enable_ept))
		expect(l1.invept(7, 0), fails(28), "INVEPT of a bad type");
	expect(l1.vmclear(evmcs_address + 8), fails(2), "VMCLEAR, not aligned");
	expect(l1.vmclear(vmxon_address), fails(3), "VMCLEAR of the VMXON region");
	expect(l1.vmxon(vmxon_address), fails(15), "VMXON");
	l1.write(field::host_cr0, 0);
	set_clean(l1, 0);
	expect(l1.vmresume(), fails(8), "VMRESUME with a bad host state");
	check_equal(l1.at<std::uint32_t>(evmcs_address + evmcs::clean_fields), 0u,
		    "clean fields after a failed instruction");
}

TEST(bad_guest_state)
{
	L1 l1 = hyperv_l1();
	prepare_evmcs(l1, vmcalls);
	launch_evmcs(l1);
	l1.write(field::guest_cr0, 0);
	set_clean(l1, 0);
	expect(l1.vmresume(), entry_fails(Reason::invalid_guest), "VMRESUME");
	l1.expect_field(field::guest_cr0, 0);
	l1.expect_field(field::exit_qualification, 0);
	check_equal(l1.at<std::uint32_t>(evmcs_address + evmcs::clean_fields), 0u,
		    "clean fields after a failed entry");
	l1.write(field::guest_cr0, l1.vcpu().sregs().cr0);
	expect(l1.vmresume(), exits(Reason::vmcall), "VMRESUME with the right one");
}

TEST(vmclear)
{
	L1 l1 = hyperv_l1();
	prepare_evmcs(l1, vmcalls);
	launch_evmcs(l1);
	std::vector<std::byte> before(l1.vm().memory(evmcs_address),
				      l1.vm().memory(evmcs_address) + page_size);
	expect(l1.vmclear(other_evmcs_address), succeeds(), "VMCLEAR of another");
	check_equal(NestedState(l1.vcpu()).get().flags, KVM_STATE_NESTED_EVMCS, "flags");
	for (unsigned n = 0; n < 2; n++) {
		expect(l1.vmclear(evmcs_address), succeeds(), "VMCLEAR");
		check_equal(NestedState(l1.vcpu()).get().flags, 0, "flags after VMCLEAR");
		check(!memcmp(before.data(), l1.vm().memory(evmcs_address), page_size),
		      "VMCLEAR has written to the page");
	}
	expect(l1.vmresume(), exits(Reason::vmcall), "VMRESUME after VMCLEAR");
}

// With the revision of a region for its first word a page that another vCPU uses looks like one.
TEST(vmclear_of_an_inactive_page)
{
	L1 l1 = hyperv_l1();
	prepare_evmcs(l1, vmcalls, l1.revision());
	l1.write(field::host_es_selector, 0x5a58);
	std::vector<std::byte> before(l1.vm().memory(evmcs_address),
				      l1.vm().memory(evmcs_address) + page_size);
	expect(l1.vmclear(evmcs_address), succeeds(), "VMCLEAR");
	check(!memcmp(before.data(), l1.vm().memory(evmcs_address), page_size),
	      "VMCLEAR has written to the page");
}

TEST(vmxoff)
{
	L1 l1 = hyperv_l1();
	prepare_evmcs(l1, vmcalls);
	launch_evmcs(l1);
	expect(l1.vmxoff(), succeeds(), "VMXOFF");
	l1.enter_vmx();
	check_equal(NestedState(l1.vcpu()).get().flags, 0, "flags after VMXOFF and VMXON");
	std::uint64_t value;
	expect(l1.vmread(field::guest_rip.encoding, value), fails_invalid(), "VMREAD");
	expect(l1.vmresume(), exits(Reason::vmcall), "VMRESUME");
}

// L1 uses either kind, each cleared before the other.
TEST(by_turns_with_a_vmcs)
{
	L1 l1 = hyperv_l1();
	prepare_evmcs(l1, vmcalls);
	launch_evmcs(l1);
	expect(l1.vmclear(evmcs_address), succeeds(), "VMCLEAR of the page");
	name_no_evmcs(l1);
	l1.use_vmcs();
	l1.write_default_vmcs(vmcs_address);
	l1.write(field::guest_rsp, 0x4321);
	expect(l1.vmlaunch(), exits(Reason::vmcall), "VMLAUNCH of a VMCS");
	for (unsigned n = 0; n < 3; n++) {
		expect(l1.vmclear(vmcs_address), succeeds(), "VMCLEAR of the VMCS");
		l1.use_page(evmcs_address);
		name_evmcs(l1, evmcs_address);
		expect(l1.vmresume(), exits(Reason::vmcall), "the page");
		l1.expect_field(field::guest_rsp, l2_stack_top);
		expect(l1.vmclear(evmcs_address), succeeds(), "VMCLEAR of the page");
		name_no_evmcs(l1);
		l1.use_vmcs();
		expect(l1.vmptrld(vmcs_address), succeeds(), "VMPTRLD");
		expect(l1.vmlaunch(), exits(Reason::vmcall), "the VMCS");
		l1.expect_field(field::guest_rsp, 0x4321);
	}
}

// An entry by a page lets go of the current VMCS, which is as L1 left it in its region.
TEST(current_vmcs_is_kept)
{
	need_ours("loses what L1 wrote to a VMCS that was current");
	L1 l1 = hyperv_l1();
	prepare_evmcs(l1, vmcalls);
	name_no_evmcs(l1);
	l1.use_vmcs();
	l1.write_default_vmcs(vmcs_address);
	expect(l1.vmlaunch(), exits(Reason::vmcall), "VMLAUNCH of a VMCS");
	l1.write(field::guest_rsp, 0x4321);
	l1.use_page(evmcs_address);
	name_evmcs(l1, evmcs_address);
	launch_evmcs(l1);
	check_equal(NestedState(l1.vcpu()).get().hdr.vmx.vmcs12_pa, nowhere, "the current VMCS");
	l1.use_vmcs();
	name_no_evmcs(l1);
	expect(l1.vmptrld(vmcs_address), succeeds(), "VMPTRLD");
	expect(l1.vmresume(), exits(Reason::vmcall), "VMRESUME of the VMCS");
	l1.expect_field(field::guest_rsp, 0x4321);
}

// The TLFS has nothing on these while an enlightened VMCS is in use: it is no current VMCS, and a
// VMPTRLD puts one in its place.
TEST(vmptrld_and_vmptrst)
{
	need_ours("never gets past either");
	L1 l1 = hyperv_l1();
	prepare_evmcs(l1, vmcalls);
	launch_evmcs(l1);
	std::uint64_t pointer = 0;
	expect(l1.vmptrst(pointer), succeeds(), "VMPTRST");
	check_equal(pointer, nowhere, "the current VMCS");
	expect(l1.vmptrld(vmxon_address), fails(10), "VMPTRLD of the VMXON region");
	check_equal(NestedState(l1.vcpu()).get().flags, KVM_STATE_NESTED_EVMCS, "flags");
	l1.at<std::uint32_t>(vmcs_address) = l1.revision();
	expect(l1.vmptrld(vmcs_address), succeeds(), "VMPTRLD");
	check_equal(NestedState(l1.vcpu()).get().flags, 0, "flags after VMPTRLD");
	expect(l1.vmptrst(pointer), succeeds(), "VMPTRST");
	check_equal(pointer, vmcs_address, "the current VMCS");
	expect(l1.vmresume(), exits(Reason::vmcall), "VMRESUME");
	expect(l1.vmptrst(pointer), succeeds(), "VMPTRST");
	check_equal(pointer, nowhere, "the current VMCS");
}

// L1's bitmap is not read while the clean fields say that it has not changed.
TEST(enlightened_msr_bitmap)
{
	constexpr unsigned msr_bitmap_group = 1, gs_base_bit = 0x101, high_reads = 1024;
	for (const bool enlightened : {true, false}) {
		L1 l1 = hyperv_l1();
		prepare_evmcs(l1, reads_msrs);
		l1.set(vmx::primary::use_msr_bitmaps);
		l1.write(field::msr_bitmap, msr_bitmap_address);
		l1.at<std::uint32_t>(evmcs_address + evmcs::enlightenments_control) =
			enlightened ? evmcs::msr_bitmap : 0;
		auto &byte = l1.at<std::uint8_t>(msr_bitmap_address + high_reads + gs_base_bit / 8);
		launch_evmcs(l1);
		const auto from_the_top = [&](std::uint32_t clean) {
			l1.write(field::guest_rip, l2_code_address);
			set_clean(l1, clean);
			return l1.vmresume();
		};
		byte = 1 << gs_base_bit % 8;
		expect(from_the_top(all_clean), exits(enlightened ? Reason::vmcall : Reason::rdmsr),
		       "L1's bitmap has changed, the group is clean");
		expect(from_the_top(all_clean & ~(1u << msr_bitmap_group)), exits(Reason::rdmsr),
		       "the group is dirty");
		// An exit that L1 does not want after all is none.
		byte = 0;
		expect(from_the_top(all_clean), exits(Reason::vmcall),
		       "changed back, the group is clean");
		expect(from_the_top(0), exits(Reason::vmcall), "all is dirty");
		// Without the bitmap everything exits, with it again nothing does.
		l1.clear(vmx::primary::use_msr_bitmaps);
		expect(from_the_top(0), exits(Reason::rdmsr), "no bitmap");
		l1.set(vmx::primary::use_msr_bitmaps);
		expect(from_the_top(0), exits(Reason::vmcall), "the bitmap again");
	}
}

TEST(slot_removed)
{
	need_ours("goes on using a page that is not the guest's any more");
	L1 l1 = hyperv_l1();
	prepare_evmcs(l1, reports_and_calls);
	const auto set_slot = [&](bool there) {
		l1.vm().set_slot(alias_slot, alias, there ? page_size : 0,
				 l1.vm().memory(evmcs_address));
	};
	set_slot(true);
	name_evmcs(l1, alias);
	expect(l1.vmlaunch(), reports(1), "L2");
	set_slot(false);
	// L2's exit finds no page to tell L1 in.
	l1.write(field::exit_reason, 0x55);
	l1.go_on();
	l1.expect_field(field::exit_reason, 0x55);
	for (unsigned n = 0; n < 2; n++)
		expect(l1.vmresume(), faults(vector::ud), "VMRESUME without the page");
	set_slot(true);
	l1.write(field::guest_rip, l2_code_address);
	expect(l1.vmresume(), reports(1), "VMRESUME with the page");
	expect(l1.go_on(), exits(Reason::vmcall), "L2");
	// Removed while L1 runs, and back elsewhere.
	set_slot(false);
	l1.vm().set_slot(alias_slot, alias, page_size, l1.vm().memory(other_evmcs_address));
	memcpy(l1.vm().memory(other_evmcs_address), l1.vm().memory(evmcs_address), page_size);
	l1.use_page(other_evmcs_address);
	l1.write(field::guest_rip, l2_code_address);
	expect(l1.vmresume(), reports(1), "VMRESUME of the page elsewhere");
	expect(l1.go_on(), exits(Reason::vmcall), "L2");
	l1.expect_field(field::exit_reason, static_cast<std::uint64_t>(Reason::vmcall));
}

// Memory that L1 may only read is none for a page that is written to.
TEST(read_only_slot)
{
	L1 l1 = hyperv_l1();
	prepare_evmcs(l1, vmcalls);
	l1.vm().need(KVM_CAP_READONLY_MEM, "KVM_CAP_READONLY_MEM");
	l1.vm().set_slot(alias_slot, alias, page_size, l1.vm().memory(evmcs_address),
			 KVM_MEM_READONLY);
	name_evmcs(l1, alias);
	need_ours("takes it");
	expect(l1.vmlaunch(), faults(vector::ud), "VMLAUNCH");
}

// The log of dirty pages has it after each exit.
TEST(dirty_log)
{
	need_ours("has it there once it lets go of the page");
	L1 l1 = hyperv_l1();
	prepare_evmcs(l1, vmcalls);
	l1.vm().set_slot(alias_slot, alias, page_size, l1.vm().memory(evmcs_address),
			 KVM_MEM_LOG_DIRTY_PAGES);
	name_evmcs(l1, alias);
	launch_evmcs(l1);
	for (unsigned n = 0; n < 3; n++) {
		std::uint64_t bitmap = 0;
		kvm_dirty_log log = {};
		log.slot = alias_slot;
		log.dirty_bitmap = &bitmap;
		KVM_CALL(l1.vm().fd(), KVM_GET_DIRTY_LOG, &log);
		check_equal(bitmap, 1u, "dirty pages");
		expect(l1.vmresume(), exits(Reason::vmcall), "VMRESUME");
	}
}

// The page is also what its MSR bitmap and its I/O bitmaps are in.
TEST(shared_page)
{
	L1 l1 = hyperv_l1();
	prepare_evmcs(l1, vmcalls);
	l1.set(vmx::primary::use_msr_bitmaps);
	l1.set(vmx::primary::use_io_bitmaps);
	l1.write(field::msr_bitmap, evmcs_address);
	l1.write(field::io_bitmap_a, evmcs_address);
	l1.write(field::io_bitmap_b, evmcs_address);
	launch_evmcs(l1);
	expect(l1.resume(), exits(Reason::vmcall), "VMRESUME");
}

// While L1 enters, somebody else writes to the page, first to what would be a hole if it were
// looked at twice. What was checked is what runs: an entry either fails or works.
TEST(page_changes_during_entries)
{
	L1 l1 = hyperv_l1();
	prepare_evmcs(l1, vmcalls);
	launch_evmcs(l1);
	const std::uint32_t good_pin = l1.read(field::pin_controls),
			    good_cs = l1.read(field::guest_cs_access_rights);
	const std::uint64_t good_cr0 = l1.read(field::host_cr0);
	// A list of one entry that is not aligned.
	l1.write(field::exit_msr_store_address, 1);
	std::atomic<bool> done{false};
	const auto other = [&] {
		for (unsigned n = 0; !done; n++) {
			const bool good = n % 2;
			write_page(l1.vm(), evmcs_address, field::pin_controls.encoding,
				   good ? good_pin : ~0u);
			write_page(l1.vm(), evmcs_address, field::host_cr0.encoding,
				   good ? good_cr0 : 0);
			write_page(l1.vm(), evmcs_address, field::guest_cs_access_rights.encoding,
				   good ? good_cs : 0xffffffff);
			write_page(l1.vm(), evmcs_address, field::exit_msr_store_count.encoding,
				   good ? 0 : 1);
			set_clean(l1, good ? all_clean : 0);
		}
	};
	std::thread writer(other);
	unsigned entered = 0, failed = 0;
	std::string unexpected;
	for (unsigned n = 0; n < 400 && unexpected.empty(); n++) {
		l1.write(field::guest_rip, l2_code_address);
		const Result found = n % 2 ? l1.vmlaunch() : l1.vmresume();
		if (found == exits(Reason::vmcall))
			entered++;
		else if (found == fails(7) || found == fails(8) ||
			 found == entry_fails(Reason::invalid_guest))
			failed++;
		// What tells of the end is in the page as well.
		else if (found.kind != Result::Kind::exit && found.kind != Result::Kind::fail_valid)
			unexpected = describe(found);
	}
	done = true;
	writer.join();
	check(unexpected.empty(), "an entry of a page that changes: " + unexpected);
	check(entered + failed > 0, "no entry came to an end that is known");
	write_default_evmcs(l1, evmcs_address);
	launch_evmcs(l1);
}
