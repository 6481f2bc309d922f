// SPDX-License-Identifier: GPL-2.0-only
//
// Exits that reach userspace: what kvm_run says, and that the guest goes on with what it was
// answered.
#include "harness/guest.hpp"

#include <csignal>
#include <thread>

using namespace kvm;
using tap::check;
using tap::check_equal;

namespace {

constexpr std::uint16_t port = 0x2f0;
constexpr std::uint32_t unknown_msr = 0x12345;

GUEST_CODE(port_out, 64, R"(
	mov $0x11223344, %eax
	mov $0x2f0, %edx
	out %al, %dx
	out %ax, %dx
	out %eax, %dx
	hlt
)");

GUEST_CODE(port_in, 64, R"(
	mov $0x2f0, %edx
	mov $-1, %rax
	in %dx, %al
	mov %rax, %rbx
	mov $-1, %rax
	in %dx, %ax
	mov %rax, %rcx
	mov $-1, %rax
	in %dx, %eax
	hlt
)");

GUEST_CODE(string_out, 64, R"(
	mov $0x2f0, %edx
	mov $data_address, %esi
	mov $5, %ecx
	cld
	rep outsw
	hlt
)");

GUEST_CODE(string_in, 64, R"(
	mov $0x2f0, %edx
	mov $data_address, %edi
	mov $3, %ecx
	cld
	rep insl
	hlt
)");

GUEST_CODE(string_out_real, 16, R"(
	mov $data_segment, %ax
	mov %ax, %ds
	mov $0x2f0, %dx
	xor %si, %si
	mov $4, %cx
	cld
	rep outsb
	hlt
)");

GUEST_CODE(mmio_write, 64, R"(
	mov $mmio_address, %ebx
	movabs $0x1122334455667788, %rax
	mov %al, 1(%rbx)
	mov %ax, 2(%rbx)
	mov %eax, 4(%rbx)
	mov %rax, 8(%rbx)
	movl $0x5a5a5a5a, 16(%rbx)
	hlt
)");

GUEST_CODE(mmio_read, 64, R"(
	mov $mmio_address, %ebx
	movzbl (%rbx), %ecx
	movswl 2(%rbx), %edx
	mov 8(%rbx), %rax
	add 16(%rbx), %rax
	hlt
)");

// Across a page's end: memory first, then nothing.
GUEST_CODE(mmio_split, 64, R"(
	mov $0x1ffffe, %ebx
	movabs $0x8877665544332211, %rax
	mov %rax, (%rbx)
	hlt
)");

// Triple fault: an exception while there is no IDT.
GUEST_CODE(triple_fault, 64, R"(
	lidt 0f(%rip)
	ud2
	hlt
0:	.word 0
	.quad 0
)");

GUEST_CODE(cpuid_leaf, 64, R"(
	mov $0x40001234, %eax
	xor %ecx, %ecx
	cpuid
	hlt
)");

GUEST_CODE(rdmsr_unknown, 64, R"(
	mov $0x12345, %ecx
	rdmsr
	hlt
)");

GUEST_CODE(wrmsr_unknown, 64, R"(
	mov $0x12345, %ecx
	mov $0x89abcdef, %eax
	mov $0x01234567, %edx
	wrmsr
	hlt
)");

// KVM_HC_MAP_GPA_RANGE(gpa, pages, attributes)
GUEST_CODE(hypercall_map_gpa_range, 64, R"(
	mov $12, %eax
	mov $0x100000, %ebx
	mov $1, %ecx
	mov $0x10, %edx
	vmcall
	hlt
)");

GUEST_CODE(hypercall_unknown, 64, R"(
	mov $0x7777, %eax
	vmcall
	hlt
)");

GUEST_CODE(spin, 64, R"(
0:	incq data_address
	jmp 0b
)");

GUEST_CODE(halt, 64, R"(
	hlt
	mov $9, %ebx
	hlt
)");

GUEST_CODE(pio_burst, 64, R"(
	mov $1000, %ecx
0:	mov %ecx, %eax
	out %eax, $report_port
	in $report_port, %eax
	add %eax, %ebx
	dec %ecx
	jnz 0b
	hlt
)");

void expect_io(const Vcpu &vcpu, unsigned direction, unsigned size, unsigned count,
	       tap::Where where = tap::Where::current())
{
	vcpu.run_to(KVM_EXIT_IO, where);
	const auto &io = vcpu.state().io;
	check_equal(io.direction, direction, "io.direction", where);
	check_equal(io.port, port, "io.port", where);
	check_equal(io.size, size, "io.size", where);
	check_equal(io.count, count, "io.count", where);
}

template <typename T> T &io_data(const Vcpu &vcpu, unsigned i = 0)
{
	auto *shared = const_cast<std::byte *>(vcpu.shared(vcpu.state().io.data_offset));
	return reinterpret_cast<T *>(shared)[i];
}

void expect_mmio(const Vcpu &vcpu, std::uint64_t address, unsigned size, bool write,
		 tap::Where where = tap::Where::current())
{
	vcpu.run_to(KVM_EXIT_MMIO, where);
	const auto &mmio = vcpu.state().mmio;
	check_equal(mmio.phys_addr, address, "mmio.phys_addr", where);
	check_equal(mmio.len, size, "mmio.len", where);
	check_equal(mmio.is_write, write ? 1 : 0, "mmio.is_write", where);
}

std::uint64_t mmio_value(const Vcpu &vcpu)
{
	std::uint64_t value = 0;
	memcpy(&value, vcpu.state().mmio.data, vcpu.state().mmio.len);
	return value;
}

void answer_mmio(const Vcpu &vcpu, std::uint64_t value)
{
	memcpy(vcpu.state().mmio.data, &value, vcpu.state().mmio.len);
}

} // namespace

TEST(port_write)
{
	const Vm vm;
	const Vcpu vcpu(vm);
	start(vm, vcpu, port_out);
	expect_io(vcpu, KVM_EXIT_IO_OUT, 1, 1);
	check_equal(io_data<std::uint8_t>(vcpu), 0x44, "the byte");
	expect_io(vcpu, KVM_EXIT_IO_OUT, 2, 1);
	check_equal(io_data<std::uint16_t>(vcpu), 0x3344, "the word");
	expect_io(vcpu, KVM_EXIT_IO_OUT, 4, 1);
	check_equal(io_data<std::uint32_t>(vcpu), 0x11223344u, "the doubleword");
	vcpu.run_to(KVM_EXIT_HLT);
}

TEST(port_read)
{
	const Vm vm;
	const Vcpu vcpu(vm);
	start(vm, vcpu, port_in);
	expect_io(vcpu, KVM_EXIT_IO_IN, 1, 1);
	io_data<std::uint8_t>(vcpu) = 0x12;
	expect_io(vcpu, KVM_EXIT_IO_IN, 2, 1);
	io_data<std::uint16_t>(vcpu) = 0x3456;
	expect_io(vcpu, KVM_EXIT_IO_IN, 4, 1);
	io_data<std::uint32_t>(vcpu) = 0x789abcde;
	vcpu.run_to(KVM_EXIT_HLT);
	check_equal(vcpu.regs().rbx, 0xffffffffffffff12u, "rax after a byte: the rest is kept");
	check_equal(vcpu.regs().rcx, 0xffffffffffff3456u, "rax after a word: the rest is kept");
	check_equal(vcpu.regs().rax, 0x789abcdeu, "rax after a doubleword: the rest is 0");
}

TEST(port_write_string)
{
	const Vm vm;
	const Vcpu vcpu(vm);
	for (unsigned i = 0; i < 5; i++)
		vm.at<std::uint16_t>(data_address + i * 2) = 0x1100 + i;
	start(vm, vcpu, string_out);
	for (unsigned sent = 0; sent < 5;) {
		vcpu.run_to(KVM_EXIT_IO);
		const auto &io = vcpu.state().io;
		check_equal(io.size, 2, "io.size");
		for (unsigned i = 0; i < io.count; i++)
			check_equal(io_data<std::uint16_t>(vcpu, i), 0x1100 + sent++, "the word");
	}
	vcpu.run_to(KVM_EXIT_HLT);
	check_equal(vcpu.regs().rcx, 0u, "rcx");
	check_equal(vcpu.regs().rsi, data_address + 10, "rsi");
}

TEST(port_read_string)
{
	const Vm vm;
	const Vcpu vcpu(vm);
	start(vm, vcpu, string_in);
	for (unsigned received = 0; received < 3;) {
		vcpu.run_to(KVM_EXIT_IO);
		const auto &io = vcpu.state().io;
		check_equal(io.direction, KVM_EXIT_IO_IN, "io.direction");
		check_equal(io.size, 4, "io.size");
		for (unsigned i = 0; i < io.count; i++)
			io_data<std::uint32_t>(vcpu, i) = 0xabc00000 + received++;
	}
	vcpu.run_to(KVM_EXIT_HLT);
	for (unsigned i = 0; i < 3; i++)
		check_equal(vm.at<std::uint32_t>(data_address + i * 4), 0xabc00000 + i, "memory");
	check_equal(vcpu.regs().rdi, data_address + 12, "rdi");
}

TEST(port_write_string_in_real_mode)
{
	const Vm vm;
	const Vcpu vcpu(vm);
	memcpy(vm.memory(data_address), "kvmx", 4);
	start(vm, vcpu, string_out_real);
	std::string text;
	while (text.size() < 4) {
		vcpu.run_to(KVM_EXIT_IO);
		for (unsigned i = 0; i < vcpu.state().io.count; i++)
			text += io_data<char>(vcpu, i);
	}
	check_equal(text, "kvmx", "the bytes");
	vcpu.run_to(KVM_EXIT_HLT);
}

TEST(memory_mapped_write)
{
	const Vm vm;
	const Vcpu vcpu(vm);
	start(vm, vcpu, mmio_write);
	expect_mmio(vcpu, mmio_address + 1, 1, true);
	check_equal(mmio_value(vcpu), 0x88u, "the byte");
	expect_mmio(vcpu, mmio_address + 2, 2, true);
	check_equal(mmio_value(vcpu), 0x7788u, "the word");
	expect_mmio(vcpu, mmio_address + 4, 4, true);
	check_equal(mmio_value(vcpu), 0x55667788u, "the doubleword");
	expect_mmio(vcpu, mmio_address + 8, 8, true);
	check_equal(mmio_value(vcpu), 0x1122334455667788u, "the quadword");
	expect_mmio(vcpu, mmio_address + 16, 4, true);
	check_equal(mmio_value(vcpu), 0x5a5a5a5au, "the immediate");
	vcpu.run_to(KVM_EXIT_HLT);
}

TEST(memory_mapped_read)
{
	const Vm vm;
	const Vcpu vcpu(vm);
	start(vm, vcpu, mmio_read);
	expect_mmio(vcpu, mmio_address, 1, false);
	answer_mmio(vcpu, 0xf1);
	expect_mmio(vcpu, mmio_address + 2, 2, false);
	answer_mmio(vcpu, 0x8001);
	expect_mmio(vcpu, mmio_address + 8, 8, false);
	answer_mmio(vcpu, 0x1000000020000000);
	expect_mmio(vcpu, mmio_address + 16, 8, false);
	answer_mmio(vcpu, 0x0000000100000002);
	vcpu.run_to(KVM_EXIT_HLT);
	check_equal(vcpu.regs().rcx, 0xf1u, "movzbl");
	check_equal(vcpu.regs().rdx, 0xffff8001u, "movswl");
	check_equal(vcpu.regs().rax, 0x1000000120000002u, "mov, then add from memory");
}

TEST(memory_mapped_write_across_the_end_of_memory)
{
	const Vm vm;
	const Vcpu vcpu(vm);
	start(vm, vcpu, mmio_split);
	expect_mmio(vcpu, default_memory, 6, true);
	check_equal(mmio_value(vcpu), 0x887766554433u, "the bytes beyond memory");
	vcpu.run_to(KVM_EXIT_HLT);
	check_equal(vm.at<std::uint16_t>(default_memory - 2), 0x2211, "the bytes in memory");
}

TEST(write_to_read_only_slot)
{
	const Vm vm;
	const Vcpu vcpu(vm);
	const Mapping rom(page_size);
	vm.need(KVM_CAP_READONLY_MEM, "KVM_CAP_READONLY_MEM");
	vm.set_slot(1, mmio_address, page_size, rom.data(), KVM_MEM_READONLY);
	*reinterpret_cast<std::uint64_t *>(rom.data() + 8) = 0x40;
	*reinterpret_cast<std::uint64_t *>(rom.data() + 16) = 2;

	start(vm, vcpu, mmio_read);
	vcpu.run_to(KVM_EXIT_HLT);
	check_equal(vcpu.regs().rax, 0x42u, "what was read, without an exit");

	enter(vcpu, mmio_write);
	load(vm, mmio_write);
	expect_mmio(vcpu, mmio_address + 1, 1, true);
	check_equal(static_cast<int>(rom.data()[1]), 0, "the read-only byte");
}

TEST(halt_exit)
{
	const Vm vm;
	const Vcpu vcpu(vm);
	start(vm, vcpu, halt);
	vcpu.run_to(KVM_EXIT_HLT);
	check_equal(vcpu.regs().rip, code_address + 1, "rip, after the instruction");
	vcpu.run_to(KVM_EXIT_HLT);
	check_equal(vcpu.regs().rbx, 9u, "ebx");
}

TEST(shutdown_by_triple_fault)
{
	const Vm vm;
	const Vcpu vcpu(vm);
	start(vm, vcpu, triple_fault);
	vcpu.run_to(KVM_EXIT_SHUTDOWN);
}

TEST(cpuid_answers_from_the_table)
{
	const Vm vm;
	const Vcpu vcpu(vm, 0, Vcpu::WithCpuid::none);
	Cpuid table = Cpuid::supported();
	kvm_cpuid_entry2 &entry = table.get()->entries[table.get()->nent++];
	entry = {};
	entry.function = 0x40001234;
	entry.eax = 0xaaaa0001;
	entry.ebx = 0xbbbb0002;
	entry.ecx = 0xcccc0003;
	entry.edx = 0xdddd0004;
	vcpu.set_cpuid(table);
	start(vm, vcpu, cpuid_leaf);
	vcpu.run_to(KVM_EXIT_HLT);
	check_equal(vcpu.regs().rax, 0xaaaa0001u, "eax");
	check_equal(vcpu.regs().rbx, 0xbbbb0002u, "ebx");
	check_equal(vcpu.regs().rcx, 0xcccc0003u, "ecx");
	check_equal(vcpu.regs().rdx, 0xdddd0004u, "edx");
}

TEST(unknown_msr_raises_gp)
{
	const Vm vm;
	const Vcpu vcpu(vm);
	for (const Code &code : {rdmsr_unknown, wrmsr_unknown}) {
		start(vm, vcpu, code);
		const ExceptionRecord exception = run_to_exception(vm, vcpu);
		check_equal(exception.vector, 13u, "vector");
		check_equal(exception.error_code, 0u, "error code");
	}
}

TEST(unknown_msr_read_by_userspace)
{
	const Vm vm;
	vm.need(KVM_CAP_X86_USER_SPACE_MSR, "KVM_CAP_X86_USER_SPACE_MSR");
	vm.enable(KVM_CAP_X86_USER_SPACE_MSR, KVM_MSR_EXIT_REASON_UNKNOWN);
	const Vcpu vcpu(vm);
	start(vm, vcpu, rdmsr_unknown);
	vcpu.run_to(KVM_EXIT_X86_RDMSR);
	check_equal(vcpu.state().msr.index, unknown_msr, "msr.index");
	check_equal(vcpu.state().msr.reason, KVM_MSR_EXIT_REASON_UNKNOWN, "msr.reason");
	vcpu.state().msr.data = 0x1111222233334444;
	vcpu.state().msr.error = 0;
	vcpu.run_to(KVM_EXIT_HLT);
	check_equal(vcpu.regs().rax, 0x33334444u, "eax");
	check_equal(vcpu.regs().rdx, 0x11112222u, "edx");
}

TEST(unknown_msr_written_by_userspace)
{
	const Vm vm;
	vm.need(KVM_CAP_X86_USER_SPACE_MSR, "KVM_CAP_X86_USER_SPACE_MSR");
	vm.enable(KVM_CAP_X86_USER_SPACE_MSR, KVM_MSR_EXIT_REASON_UNKNOWN);
	const Vcpu vcpu(vm);
	start(vm, vcpu, wrmsr_unknown);
	vcpu.run_to(KVM_EXIT_X86_WRMSR);
	check_equal(vcpu.state().msr.index, unknown_msr, "msr.index");
	check_equal(vcpu.state().msr.data, 0x0123456789abcdefu, "msr.data");
	vcpu.state().msr.error = 1;
	check_equal(run_to_exception(vm, vcpu).vector, 13u, "vector after userspace's error");
}

// A filter takes an MSR that the guest may otherwise write without an exit.
TEST(filtered_msr)
{
	constexpr std::uint32_t msr_kernel_gs_base = 0xc0000102;
	const Vm vm;
	vm.need(KVM_CAP_X86_MSR_FILTER, "KVM_CAP_X86_MSR_FILTER");
	vm.enable(KVM_CAP_X86_USER_SPACE_MSR, KVM_MSR_EXIT_REASON_FILTER);
	const Vcpu vcpu(vm);

	std::uint8_t allow_none = 0;
	kvm_msr_filter filter = {};
	filter.flags = KVM_MSR_FILTER_DEFAULT_ALLOW;
	filter.ranges[0].flags = KVM_MSR_FILTER_READ | KVM_MSR_FILTER_WRITE;
	filter.ranges[0].base = msr_kernel_gs_base;
	filter.ranges[0].nmsrs = 1;
	filter.ranges[0].bitmap = &allow_none;
	KVM_CALL(vm.fd(), KVM_X86_SET_MSR_FILTER, &filter);

	start(vm, vcpu, rdmsr_unknown);
	const std::uint32_t instruction_immediate = code_address + 1;
	vm.at<std::uint32_t>(instruction_immediate) = msr_kernel_gs_base;
	vcpu.run_to(KVM_EXIT_X86_RDMSR);
	check_equal(vcpu.state().msr.reason, KVM_MSR_EXIT_REASON_FILTER, "msr.reason");
	vcpu.state().msr.data = 0x77;
	vcpu.run_to(KVM_EXIT_HLT);
	check_equal(vcpu.regs().rax, 0x77u, "eax");

	filter.ranges[0] = {};
	KVM_CALL(vm.fd(), KVM_X86_SET_MSR_FILTER, &filter);
	enter(vcpu, rdmsr_unknown);
	vcpu.run_to(KVM_EXIT_HLT);
	check_equal(vcpu.regs().rax, vcpu.msr(msr_kernel_gs_base), "eax, without the filter");
}

TEST(hypercall_to_userspace)
{
	constexpr std::uint64_t map_gpa_range = 1 << 12;
	const Vm vm;
	if (!(extension(vm.fd(), KVM_CAP_EXIT_HYPERCALL) & map_gpa_range))
		tap::skip("KVM_CAP_EXIT_HYPERCALL does not offer KVM_HC_MAP_GPA_RANGE");
	vm.enable(KVM_CAP_EXIT_HYPERCALL, map_gpa_range);
	const Vcpu vcpu(vm);
	start(vm, vcpu, hypercall_map_gpa_range);
	vcpu.run_to(KVM_EXIT_HYPERCALL);
	check_equal(vcpu.state().hypercall.nr, 12u, "hypercall.nr");
	check_equal(vcpu.state().hypercall.args[0], 0x100000u, "hypercall.args[0]");
	check_equal(vcpu.state().hypercall.args[1], 1u, "hypercall.args[1]");
	vcpu.state().hypercall.ret = 0x55;
	vcpu.run_to(KVM_EXIT_HLT);
	check_equal(vcpu.regs().rax, 0x55u, "rax");
}

TEST(unknown_hypercall)
{
	constexpr std::uint64_t kvm_enosys = -1000;
	const Vm vm;
	const Vcpu vcpu(vm);
	start(vm, vcpu, hypercall_unknown);
	vcpu.run_to(KVM_EXIT_HLT);
	check_equal(vcpu.regs().rax, kvm_enosys, "rax");
}

TEST(immediate_exit)
{
	const Vm vm;
	const Vcpu vcpu(vm);
	start(vm, vcpu, halt);
	vcpu.complete_exit();
	check_equal(vcpu.regs().rip, code_address, "rip: nothing ran");
	vcpu.run_to(KVM_EXIT_HLT);
}

// What was answered is there after KVM_RUN with immediate_exit, so that state can be saved.
TEST(immediate_exit_completes_io)
{
	const Vm vm;
	const Vcpu vcpu(vm);
	start(vm, vcpu, port_in);
	expect_io(vcpu, KVM_EXIT_IO_IN, 1, 1);
	io_data<std::uint8_t>(vcpu) = 0x42;
	vcpu.complete_exit();
	check_equal(vcpu.regs().rax & 0xff, 0x42u, "al");
}

TEST(exit_by_signal)
{
	const Vm vm;
	const Vcpu vcpu(vm);
	start(vm, vcpu, spin);

	struct sigaction action = {};
	action.sa_handler = [](int) {};
	sigaction(SIGUSR1, &action, nullptr);
	const pthread_t runner = pthread_self();
	std::thread other([&vm, runner] {
		while (!vm.at<std::uint64_t>(data_address) && !tap::out_of_time())
			std::this_thread::yield();
		pthread_kill(runner, SIGUSR1);
	});

	check_equal(vcpu.try_run(), EINTR, "errno of KVM_RUN");
	other.join();
	check_equal(vcpu.state().exit_reason, KVM_EXIT_INTR, "exit_reason");
	check(vm.at<std::uint64_t>(data_address) > 0, "the guest ran");
}

TEST(many_port_exits)
{
	const Vm vm;
	const Vcpu vcpu(vm);
	start(vm, vcpu, pio_burst);
	for (std::uint32_t i = 1000; i > 0; i--) {
		check_equal(run_to_report(vcpu), i, "the value written");
		vcpu.run_to(KVM_EXIT_IO);
		io_data<std::uint32_t>(vcpu) = 2;
	}
	vcpu.run_to(KVM_EXIT_HLT);
	check_equal(vcpu.regs().rbx, 2000u, "the sum of what was read");
}

// Bits that no guest owns: CR0.AM, CR0.MP, CR4.MCE. CR8 exits where there is no APIC in the kernel.
GUEST_CODE(control_register_guest, 64,
	   "	mov %cr0, %rbx\n"
	   "	xor $1 << 18, %ebx\n"
	   "	mov %rbx, %cr0\n"
	   "	xor $2, %ebx\n"
	   "	lmsw %bx\n"
	   "	mov %cr4, %rcx\n"
	   "	xor $1 << 6, %ecx\n"
	   "	mov %rcx, %cr4\n"
	   "	mov $5, %edx\n"
	   "	mov %rdx, %cr8\n"
	   "	mov %cr8, %rax\n"
	   "	out %eax, $report_port\n");

TEST(control_register_accesses)
{
	const Vm vm;
	const Vcpu vcpu(vm);
	start(vm, vcpu, control_register_guest);
	const kvm_sregs before = vcpu.sregs();

	tap::check_equal(run_to_report(vcpu), 5u, "CR8");
	const kvm_sregs after = vcpu.sregs();
	tap::check_equal(after.cr0 ^ before.cr0, (1u << 18) | cr0_mp, "changed bits of CR0");
	tap::check_equal(after.cr4 ^ before.cr4, 1u << 6, "changed bits of CR4");
	tap::check_equal(after.cr8, 5u, "CR8 of the sregs");
}
