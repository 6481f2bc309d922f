// SPDX-License-Identifier: GPL-2.0-only
//
// Guest state that KVM takes from userspace and the CPU refuses: KVM_EXIT_FAIL_ENTRY, a vCPU that
// goes on once the state is mended, and a log that says which check of the SDM does not hold.
#include "harness/guest.hpp"
#include "harness/module.hpp"

#include <fcntl.h>
#include <fstream>
#include <unistd.h>

using namespace kvm;

namespace {

constexpr std::uint64_t invalid_guest_state = 0x80000021;
constexpr const char *dump_parameter = "/sys/module/kvm_intel/parameters/dump_invalid_vmcs";

// The kernel's log from its construction on.
class KernelLog {
public:
	KernelLog() : fd_(open("/dev/kmsg", O_RDONLY | O_NONBLOCK | O_CLOEXEC))
	{
		if (fd_.get() < 0)
			tap::fail("/dev/kmsg cannot be opened");
		lseek(fd_.get(), 0, SEEK_END);
	}

	std::string text() const
	{
		std::string all;
		char record[8192];
		ssize_t size;

		while ((size = read(fd_.get(), record, sizeof(record))) > 0)
			all.append(record, static_cast<std::size_t>(size));
		return all;
	}

private:
	Fd fd_;
};

void check_says(const std::string &log, const std::string &words)
{
	if (log.find(words) == std::string::npos)
		tap::fail("expected \"" + words + "\" in the kernel's log, found:\n" + log);
}

class Dumping {
public:
	Dumping() { std::ofstream(dump_parameter) << "Y"; }
	~Dumping() { std::ofstream(dump_parameter) << "N"; }
};

GUEST_CODE(reporting_guest, 64,
	   "	mov $7, %eax\n"
	   "	out %eax, $report_port\n");

void needs_unrestricted_guest()
{
	char answer = 0;
	std::ifstream("/sys/module/kvm_intel/parameters/unrestricted_guest") >> answer;
	if (answer != 'Y')
		tap::skip("without unrestricted guest KVM emulates such state");
}

// The vCPU with something broken by `spoil`: the entry fails, and succeeds with the state of
// before.
template <typename Spoil> std::string fail_entry(Spoil spoil)
{
	needs_unrestricted_guest();
	const Vm vm;
	const Vcpu vcpu(vm);
	start(vm, vcpu, reporting_guest);
	const kvm_sregs good = vcpu.sregs();
	const kvm_regs good_regs = vcpu.regs();

	spoil(vcpu);
	const KernelLog log;
	vcpu.run_to(KVM_EXIT_FAIL_ENTRY);
	tap::check_equal(vcpu.state().fail_entry.hardware_entry_failure_reason, invalid_guest_state,
			 "failure reason");
	tap::check(vcpu.state().fail_entry.cpu < 8, "fail_entry.cpu is a CPU");
	const std::string said = log.text();

	vcpu.set(good);
	vcpu.set(good_regs);
	tap::check_equal(run_to_report(vcpu), 7u, "the guest's report after mending");
	return said;
}

template <typename Spoil> std::string fail_entry_with_sregs(Spoil spoil)
{
	return fail_entry([&](const Vcpu &vcpu) {
		kvm_sregs sregs = vcpu.sregs();
		spoil(sregs);
		vcpu.set(sregs);
	});
}

void check_named(const std::string &log, const std::string &id)
{
	// Another module's log has words of its own.
	if (!is_ours())
		return;
	check_says(
		log,
		"VM entry failed: exit reason 0x80000021, VM-entry failure due to invalid guest state");
	check_says(log, id + " does not hold (SDM, \"Checks on Guest ");
}

} // namespace

TEST(stack_segment_of_code)
{
	check_named(fail_entry_with_sregs([](kvm_sregs &s) { s.ss.type = 11; }), "guest.ss.type");
}

TEST(code_segment_of_16_and_64_bits)
{
	check_named(fail_entry_with_sregs([](kvm_sregs &s) { s.cs.db = 1; }), "guest.cs.db");
}

TEST(limit_that_pages_cannot_make)
{
	check_named(
		fail_entry_with_sregs([](kvm_sregs &s) { s.ds.limit = 0xffff0fff, s.ds.g = 0; }),
		"guest.ds.granularity");
}

TEST(task_register_in_the_ldt)
{
	check_named(fail_entry_with_sregs([](kvm_sregs &s) { s.tr.selector |= 4; }), "guest.tr.ti");
}

TEST(ldtr_of_another_type)
{
	check_named(fail_entry_with_sregs([](kvm_sregs &s) {
			    s.ldt = s.tr;
			    s.ldt.type = 3;
		    }),
		    "guest.ldtr.type");
}

TEST(base_that_is_not_canonical)
{
	check_named(fail_entry_with_sregs([](kvm_sregs &s) { s.fs.base = 1ul << 63; }),
		    "guest.fs.base");
}

TEST(virtual_8086_in_long_mode)
{
	const std::string log = fail_entry([](const Vcpu &vcpu) {
		kvm_regs regs = vcpu.regs();
		regs.rflags |= 1 << 17;
		vcpu.set(regs);
	});

	check_named(log, "guest.rflags.vm");
	check_named(log, "guest.cs.rights_8086");
	if (is_ours())
		check_says(log, "dump_invalid_vmcs");
}

TEST(whole_vmcs_on_demand)
{
	const Dumping dumping;
	const std::string log = fail_entry_with_sregs([](kvm_sregs &s) { s.ss.type = 11; });

	if (!is_ours())
		return;
	for (const char *words :
	     {"guest-state area", "guest_ss ", "code execute/read accessed, DPL 0, present",
	      "guest_rip ", "host-state area", "host_cr3 ", "control fields",
	      "1 external-interrupt exiting", "0 RDTSC exiting", "1 unrestricted guest",
	      "1 IA-32e mode guest", "VM-exit information", "exit_reason "})
		check_says(log, words);
	check_says(log, "0x000000000000c000");
}
