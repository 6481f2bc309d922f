// SPDX-License-Identifier: GPL-2.0-only
//
// The MSR lists of VM entries and VM exits, and what is left when one fails (SDM, "Loading MSRs",
// "Saving MSRs", "VM-Entry Failures During or After Loading Guest State", "VMX Aborts").
#include "harness/module.hpp"
#include "harness/nested_evmcs.hpp"
#include "harness/nested_modes.hpp"

using namespace kvm;
using tap::check;
using tap::check_equal;
namespace field = vmx::field;
namespace msr = vmx::msr;
using vmx::MsrEntry;
using vmx::Reason;

namespace {

GUEST_CODE(vmcall, 64, "vmcall\n vmcall");
GUEST_CODE(say_7, 64, "mov $7, %eax\n" L2_REPORT "vmcall");
GUEST_CODE(reads_tsc, 64, "rdtsc\n vmcall");
GUEST_CODE(changes_kernel_gs, 64, R"(
	mov $0xc0000102, %ecx
	mov $0x1234, %eax
	xor %edx, %edx
	wrmsr
	vmcall
)");

void put_msr(const L1 &l1, std::uint32_t list, unsigned index, std::uint32_t number,
	     std::uint64_t value, std::uint32_t reserved = 0)
{
	l1.at<std::uint64_t>(list + index * sizeof(MsrEntry)) = number | std::uint64_t{reserved}
										 << 32;
	l1.at<std::uint64_t>(list + index * sizeof(MsrEntry) + 8) = value;
}

} // namespace

TEST(msr_lists)
{
	L1 l1;
	l1.prepare(changes_kernel_gs);
	free_msrs(l1);
	put_msr(l1, entry_load_address, 0, msr::kernel_gs_base, 0xffff800000001111);
	put_msr(l1, entry_load_address, 1, msr::lstar, 0xffff800000002222);
	put_msr(l1, exit_store_address, 0, msr::kernel_gs_base, 0);
	put_msr(l1, exit_store_address, 1, msr::lstar, 0);
	put_msr(l1, exit_load_address, 0, msr::kernel_gs_base, 0x3333);
	put_msr(l1, exit_load_address, 1, msr::star, 0x4444);
	l1.write(field::entry_msr_load_address, entry_load_address);
	l1.write(field::entry_msr_load_count, 2);
	l1.write(field::exit_msr_store_address, exit_store_address);
	l1.write(field::exit_msr_store_count, 2);
	l1.write(field::exit_msr_load_address, exit_load_address);
	l1.write(field::exit_msr_load_count, 2);
	expect(l1.vmlaunch(), exits(Reason::vmcall), "L2");
	check_equal(l1.at<std::uint64_t>(exit_store_address + 8), 0x1234u,
		    "IA32_KERNEL_GS_BASE as L2 left it");
	check_equal(l1.at<std::uint64_t>(exit_store_address + 24), 0xffff800000002222,
		    "IA32_LSTAR as it was loaded");
	check_equal(l1.vcpu().msr(msr::kernel_gs_base), 0x3333u, "L1's IA32_KERNEL_GS_BASE");
	check_equal(l1.vcpu().msr(msr::star), 0x4444u, "L1's IA32_STAR");
	check_equal(l1.vcpu().msr(msr::lstar), 0xffff800000002222, "IA32_LSTAR, not in L1's list");
}

// L2's offset is about RDMSR, RDTSC and RDTSCP.
TEST(tsc_is_stored_as_l1_has_it)
{
	if (!is_ours())
		tap::skip("the distribution's module stores another value");
	constexpr std::uint64_t offset = 1ul << 60;
	L1 l1;
	l1.prepare(reads_tsc);
	l1.set(vmx::primary::use_tsc_offsetting);
	l1.write(field::tsc_offset, offset);
	put_msr(l1, exit_store_address, 0, msr::tsc, 0);
	l1.write(field::exit_msr_store_address, exit_store_address);
	l1.write(field::exit_msr_store_count, 1);
	expect(l1.vmlaunch(), exits(Reason::vmcall), "L2");
	const std::uint64_t stored = l1.at<std::uint64_t>(exit_store_address + 8);
	const std::uint64_t in_l2 = l1.l2().rdx << 32 | l1.l2().rax;
	const std::uint64_t after = l1.vcpu().msr(msr::tsc);
	check(in_l2 >= offset, "the TSC in L2 is " + tap::hex(in_l2));
	check(in_l2 - offset < stored && stored < after, tap::hex(stored) + " is stored between " +
								 tap::hex(in_l2 - offset) +
								 " and " + tap::hex(after));
}

TEST(msr_list_is_loaded_after_the_fields)
{
	L1 l1;
	l1.prepare(say_7);
	l1.write(field::guest_sysenter_eip, 0x1111);
	put_msr(l1, entry_load_address, 0, msr::sysenter_eip, 0x2222);
	put_msr(l1, entry_load_address, 1, msr::sysenter_eip, 0x3333);
	l1.write(field::entry_msr_load_address, entry_load_address);
	l1.write(field::entry_msr_load_count, 2);
	expect(l1.vmlaunch(), reports(7), "L2");
	check_equal(l1.vcpu().msr(msr::sysenter_eip), 0x3333u, "IA32_SYSENTER_EIP in L2");
	expect(l1.go_on(), exits(Reason::vmcall), "L2");
	l1.expect_field(field::guest_sysenter_eip, 0x3333);
}

TEST(msr_load_failures)
{
	L1 l1;
	l1.prepare(vmcall);
	struct {
		const char *what;
		std::uint32_t msr;
		std::uint64_t value;
		std::uint32_t reserved;
	} const cases[] = {
		{"IA32_FS_BASE", msr::fs_base, 0, 0},
		{"IA32_GS_BASE", msr::gs_base, 0, 0},
		{"IA32_SMM_MONITOR_CTL", 0x9b, 0, 0},
		{"no such MSR", 0x12345, 0, 0},
		{"an address that is not canonical", msr::lstar, 1ul << 62, 0},
		{"reserved bits of the entry", msr::lstar, 0, 1},
		{"a read-only MSR", msr::vmx_basic, 0, 0},
		{"a reserved bit of EFER", msr::efer, efer_lme | efer_lma | 1ul << 40, 0},
		{"a reserved type in PAT", msr::pat, 2, 0},
	};
	l1.write(field::entry_msr_load_address, entry_load_address);
	l1.write(field::entry_msr_load_count, 3);
	put_msr(l1, entry_load_address, 0, msr::kernel_gs_base, 0x5555);
	for (unsigned i = 0; i < 2; i++)
		for (const auto &c : cases) {
			put_msr(l1, entry_load_address, 1, msr::kernel_gs_base, 0x6666);
			put_msr(l1, entry_load_address, 2, msr::kernel_gs_base, 0x7777);
			put_msr(l1, entry_load_address, i + 1, c.msr, c.value, c.reserved);
			expect(l1.vmlaunch(), entry_fails(Reason::msr_load_fail), c.what);
			check_equal(l1.read(field::exit_qualification), i + 2,
				    std::string(c.what) + ": the entry's number");
			check_equal(l1.l2().rip, exit_stub_address, "rip after the failure");
			// Those before it stay loaded: nothing takes them back.
			check_equal(l1.vcpu().msr(msr::kernel_gs_base), i ? 0x6666u : 0x5555u,
				    "an MSR that was loaded before");
		}
	l1.write(field::entry_msr_load_count, 1);
	expect(l1.vmlaunch(), exits(Reason::vmcall), "VMLAUNCH");
}

// The host's list is loaded by a failed entry as by any VM exit.
TEST(failed_entry_loads_the_host)
{
	L1 l1;
	l1.prepare(vmcall);
	put_msr(l1, exit_load_address, 0, msr::kernel_gs_base, 0x9999);
	put_msr(l1, exit_store_address, 0, msr::kernel_gs_base, 0x1);
	l1.write(field::exit_msr_load_address, exit_load_address);
	l1.write(field::exit_msr_load_count, 1);
	l1.write(field::exit_msr_store_address, exit_store_address);
	l1.write(field::exit_msr_store_count, 1);
	l1.write(field::host_sysenter_cs, 0x2468);
	l1.write(field::host_gs_base, 0x1357000);
	l1.write(field::guest_rflags, 0);
	l1.write(field::guest_rsp, 0x123);
	const std::uint64_t length = l1.read(field::exit_instruction_length);
	expect(l1.vmlaunch(), entry_fails(Reason::invalid_guest), "VMLAUNCH");
	l1.expect_field(field::exit_qualification, 0);
	l1.expect_field(field::exit_instruction_length, length);
	l1.expect_field(field::guest_rflags, 0);
	l1.expect_field(field::guest_rsp, 0x123);
	check_equal(l1.l2().rip, exit_stub_address, "rip");
	check_equal(l1.l2().rflags, rflags_fixed, "rflags");
	check_equal(l1.vcpu().msr(msr::sysenter_cs), 0x2468u, "IA32_SYSENTER_CS");
	check_equal(l1.vcpu().sregs().gs.base, 0x1357000u, "GS's base");
	check_equal(l1.vcpu().msr(msr::kernel_gs_base), 0x9999u, "IA32_KERNEL_GS_BASE");
	check_equal(l1.at<std::uint64_t>(exit_store_address + 8), 1u,
		    "the store list, which a failed entry leaves alone");
}

// SDM, "VMX Aborts": the CPU shuts down. KVM ends the machine as for a triple fault.
TEST(vmx_abort_on_exit)
{
	for (const bool load : {false, true}) {
		L1 l1;
		l1.prepare(vmcall);
		const std::uint32_t list = load ? exit_load_address : exit_store_address;
		put_msr(l1, list, 0, 0x12345, 0);
		if (load) {
			l1.write(field::exit_msr_load_address, list);
			l1.write(field::exit_msr_load_count, 1);
		} else {
			l1.write(field::exit_msr_store_address, list);
			l1.write(field::exit_msr_store_count, 1);
		}
		expect(l1.vmlaunch(), leaves(KVM_EXIT_SHUTDOWN),
		       load ? "failure to load L1's MSRs" : "failure to store L2's MSRs");
	}
}
