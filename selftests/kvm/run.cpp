// SPDX-License-Identifier: GPL-2.0-only
//
// Guests run in real, protected and 64-bit mode, share memory with their host and leave the values
// they should.
#include "harness/guest.hpp"

#include <thread>

using namespace kvm;
using tap::check;
using tap::check_equal;

namespace {

GUEST_CODE(add_real, 16, R"(
	mov $40, %eax
	mov $2, %ecx
	add %ecx, %eax
	push %eax
	pop %ebx
	hlt
)");

GUEST_CODE(segments_real, 16, R"(
	mov $data_segment, %ax
	mov %ax, %ds
	movl $0x12345678, 0x10
	mov %cs:0f - segments_real_begin, %ecx
	hlt
0:	.long 0xcafe0001
)");

// Through the IVT: the handler's cs:ip is put there by the guest itself.
GUEST_CODE(interrupt_real, 16, R"(
	movw $handler_real, 4 * 0x21
	movw %cs, 4 * 0x21 + 2
	int $0x21
	hlt
	.equ handler_real, code_address + . - interrupt_real_begin
	mov $0x21, %bx
	iret
)");

GUEST_CODE(add_protected, 32, R"(
	mov $40, %eax
	add $2, %eax
	push %eax
	pop %ebx
	movl $0x12345678, data_address
	hlt
)");

GUEST_CODE(add_long, 64, R"(
	movabs $0x123456789abcdef0, %rax
	add $15, %rax
	push %rax
	pop %r15
	mov %rax, data_address
	hlt
)");

GUEST_CODE(sse, 64, R"(
	mov $3, %eax
	cvtsi2sd %eax, %xmm0
	addsd %xmm0, %xmm0
	movapd %xmm0, %xmm7
	out %al, $report_port
	mulsd %xmm7, %xmm0
	cvtsd2si %xmm0, %eax
	fldpi
	fldpi
	fsubp
	fistpl data_address
	hlt
)");

GUEST_CODE(spin_until_told, 64, R"(
	movl $1, data_address
0:	pause
	cmpl $0, data_address + 4
	je 0b
	mov $77, %ebx
	hlt
)");

// One of two vCPUs that add to the same counter with and without a lock prefix.
GUEST_CODE(count, 64, R"(
	mov $20000, %ecx
0:	lock incl data_address
	loop 0b
	hlt
)");

GUEST_CODE(touch_all_memory, 64, R"(
	mov $0x200000, %edi
	mov %edi, %edx
0:	mov %edi, (%rdi)
	add $0x1000, %edi
	cmp %esi, %edi
	jb 0b
	mov %edx, %edi
	xor %eax, %eax
1:	cmp %edi, (%rdi)
	jne 2f
	inc %eax
	add $0x1000, %edi
	cmp %esi, %edi
	jb 1b
2:	hlt
)");

GUEST_CODE(time_stamps, 64, R"(
	rdtsc
	shl $32, %rdx
	lea (%rdx, %rax), %rbx
	mov $1000, %ecx		# with several CPUs, Bochs lets time stand still for some instructions
0:	loop 0b
	rdtsc
	shl $32, %rdx
	lea (%rdx, %rax), %rcx
	hlt
)");

GUEST_CODE(read_it, 64, R"(
	mov 0x30000000, %ebx
	hlt
	mov 0x30000000, %ebx
	hlt
)");

GUEST_CODE(halts, 64, R"(
0:	inc %ebx
	hlt
	jmp 0b
)");

void run_to_halt(const Vm &vm, const Vcpu &vcpu, const Code &code)
{
	start(vm, vcpu, code);
	vcpu.run_to(KVM_EXIT_HLT);
}

} // namespace

TEST(real_mode)
{
	const Vm vm;
	const Vcpu vcpu(vm);
	run_to_halt(vm, vcpu, add_real);
	check_equal(vcpu.regs().rax, 42u, "eax");
	check_equal(vcpu.regs().rbx, 42u, "ebx, pushed and popped");
	check_equal(vcpu.regs().rip, code_address + (add_real.end - add_real.begin), "ip");
}

TEST(real_mode_segments)
{
	const Vm vm;
	const Vcpu vcpu(vm);
	// cs has the base of the code here: the guest reads at an offset from its own start.
	load(vm, segments_real);
	enter(vcpu, segments_real);
	kvm_sregs sregs = vcpu.sregs();
	sregs.cs.base = code_address;
	sregs.cs.selector = code_address >> 4;
	vcpu.set(sregs);
	set_rip(vcpu, 0);
	vcpu.run_to(KVM_EXIT_HLT);
	check_equal(vm.at<std::uint32_t>(data_address + 0x10), 0x12345678u,
		    "what was stored at ds");
	check_equal(vcpu.sregs().ds.base, data_address, "ds base");
	check_equal(vcpu.sregs().ds.selector, data_segment, "ds");
}

TEST(real_mode_interrupt)
{
	const Vm vm;
	const Vcpu vcpu(vm);
	run_to_halt(vm, vcpu, interrupt_real);
	check_equal(vcpu.regs().rbx & 0xffff, 0x21u, "bx, set by the handler");
}

TEST(protected_mode)
{
	const Vm vm;
	const Vcpu vcpu(vm);
	run_to_halt(vm, vcpu, add_protected);
	check_equal(vcpu.regs().rbx, 42u, "ebx");
	check_equal(vm.at<std::uint32_t>(data_address), 0x12345678u, "the stored word");
}

TEST(long_mode)
{
	const Vm vm;
	const Vcpu vcpu(vm);
	run_to_halt(vm, vcpu, add_long);
	check_equal(vcpu.regs().r15, 0x123456789abcdeffu, "r15");
	check_equal(vm.at<std::uint64_t>(data_address), 0x123456789abcdeffu, "the stored word");
}

// The guest's FPU survives an exit to a host that uses its own.
TEST(floating_point)
{
	const Vm vm;
	const Vcpu vcpu(vm);
	start(vm, vcpu, sse);
	run_to_report(vcpu);
	volatile double host = 1.5;
	for (int i = 0; i < 100; i++)
		host = host * 1.25 + i;
	vcpu.run_to(KVM_EXIT_HLT);
	check_equal(vcpu.regs().rax, 36u, "(3 + 3) * 6, as an integer");
	check_equal(vm.at<std::uint32_t>(data_address), 0u, "pi - pi");
}

TEST(two_vcpus_count)
{
	const Vm vm;
	const Vcpu first(vm, 0), second(vm, 1);
	start(vm, first, count);
	enter(second, count);
	int error = -1;
	std::thread other([&] { error = second.try_run(); });
	const int own = first.try_run();
	other.join();
	check_equal(own, 0, "errno of KVM_RUN, vCPU 0");
	check_equal(error, 0, "errno of KVM_RUN, vCPU 1");
	check_equal(vm.at<std::uint32_t>(data_address), 40000u, "increments by both");
}

// The host changes memory while the guest looks at it.
TEST(shared_memory)
{
	const Vm vm;
	const Vcpu vcpu(vm);
	start(vm, vcpu, spin_until_told);
	std::thread host([&vm] {
		while (!vm.at<std::uint32_t>(data_address) && !tap::out_of_time())
			std::this_thread::yield();
		vm.at<std::uint32_t>(data_address + 4) = 1;
	});
	const int error = vcpu.try_run();
	host.join();
	check_equal(error, 0, "errno of KVM_RUN");
	check_equal(vcpu.regs().rbx, 77u, "ebx");
}

TEST(large_memory)
{
	constexpr std::uint32_t size = 64 << 20;
	const Vm vm(size);
	const Vcpu vcpu(vm);
	start(vm, vcpu, touch_all_memory);
	kvm_regs regs = vcpu.regs();
	regs.rsi = size;
	vcpu.set(regs);
	vcpu.run_to(KVM_EXIT_HLT);
	check_equal(vcpu.regs().rax, (size - 0x200000) / page_size, "pages that kept their value");
	check_equal(vm.at<std::uint32_t>(size - page_size), size - page_size, "the last page");
}

// A slot removed and put back elsewhere: no stale translation may remain.
TEST(slot_moved)
{
	const Vm vm;
	const Vcpu vcpu(vm);
	const Mapping other(page_size);
	constexpr std::uint32_t gpa = 0x30000000;
	*reinterpret_cast<std::uint32_t *>(other.data()) = 0x5107;
	vm.set_slot(1, gpa, page_size, other.data());
	run_to_halt(vm, vcpu, read_it);
	check_equal(vcpu.regs().rbx, 0x5107u, "ebx, read through the slot");
	vm.set_slot(1, gpa, 0, other.data());
	vcpu.run_to(KVM_EXIT_MMIO);
	check_equal(vcpu.state().mmio.phys_addr, gpa, "address of the MMIO read");
}

TEST(tsc_advances)
{
	const Vm vm;
	const Vcpu vcpu(vm);
	run_to_halt(vm, vcpu, time_stamps);
	check(vcpu.regs().rcx > vcpu.regs().rbx, "the second RDTSC is later");
}

TEST(run_after_halt_goes_on)
{
	const Vm vm;
	const Vcpu vcpu(vm);
	start(vm, vcpu, halts);
	for (unsigned i = 1; i <= 1000; i++) {
		vcpu.run_to(KVM_EXIT_HLT);
		check_equal(vcpu.regs().rbx, i, "ebx");
	}
}
