// SPDX-License-Identifier: GPL-2.0-only
//
// Virtual machines and vCPUs come and go; what /dev/kvm says about itself.
#include "harness/guest.hpp"

#include <set>
#include <sys/wait.h>
#include <thread>

using namespace kvm;
using tap::check;
using tap::check_equal;

namespace {

constexpr std::uint32_t msr_tsc = 0x10, msr_vmx_basic = 0x480, msr_sysenter_cs = 0x174;

GUEST_CODE(halt, 16, R"(
	hlt
)");

std::set<std::uint32_t> msr_list(const char *name, unsigned long request)
{
	const Fd dev = open_dev_kvm();
	std::vector<std::uint32_t> storage(1 + 2048);
	auto *list = reinterpret_cast<kvm_msr_list *>(storage.data());

	list->nmsrs = 0;
	check_equal(dev.try_call(request, list), E2BIG, std::string(name) + " with no room");
	check(list->nmsrs > 0 && list->nmsrs < 2048,
	      std::string(name) + " says how many there are");
	dev.call(name, request, list);
	return {list->indices, list->indices + list->nmsrs};
}

} // namespace

TEST(api_version)
{
	check_equal(KVM_CALL(open_dev_kvm(), KVM_GET_API_VERSION), 12, "KVM_GET_API_VERSION");
}

TEST(capabilities)
{
	static constexpr struct {
		const char *name;
		unsigned long capability;
	} needed[] = {
		{"KVM_CAP_IRQCHIP", KVM_CAP_IRQCHIP},
		{"KVM_CAP_HLT", KVM_CAP_HLT},
		{"KVM_CAP_USER_MEMORY", KVM_CAP_USER_MEMORY},
		{"KVM_CAP_SET_TSS_ADDR", KVM_CAP_SET_TSS_ADDR},
		{"KVM_CAP_EXT_CPUID", KVM_CAP_EXT_CPUID},
		{"KVM_CAP_MP_STATE", KVM_CAP_MP_STATE},
		{"KVM_CAP_SYNC_MMU", KVM_CAP_SYNC_MMU},
		{"KVM_CAP_SET_GUEST_DEBUG", KVM_CAP_SET_GUEST_DEBUG},
		{"KVM_CAP_PIT2", KVM_CAP_PIT2},
		{"KVM_CAP_VCPU_EVENTS", KVM_CAP_VCPU_EVENTS},
		{"KVM_CAP_DEBUGREGS", KVM_CAP_DEBUGREGS},
		{"KVM_CAP_X86_ROBUST_SINGLESTEP", KVM_CAP_X86_ROBUST_SINGLESTEP},
		{"KVM_CAP_XSAVE", KVM_CAP_XSAVE},
		{"KVM_CAP_TSC_DEADLINE_TIMER", KVM_CAP_TSC_DEADLINE_TIMER},
		{"KVM_CAP_IMMEDIATE_EXIT", KVM_CAP_IMMEDIATE_EXIT},
		{"KVM_CAP_X86_USER_SPACE_MSR", KVM_CAP_X86_USER_SPACE_MSR},
		{"KVM_CAP_SREGS2", KVM_CAP_SREGS2},
	};
	const Fd dev = open_dev_kvm();
	for (const auto &row : needed)
		check(extension(dev, row.capability) > 0, row.name);
	check(extension(dev, KVM_CAP_NR_MEMSLOTS) >= 32, "KVM_CAP_NR_MEMSLOTS is at least 32");
	check(extension(dev, KVM_CAP_MAX_VCPUS) >= 2, "KVM_CAP_MAX_VCPUS is at least 2");
	check_equal(extension(dev, 0x7fffffff), 0, "a capability nobody knows");
}

TEST(supported_cpuid)
{
	Cpuid table = Cpuid::supported();
	check(table.find(0) != nullptr, "leaf 0 is there");

	const kvm_cpuid_entry2 *signature = table.find(0x40000000);
	check(signature != nullptr, "KVM's signature leaf is there");
	check_equal(signature->ebx, 0x4b4d564bu, "ebx of the signature, \"KVMK\"");

	constexpr std::uint32_t sse2 = 1 << 26, fpu = 1 << 0, tsc = 1 << 4, msr = 1 << 5;
	check_equal(table.find(1)->edx & (sse2 | fpu | tsc | msr), sse2 | fpu | tsc | msr,
		    "FPU, TSC, MSR and SSE2 of leaf 1");

	Cpuid small(1);
	check_equal(open_dev_kvm().try_call(KVM_GET_SUPPORTED_CPUID, small.get()), E2BIG,
		    "errno of KVM_GET_SUPPORTED_CPUID with one entry");
}

TEST(msr_index_list)
{
	const auto list = msr_list("KVM_GET_MSR_INDEX_LIST", KVM_GET_MSR_INDEX_LIST);
	check(list.contains(msr_tsc), "IA32_TSC is listed");
	check(list.contains(msr_sysenter_cs), "SYSENTER_CS is listed");
}

// Every listed MSR can be read on a new vCPU and takes its own value back.
TEST(listed_msrs_round_trip)
{
	const Vm vm;
	vm.create_irqchip(); // some of KVM's own MSRs need it
	const Vcpu vcpu(vm);
	for (std::uint32_t index : msr_list("KVM_GET_MSR_INDEX_LIST", KVM_GET_MSR_INDEX_LIST)) {
		std::uint64_t value;
		check(vcpu.try_get_msr(index, value), "can read MSR " + tap::hex(index));
		check(vcpu.try_set_msr(index, value),
		      "MSR " + tap::hex(index) + " takes its own value " + tap::hex(value));
	}
}

TEST(feature_msrs)
{
	const Fd dev = open_dev_kvm();
	const auto list =
		msr_list("KVM_GET_MSR_FEATURE_INDEX_LIST", KVM_GET_MSR_FEATURE_INDEX_LIST);

	constexpr std::uint32_t leaf1_ecx_vmx = 1 << 5;
	const bool nested = Cpuid::supported().find(1)->ecx & leaf1_ecx_vmx;
	check_equal(list.contains(msr_vmx_basic), nested,
		    "IA32_VMX_BASIC is a feature MSR if CPUID shows VMX");
	for (std::uint32_t index : list) {
		OneMsr msr(index, 0);
		check_equal(KVM_CALL(dev, KVM_GET_MSRS, &msr), 1,
			    "feature MSRs read at " + tap::hex(index));
	}
}

TEST(many_vms)
{
	for (int i = 0; i < 50; i++)
		const Vm vm;
}

TEST(many_vms_at_once)
{
	std::vector<Vm> vms;
	for (int i = 0; i < 20; i++)
		vms.emplace_back();
}

TEST(many_vcpus)
{
	for (int round = 0; round < 4; round++) {
		const Vm vm;
		std::vector<Vcpu> vcpus;
		for (unsigned id = 0; id < 8; id++)
			vcpus.emplace_back(vm, id, Vcpu::WithCpuid::none);
	}
}

TEST(vcpus_created_in_parallel)
{
	const Vm vm;
	vm.create_irqchip();
	std::vector<std::thread> threads;
	std::vector<int> errors(8, -1);
	for (unsigned id = 0; id < errors.size(); id++)
		threads.emplace_back([&vm, &errors, id] {
			const int fd = ioctl(vm.fd().get(), KVM_CREATE_VCPU, id);
			errors[id] = fd < 0 ? errno : 0;
			if (fd >= 0)
				close(fd);
		});
	for (auto &thread : threads)
		thread.join();
	for (int error : errors)
		check_equal(error, 0, "errno of KVM_CREATE_VCPU in a thread");
}

TEST(same_vcpu_id_twice)
{
	const Vm vm;
	const Vcpu vcpu(vm, 3);
	check_equal(vm.fd().try_call(KVM_CREATE_VCPU, 3ul), EEXIST, "errno of KVM_CREATE_VCPU");
}

TEST(vcpu_id_out_of_range)
{
	const Vm vm;
	const int beyond = extension(vm.fd(), KVM_CAP_MAX_VCPU_ID);
	check(beyond > 0, "KVM_CAP_MAX_VCPU_ID is there");
	check_equal(vm.fd().try_call(KVM_CREATE_VCPU, static_cast<unsigned long>(beyond)), EINVAL,
		    "errno of KVM_CREATE_VCPU");
}

// SDM, "Processor State After Reset".
TEST(state_after_reset)
{
	const Vm vm;
	const Vcpu vcpu(vm);
	const kvm_regs regs = vcpu.regs();
	const kvm_sregs sregs = vcpu.sregs();

	check_equal(regs.rip, 0xfff0u, "rip");
	check_equal(regs.rflags, rflags_fixed, "rflags");
	check_equal(regs.rax | regs.rbx | regs.rcx | regs.rsi | regs.rdi | regs.rbp | regs.rsp, 0u,
		    "the general registers but rdx");
	check_equal(sregs.cs.selector, 0xf000, "cs");
	check_equal(sregs.cs.base, 0xffff0000u, "cs base");
	check_equal(sregs.cs.limit, 0xffffu, "cs limit");
	check_equal(sregs.ds.base, 0u, "ds base");
	check_equal(sregs.cr0, cr0_cd | cr0_nw | cr0_et, "cr0");
	check_equal(sregs.cr3, 0u, "cr3");
	check_equal(sregs.cr4, 0u, "cr4");
	check_equal(sregs.efer, 0u, "efer");
	check_equal(sregs.idt.limit, 0xffff, "idt limit");
	check_equal(sregs.tr.type, 11, "tr type");
	check_equal(vcpu.debugregs().dr6, 0xffff0ff0u, "dr6");
	check_equal(vcpu.debugregs().dr7, 0x400u, "dr7");
}

// The machine lives as long as one of its vCPUs.
TEST(vm_closed_before_its_vcpu)
{
	Vm vm;
	const Vcpu vcpu(vm);
	start(vm, vcpu, halt);
	vm.close();
	vcpu.run_to(KVM_EXIT_HLT);
}

// KVM_RUN belongs to the process that made the machine.
TEST(run_in_another_process)
{
	const Vm vm;
	const Vcpu vcpu(vm);
	start(vm, vcpu, halt);
	const pid_t child = fork();
	if (child == 0)
		_exit(vcpu.try_run() == EIO ? 0 : 1);
	int status = -1;
	waitpid(child, &status, 0);
	check_equal(status, 0, "exit status of the child that expected EIO");
	vcpu.run_to(KVM_EXIT_HLT);
}
