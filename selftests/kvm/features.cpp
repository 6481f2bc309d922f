// SPDX-License-Identifier: GPL-2.0-only
//
// Instructions that come and go with the guest's CPUID, and what a machine's capabilities switch.
#include "harness/guest.hpp"
#include "harness/thread.hpp"

using namespace kvm;
using tap::check;
using tap::check_equal;

namespace {

enum class Register { ebx, ecx, edx };

struct Feature {
	std::uint32_t function, index;
	Register where;
	unsigned bit;
};
constexpr Feature rdtscp{0x80000001, 0, Register::edx, 27}, rdpid{7, 0, Register::ecx, 22},
	invpcid{7, 0, Register::ebx, 10}, rdrand{1, 0, Register::ecx, 30},
	rdseed{7, 0, Register::ebx, 18}, umip{7, 0, Register::ecx, 2},
	waitpkg{7, 0, Register::ecx, 5}, sgx{7, 0, Register::ebx, 2};

std::uint32_t &word(Cpuid &table, const Feature &feature)
{
	auto *entry = table.find(feature.function, feature.index);
	if (!entry)
		tap::skip("the CPU has no leaf " + tap::hex(feature.function));
	switch (feature.where) {
	case Register::ebx:
		return entry->ebx;
	case Register::ecx:
		return entry->ecx;
	case Register::edx:
		return entry->edx;
	}
	__builtin_unreachable();
}

bool supported(const Feature &feature)
{
	Cpuid table = Cpuid::supported();
	return word(table, feature) >> feature.bit & 1;
}

Cpuid without(std::initializer_list<Feature> features)
{
	Cpuid table = Cpuid::supported();
	for (const Feature &feature : features)
		word(table, feature) &= ~(1u << feature.bit);
	return table;
}

void need(const Feature &feature, const char *name)
{
	if (!supported(feature))
		tap::skip(std::string("no ") + name);
}

GUEST_CODE(halts_for_ever, 64, R"(
	movb $1, data_address
1:	sti
	hlt
	jmp 1b
)");
GUEST_CODE(reports, 16, "out %al, $report_port\n rsm");

constexpr unsigned ud = 6, gp = 13, pf = 14;
constexpr std::uint32_t msr_tsc_aux = 0xc0000103, msr_umwait_control = 0xe1, msr_sgx_hash = 0x8c;
constexpr std::uint64_t cr4_umip = 1 << 11;

GUEST_CODE(run_rdtscp, 64, R"(
	rdtscp
	mov %ecx, %eax
	out %eax, $report_port
)");

GUEST_CODE(run_rdrand, 64, R"(
	mov $10, %ecx
0:	rdrand %eax
	jc 1f
	dec %ecx
	jnz 0b
	ud2
1:	out %eax, $report_port
)");

GUEST_CODE(run_rdseed, 64, R"(
	mov $10000, %ecx
0:	rdseed %eax
	jc 1f
	dec %ecx
	jnz 0b
	ud2
1:	out %eax, $report_port
)");

// rcx is the type, rdi the address of the descriptor, with an index that counts for nothing.
GUEST_CODE(run_invpcid, 64, R"(
	xor %r9d, %r9d
	invpcid 16(%rdi,%r9,8), %rcx
	mov $1, %eax
	out %eax, $report_port
)");

GUEST_CODE(store_tables, 64, R"(
	sgdt data_address
	sidt data_address + 0x10
	sldt data_address + 0x20
	str data_address + 0x30
	sldt %ebx
	str %ecx
	mov %cr4, %rdx
	hlt
)");

GUEST_CODE(load_tables, 64, R"(
	sgdt data_address
	sidt data_address + 0x10
	lgdt data_address
	lidt data_address + 0x10
	xor %eax, %eax
	lldt %ax
	mov $selector_tss, %ecx
	btrl $9, 0x1000 + selector_tss + 4	# no longer busy
	ltr %cx
	str %ebx
	hlt
)");

// In user mode; ecx says which.
GUEST_CODE(store_tables_as_user, 64, R"(
	pushq $selector_user_data
	pushq $0xe800
	pushq $2
	pushq $selector_user_code64
	pushq $0f - store_tables_as_user_begin + code_address
	iretq
0:	mov $data_address, %edi
	cmp $1, %ecx
	je 1f
	cmp $2, %ecx
	je 2f
	cmp $3, %ecx
	je 3f
	sgdt (%rdi)
	jmp 4f
1:	sidt (%rdi)
	jmp 4f
2:	sldt (%rdi)
	jmp 4f
3:	str (%rdi)
4:	int $0x80
store_tables_done:
	hlt
)");
GUEST_LABEL(store_tables_done);

GUEST_CODE(set_cr4_umip, 64, R"(
	mov %cr4, %rax
	or $1 << 11, %eax
	mov %rax, %cr4
	hlt
)");

// MOV to CR0 exits for CD.
GUEST_CODE(turn_caches_off_and_on, 64, R"(
	mov %cr0, %rax
	mov %rax, %rbx
	or $1 << 30, %eax
	mov %rax, %cr0
	wbinvd
	mov %rbx, %cr0
	mov %cr4, %rdx
	hlt
)");

GUEST_CODE(run_encls, 64, R"(
	xor %eax, %eax
	encls
	hlt
)");

GUEST_CODE(run_tpause, 64, R"(
	xor %eax, %eax
	xor %edx, %edx
	xor %ecx, %ecx
	.byte 0x66, 0x0f, 0xae, 0xf1	# tpause %ecx
	hlt
)");

void expect_ud(const Vm &vm, const Vcpu &vcpu, const Code &code,
	       tap::Where where = tap::Where::current())
{
	start(vm, vcpu, code);
	check_equal(run_to_exception(vm, vcpu, where).vector, ud, "exception", where);
}

// Without these in CPUID the instruction does not exist, whatever the CPU has.
void expect_hidden(const Code &code, std::initializer_list<Feature> features,
		   tap::Where where = tap::Where::current())
{
	const Vm vm;
	const Vcpu vcpu(vm, 0, Vcpu::WithCpuid::none);
	vcpu.set_cpuid(without(features));
	expect_ud(vm, vcpu, code, where);
}

void expect_shown(const Code &code, tap::Where where = tap::Where::current())
{
	const Vm vm;
	const Vcpu vcpu(vm);
	start(vm, vcpu, code);
	run_to_report(vcpu, where);
}

struct InvpcidDescriptor {
	std::uint64_t pcid, address;
};

// Fills the descriptor 16 bytes into the data page and runs INVPCID.
void start_invpcid(const Vm &vm, const Vcpu &vcpu, std::uint64_t type,
		   const InvpcidDescriptor &descriptor)
{
	start(vm, vcpu, run_invpcid);
	vm.at<std::uint64_t>(data_address + 16) = descriptor.pcid;
	vm.at<std::uint64_t>(data_address + 24) = descriptor.address;
	kvm_regs regs = vcpu.regs();
	regs.rcx = type;
	regs.rdi = data_address;
	vcpu.set(regs);
}

void set_umip(const Vcpu &vcpu)
{
	kvm_sregs sregs = vcpu.sregs();
	sregs.cr4 |= cr4_umip;
	vcpu.set(sregs);
}

} // namespace

TEST(rdtscp_reads_tsc_aux)
{
	need(rdtscp, "RDTSCP");
	const Vm vm;
	const Vcpu vcpu(vm);
	start(vm, vcpu, run_rdtscp);
	vcpu.set_msr(msr_tsc_aux, 0x1234);
	check_equal(run_to_report(vcpu), 0x1234u, "TSC_AUX");
}

TEST(rdtscp_hidden)
{
	expect_hidden(run_rdtscp, {rdtscp, rdpid});
}

TEST(rdrand_hidden)
{
	need(rdrand, "RDRAND");
	expect_hidden(run_rdrand, {rdrand});
}

TEST(rdrand_shown)
{
	need(rdrand, "RDRAND");
	expect_shown(run_rdrand);
}

TEST(rdseed_hidden)
{
	need(rdseed, "RDSEED");
	expect_hidden(run_rdseed, {rdseed});
}

TEST(rdseed_shown)
{
	need(rdseed, "RDSEED");
	expect_shown(run_rdseed);
}

TEST(invpcid_hidden)
{
	expect_hidden(run_invpcid, {invpcid});
}

TEST(invpcid_judges_its_operands)
{
	need(invpcid, "INVPCID");
	const Vm vm;
	const Vcpu vcpu(vm);
	for (const std::uint64_t type : {0, 1, 2, 3}) {
		start_invpcid(vm, vcpu, type, {0, 0x1000});
		check_equal(run_to_report(vcpu), 1u, "report after type " + std::to_string(type));
	}
	// No such type; a PCID though CR4.PCIDE is clear; reserved bits; no canonical address.
	const struct {
		std::uint64_t type;
		InvpcidDescriptor descriptor;
	} bad[] = {{4, {0, 0}}, {1, {5, 0}}, {0, {1 << 12, 0}}, {0, {0, 1ul << 47}}};
	for (const auto &[type, descriptor] : bad) {
		start_invpcid(vm, vcpu, type, descriptor);
		check_equal(run_to_exception(vm, vcpu).vector, gp,
			    "exception of type " + std::to_string(type));
	}
}

TEST(invpcid_looks_for_its_descriptor)
{
	need(invpcid, "INVPCID");
	const Vm vm;
	const Vcpu vcpu(vm);
	start_invpcid(vm, vcpu, 2, {});
	kvm_regs regs = vcpu.regs();
	regs.rdi = 1ul << 40; // beyond what is mapped
	vcpu.set(regs);
	check_equal(run_to_exception(vm, vcpu).vector, pf, "exception without a page");
	check_equal(vcpu.sregs().cr2, (1ul << 40) + 16, "CR2");

	start_invpcid(vm, vcpu, 2, {});
	regs.rdi = 1ul << 62;
	vcpu.set(regs);
	check_equal(run_to_exception(vm, vcpu).vector, gp, "exception without a canonical address");
}

TEST(umip_keeps_user_mode_from_the_tables)
{
	need(umip, "UMIP, nor its emulation");
	const Vm vm;
	const Vcpu vcpu(vm);
	for (unsigned which = 0; which < 4; which++) {
		for (const bool on : {false, true}) {
			start(vm, vcpu, store_tables_as_user);
			set_gate(vm, 64, 0x80, store_tables_as_user.at(store_tables_done), 3);
			kvm_regs regs = vcpu.regs();
			regs.rcx = which;
			vcpu.set(regs);
			if (on) {
				set_umip(vcpu);
				const auto exception = run_to_exception(vm, vcpu);
				check_equal(exception.vector, gp, "exception with CR4.UMIP");
				check_equal(exception.error_code, 0u, "error code");
			} else {
				vcpu.run_to(KVM_EXIT_HLT);
			}
		}
	}
}

TEST(umip_leaves_the_kernel_alone)
{
	need(umip, "UMIP, nor its emulation");
	const Vm vm;
	const Vcpu vcpu(vm);
	start(vm, vcpu, store_tables);
	set_umip(vcpu);
	vcpu.run_to(KVM_EXIT_HLT);
	check_equal(vm.at<std::uint64_t>(data_address + 2), std::uint64_t{gdt_address},
		    "base by SGDT");
	check_equal(vm.at<std::uint64_t>(data_address + 0x12), std::uint64_t{idt_address},
		    "base by SIDT");
	check_equal(vm.at<std::uint16_t>(data_address), vcpu.sregs().gdt.limit, "limit by SGDT");
	check_equal(vm.at<std::uint16_t>(data_address + 0x20), 0u, "selector by SLDT");
	check_equal(vm.at<std::uint16_t>(data_address + 0x30), selector_tss, "selector by STR");
	check_equal(vcpu.regs().rbx & 0xffff, 0u, "register by SLDT");
	check_equal(vcpu.regs().rcx & 0xffff, std::uint64_t{selector_tss}, "register by STR");
	check(vcpu.regs().rdx & cr4_umip, "the guest reads CR4.UMIP set");
	check(vcpu.sregs().cr4 & cr4_umip, "userspace reads CR4.UMIP set");
}

TEST(umip_lets_tables_be_loaded)
{
	need(umip, "UMIP, nor its emulation");
	const Vm vm;
	const Vcpu vcpu(vm);
	start(vm, vcpu, load_tables);
	set_umip(vcpu);
	vcpu.run_to(KVM_EXIT_HLT);
	check_equal(vcpu.regs().rbx & 0xffff, std::uint64_t{selector_tss}, "task register");
	check_equal(vcpu.sregs().gdt.base, std::uint64_t{gdt_address}, "base of the GDT");
	check_equal(vcpu.sregs().idt.base, std::uint64_t{idt_address}, "base of the IDT");
}

// What the CPU holds of CR4 may be made anew when CR0 changes.
TEST(umip_stays_when_cr0_changes)
{
	need(umip, "UMIP, nor its emulation");
	const Vm vm;
	const Vcpu vcpu(vm);
	start(vm, vcpu, turn_caches_off_and_on);
	set_umip(vcpu);
	vcpu.run_to(KVM_EXIT_HLT);
	check(vcpu.regs().rdx & cr4_umip, "the guest reads CR4.UMIP set");
}

TEST(umip_hidden)
{
	const Vm vm;
	const Vcpu vcpu(vm, 0, Vcpu::WithCpuid::none);
	vcpu.set_cpuid(without({umip}));
	start(vm, vcpu, set_cr4_umip);
	check_equal(run_to_exception(vm, vcpu).vector, gp, "exception for MOV to CR4");
}

TEST(waitpkg_hidden)
{
	expect_hidden(run_tpause, {waitpkg});
}

TEST(waitpkg_control)
{
	need(waitpkg, "WAITPKG");
	const Vm vm;
	const Vcpu vcpu(vm);
	check_equal(vcpu.msr(msr_umwait_control), 0u, "IA32_UMWAIT_CONTROL after reset");
	vcpu.set_msr(msr_umwait_control, 0xfffffffd);
	check_equal(vcpu.msr(msr_umwait_control), 0xfffffffdu, "IA32_UMWAIT_CONTROL");
	check(!vcpu.try_set_msr(msr_umwait_control, 2), "bit 1 is reserved");
	check(!vcpu.try_set_msr(msr_umwait_control, 1ul << 32), "the upper half is reserved");
}

TEST(sgx_hidden)
{
	expect_hidden(run_encls, {sgx});
}

TEST(nothing_is_shown_without_cpuid)
{
	const Vm vm;
	const Vcpu vcpu(vm, 0, Vcpu::WithCpuid::none);
	expect_ud(vm, vcpu, run_rdtscp);
	if (supported(rdrand))
		expect_ud(vm, vcpu, run_rdrand);
}

// What the CPU lacks cannot be asked for; what it has, before there is a vCPU.
TEST(bus_lock_exits)
{
	const Vm vm;
	const int modes = extension(vm.fd(), KVM_CAP_X86_BUS_LOCK_EXIT);
	kvm_enable_cap cap = {};
	cap.cap = KVM_CAP_X86_BUS_LOCK_EXIT;
	cap.args[0] = KVM_BUS_LOCK_DETECTION_OFF | KVM_BUS_LOCK_DETECTION_EXIT;
	check_equal(ioctl(vm.fd().get(), KVM_ENABLE_CAP, &cap), -1, "both modes at once");
	if (!modes)
		tap::skip("no bus-lock exits");
	check_equal(modes, KVM_BUS_LOCK_DETECTION_OFF | KVM_BUS_LOCK_DETECTION_EXIT, "modes");
	vm.enable(KVM_CAP_X86_BUS_LOCK_EXIT, KVM_BUS_LOCK_DETECTION_EXIT);
}

TEST(notify_exits)
{
	const Vm vm;
	kvm_enable_cap cap = {};
	cap.cap = KVM_CAP_X86_NOTIFY_VMEXIT;
	cap.args[0] = 128000ul << 32 | KVM_X86_NOTIFY_VMEXIT_ENABLED | KVM_X86_NOTIFY_VMEXIT_USER;
	const bool there = extension(vm.fd(), KVM_CAP_X86_NOTIFY_VMEXIT) == 1;
	check_equal(ioctl(vm.fd().get(), KVM_ENABLE_CAP, &cap), there ? 0 : -1,
		    "KVM_ENABLE_CAP, as the capability says");
}

// A guest that may halt without an exit halts on the CPU, and an SMI ends that as any HLT.
// Bochs 2.7 has the guest awake at the exit before, so that this can fail on a CPU only.
TEST(smi_ends_hlt_without_exits)
{
	const Vm vm;
	vm.need(KVM_CAP_X86_DISABLE_EXITS, "KVM_CAP_X86_DISABLE_EXITS");
	vm.enable(KVM_CAP_X86_DISABLE_EXITS, KVM_X86_DISABLE_EXITS_HLT);
	const Vcpu vcpu(vm);
	start(vm, vcpu, halts_for_ever);
	use_smm(vm, vcpu, reports);
	{
		const Running running(vcpu);
		// The next instruction is HLT, and it has a CPU to itself until its time is up.
		wait_until([&] { return vm.at<std::uint8_t>(data_address) != 0; },
			   "the guest halts");
	}
	KVM_CALL(vcpu.fd(), KVM_SMI);
	vcpu.run_to(KVM_EXIT_IO);
	check_equal(vcpu.state().io.port, report_port, "port of the handler");
}
