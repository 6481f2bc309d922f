// SPDX-License-Identifier: GPL-2.0-only
//
// MSRs from both sides: what userspace sets the guest reads, and the other way round.
#include "harness/guest.hpp"

using namespace kvm;
using tap::check;
using tap::check_equal;

namespace {

GUEST_CODE(read_msr, 64, R"(
	rdmsr
	shl $32, %rdx
	or %rax, %rdx
	hlt
)");

GUEST_CODE(write_msr, 64, R"(
	wrmsr
	hlt
)");

GUEST_CODE(system_call, 64, R"(
	mov $0xe000, %esp
	pushq $selector_user_data
	pushq $0xe800
	pushq $2
	pushq $selector_user_code64
	pushq $1f - system_call_begin + code_address
	iretq
1:	syscall
	ud2
system_call_entry:
	mov %cs, %ebx
	mov %rcx, %rdx
	hlt
)");
GUEST_LABEL(system_call_entry);

constexpr std::uint32_t msr_star = 0xc0000081, msr_lstar = 0xc0000082, msr_cstar = 0xc0000083,
			msr_fmask = 0xc0000084, msr_fs_base = 0xc0000100, msr_gs_base = 0xc0000101,
			msr_kernel_gs_base = 0xc0000102, msr_sysenter_cs = 0x174,
			msr_sysenter_esp = 0x175, msr_sysenter_eip = 0x176, msr_pat = 0x277,
			msr_mtrr_def_type = 0x2ff, msr_tsc = 0x10, msr_efer = 0xc0000080;

// MSRs a 64-bit guest may read and write, with a value each of them takes.
constexpr struct {
	std::uint32_t index;
	std::uint64_t value;
} plain_msrs[] = {
	{msr_star, 0x0018001000000000},
	{msr_lstar, 0xffffffff81000000},
	{msr_cstar, 0xffffffff82000000},
	{msr_fmask, 0x47700},
	{msr_kernel_gs_base, 0xffff888012345678},
	{msr_fs_base, 0x00007f1234567000},
	{msr_gs_base, 0xffff888087654000},
	{msr_sysenter_cs, 0x10},
	{msr_sysenter_esp, 0xffffc90000001000},
	{msr_sysenter_eip, 0xffffffff83000000},
	{msr_pat, 0x0007010600070106},
	{msr_mtrr_def_type, 0xc06},
};

std::string msr_name(std::uint32_t index)
{
	return "MSR " + tap::hex(index);
}

// At an RDMSR of that one.
void start_read(const Vm &vm, const Vcpu &vcpu, std::uint32_t index)
{
	start(vm, vcpu, read_msr);
	kvm_regs regs = vcpu.regs();
	regs.rcx = index;
	vcpu.set(regs);
}

} // namespace

TEST(msrs_set_by_userspace)
{
	const Vm vm;
	const Vcpu vcpu(vm);
	for (const auto &[index, value] : plain_msrs) {
		start_read(vm, vcpu, index);
		vcpu.set_msr(index, value);
		check_equal(vcpu.msr(index), value, msr_name(index) + " read back");
		vcpu.run_to(KVM_EXIT_HLT);
		check_equal(vcpu.regs().rdx, value, msr_name(index) + " in the guest");
	}
}

TEST(msrs_set_by_guest)
{
	const Vm vm;
	const Vcpu vcpu(vm);
	for (const auto &[index, value] : plain_msrs) {
		start(vm, vcpu, write_msr);
		kvm_regs regs = vcpu.regs();
		regs.rcx = index;
		regs.rax = value & 0xffffffff;
		regs.rdx = value >> 32;
		vcpu.set(regs);
		vcpu.run_to(KVM_EXIT_HLT);
		check_equal(vcpu.msr(index), value, msr_name(index) + " after the guest's WRMSR");
	}
}

// Two vCPUs that take turns: neither sees the other's.
TEST(msrs_belong_to_their_vcpu)
{
	constexpr struct {
		std::uint32_t index;
		std::uint64_t values[2];
	} rows[] = {
		{msr_star, {0x0018001000000000, 0x0028002000000000}},
		{msr_lstar, {0xffffffff81000000, 0xffffffff82000000}},
		{msr_fmask, {0x47700, 0x200}},
		{msr_kernel_gs_base, {0xffff888012345678, 0xffff888012340000}},
		{msr_fs_base, {0x1000, 0x2000}},
		{msr_gs_base, {0x3000, 0x4000}},
		{msr_sysenter_esp, {0x5000, 0x6000}},
		{msr_pat, {0x0007010600070106, 0x0007040600070406}},
	};
	const Vm vm;
	const Vcpu vcpus[] = {Vcpu(vm, 0), Vcpu(vm, 1)};
	load(vm, read_msr);
	for (const Vcpu &vcpu : vcpus) {
		enter(vcpu, read_msr);
		for (const auto &row : rows)
			vcpu.set_msr(row.index, row.values[vcpu.id()]);
	}
	for (const auto &row : rows)
		for (const Vcpu &vcpu : vcpus) {
			kvm_regs regs = vcpu.regs();
			regs.rip = code_address;
			regs.rcx = row.index;
			vcpu.set(regs);
			vcpu.run_to(KVM_EXIT_HLT);
			check_equal(vcpu.regs().rdx, row.values[vcpu.id()], msr_name(row.index));
		}
}

TEST(efer_by_msr)
{
	const Vm vm;
	const Vcpu vcpu(vm);
	start(vm, vcpu, write_msr);
	kvm_regs regs = vcpu.regs();
	regs.rcx = msr_efer;
	regs.rax = efer_sce | efer_lme | efer_lma | efer_nx;
	vcpu.set(regs);
	vcpu.run_to(KVM_EXIT_HLT);
	check_equal(vcpu.sregs().efer, efer_sce | efer_lme | efer_lma | efer_nx, "efer");
}

TEST(tsc_set_by_userspace)
{
	constexpr std::uint64_t far = 1ul << 50;
	const Vm vm;
	const Vcpu vcpu(vm);
	start_read(vm, vcpu, msr_tsc);
	vcpu.set_msr(msr_tsc, far);
	vcpu.run_to(KVM_EXIT_HLT);
	const std::uint64_t seen = vcpu.regs().rdx;
	check(seen >= far && seen < far + (1ul << 36), "the guest's TSC goes on from what was set");
	check(vcpu.msr(msr_tsc) >= seen, "the TSC read from outside is later");
}

TEST(syscall_through_its_msrs)
{
	const Vm vm;
	const Vcpu vcpu(vm);
	start(vm, vcpu, system_call);
	kvm_sregs sregs = vcpu.sregs();
	sregs.efer |= efer_sce;
	vcpu.set(sregs);
	vcpu.set_msr(msr_star, std::uint64_t{selector_code64} << 32);
	vcpu.set_msr(msr_lstar, system_call.at(system_call_entry));
	vcpu.set_msr(msr_fmask, rflags_if);
	vcpu.run_to(KVM_EXIT_HLT);
	check_equal(vcpu.regs().rbx, selector_code64, "cs");
	check_equal(vcpu.regs().rdx, system_call.at(system_call_entry) - 2, "the return address");
}

// MSRs of what no guest gets: known, so that ignore_msrs does not hide them, and refused.
TEST(hidden_msrs)
{
	const Vm vm;
	vm.need(KVM_CAP_X86_USER_SPACE_MSR, "KVM_CAP_X86_USER_SPACE_MSR");
	vm.enable(KVM_CAP_X86_USER_SPACE_MSR,
		  KVM_MSR_EXIT_REASON_INVAL | KVM_MSR_EXIT_REASON_UNKNOWN);
	const Vcpu vcpu(vm);
	// Processor trace: output base and mask, control, status, CR3 match, first address.
	for (const std::uint32_t index : {0x560, 0x561, 0x570, 0x571, 0x572, 0x580}) {
		std::uint64_t value;
		check(!vcpu.try_get_msr(index, value), msr_name(index) + " cannot be read");
		check(!vcpu.try_set_msr(index, 0), msr_name(index) + " cannot be written");
		start_read(vm, vcpu, index);
		vcpu.run_to(KVM_EXIT_X86_RDMSR);
		check_equal(vcpu.state().msr.reason, KVM_MSR_EXIT_REASON_INVAL,
			    msr_name(index) + ", reason");
		vcpu.complete_exit();
	}
}

// How long the core slept is the guest's to read where userspace gives it the C-states.
TEST(core_residency)
{
	constexpr std::uint32_t core_c6_residency = 0x3fd;
	for (const bool free : {false, true}) {
		const Vm vm;
		vm.need(KVM_CAP_X86_USER_SPACE_MSR, "KVM_CAP_X86_USER_SPACE_MSR");
		vm.enable(KVM_CAP_X86_USER_SPACE_MSR,
			  KVM_MSR_EXIT_REASON_INVAL | KVM_MSR_EXIT_REASON_UNKNOWN);
		if (free)
			vm.enable(KVM_CAP_X86_DISABLE_EXITS, KVM_X86_DISABLE_EXITS_CSTATE);
		const Vcpu vcpu(vm);
		start_read(vm, vcpu, core_c6_residency);
		vcpu.run_to(free ? KVM_EXIT_HLT : KVM_EXIT_X86_RDMSR);
		if (!free)
			vcpu.complete_exit();
	}
}

// IA32_DEBUGCTL: LBR and BTF may be written and do nothing; what does not exist may not.
TEST(debugctl_drops_what_is_not_virtualised)
{
	constexpr std::uint32_t msr_debugctl = 0x1d9;
	const Vm vm;
	const Vcpu vcpu(vm);
	vcpu.set_msr(msr_debugctl, 3);
	check_equal(vcpu.msr(msr_debugctl), 0u, "IA32_DEBUGCTL");
	check(!vcpu.try_set_msr(msr_debugctl, 1 << 6), "TR is refused");
}

TEST(launch_key_hash_is_kept_for_userspace)
{
	constexpr std::uint32_t first = 0x8c;
	const Vm vm;
	const Vcpu vcpu(vm);
	for (std::uint32_t index = first; index < first + 4; index++) {
		check(vcpu.msr(index) != 0, msr_name(index) + " has a default");
		vcpu.set_msr(index, index);
	}
	for (std::uint32_t index = first; index < first + 4; index++)
		check_equal(vcpu.msr(index), index, msr_name(index));
}

TEST(microcode_revision)
{
	const Vm vm;
	const Vcpu vcpu(vm);
	check_equal(vcpu.msr(0x8b), 1ul << 32, "IA32_BIOS_SIGN_ID");
}
