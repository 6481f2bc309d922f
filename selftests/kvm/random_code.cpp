// SPDX-License-Identifier: GPL-2.0-only
//
// Guests that execute random bytes, in every mode. What they do is up to them; the host has to stay
// well, and what ends each of them is the same under any module. With RANDOM_CODE_LIST set, a line
// for each says what it was: each guest then runs twice, at another time of its TSC and with
// another budget, and is "unsteady" if that alone makes a difference.
#include "harness/budget.hpp"
#include "harness/guest.hpp"
#include "harness/random.hpp"

#include <cstdio>
#include <cstdlib>
#include <string>

using namespace kvm;
using tap::check;
using tap::check_equal;

namespace {

constexpr std::size_t memory_size = 0x40000;
constexpr unsigned guests_per_mode = 40;
// Exits to userspace that a guest may take, and the time that it has.
constexpr unsigned exits = 24, microseconds = 4000;
constexpr std::uint32_t user_stack = 0xf000;
constexpr std::uint32_t msr_tsc = 0x10;

GUEST_CODE(good, 64, R"(
	mov $600, %eax
	add $66, %eax
	out %eax, $report_port
)");

GUEST_CODE(code16, 16, "hlt");
GUEST_CODE(code32, 32, "hlt");

// Beginnings of instructions that a hypervisor has to do with. Random bytes alone rarely get there.
constexpr const char *beginnings[] = {
	"\x0f\x20", "\x0f\x21", "\x0f\x22", "\x0f\x23",		    // mov to and from CRn, DRn
	"\x0f\x01", "\x0f\x00", "\x0f\xae", "\x0f\xc7",		    // descriptor tables, FPU state
	"\x0f\x30", "\x0f\x32", "\x0f\x31", "\x0f\x33", "\x0f\xa2", // MSRs, TSC, PMCs, CPUID
	"\x0f\x06", "\x0f\x08", "\x0f\x09", "\x0f\x05", "\x0f\x07", "\x0f\x34",
	"\x0f\x35", "\x0f\x78", "\x0f\x79", "\x0f\x37", "\x0f\xb9", "\x0f\x0b",
	"\x0f\x3f", "\xe4",	"\xe5",	    "\xe6",	"\xe7",	    "\xec",
	"\xed",	    "\xee",	"\xef", // in and out
	"\x6c",	    "\x6d",	"\x6e",	    "\x6f",	"\xf3\x6c", "\xf3\x6e",
	"\xf3\xa4", "\xf3\xaa", "\xcd",	    "\xcc",	"\xce",	    "\xcf",
	"\xf1",	    "\x9c",	"\x9d",	    "\xfa",	"\xfb",	    "\xf4",
	"\x8e",	    "\x8c",	"\x0f\xb2", "\xc4",	"\xc5",	    "\xea",
	"\x9a",	    "\xcb",	"\xca",	    "\xff",	"\x06",	    "\x07",
	"\x16",	    "\x17",	"\x1e",	    "\x1f",	"\x0f\xa1", "\x0f\xa9",
	"\x66\x0f", "\x66",	"\x67",	    "\xf0",	"\xf3\x90", "\x0f\xc7\x08",
	"\xe8",	    "\xeb",	"\xe9",	    "\x0f\x18", "\x0f\x38", "\x0f\x3a",
	"\xd9",	    "\xdb",	"\xdd",	    "\x9b",	"\x0f\x77", "\x0f\x10",
	"\x0f\x11",
};

void put_code(const Vm &vm, Random &random, std::uint32_t at, std::size_t size)
{
	auto *bytes = reinterpret_cast<char *>(vm.memory(at));
	random.fill(bytes, size);
	const bool wild = random.one_in(4);
	for (std::size_t i = 0; !wild && i + 8 < size; i += 1 + random.below(6)) {
		const char *text = beginnings[random.below(std::size(beginnings))];
		memcpy(bytes + i, text, strlen(text));
		i += strlen(text);
	}
}

// An address or a number, mostly one with which an instruction gets somewhere.
std::uint64_t operand(Random &random)
{
	switch (random.below(6)) {
	case 0:
		return random.value();
	case 1: // an MSR
		return random.one_of<std::uint64_t>({0x10,	 0x1b,	     0x3a,	 0x48,
						     0x174,	 0x175,	     0x176,	 0x186,
						     0x1a0,	 0x1d9,	     0x277,	 0x2ff,
						     0x38f,	 0x480,	     0x6e0,	 0x808,
						     0xc0000080, 0xc0000081, 0xc0000082, 0xc0000100,
						     0xc0000101, 0xc0000103, 0xda0}) +
		       random.one_in(4);
	case 2: // of control registers
		return random.next() & 0xe005003f;
	default:
		return random.below(memory_size);
	}
}

void set_registers(const Vcpu &vcpu, Random &random, std::uint64_t rip, std::uint64_t rflags)
{
	kvm_regs regs = {};
	for (__u64 *r :
	     {&regs.rax, &regs.rbx, &regs.rcx, &regs.rdx, &regs.rsi, &regs.rdi, &regs.rbp, &regs.r8,
	      &regs.r9, &regs.r10, &regs.r11, &regs.r12, &regs.r13, &regs.r14, &regs.r15})
		*r = operand(random);
	regs.rsp = user_stack;
	regs.rip = rip;
	// IF: see harness/budget.hpp.
	regs.rflags = rflags_fixed | rflags_if | rflags;
	vcpu.set(regs);
}

kvm_segment user(kvm_segment segment)
{
	segment.selector |= 3;
	segment.dpl = 3;
	return segment;
}

void to_ring_3(kvm_sregs &sregs)
{
	for (kvm_segment *s : {&sregs.cs, &sregs.ss, &sregs.ds, &sregs.es, &sregs.fs, &sregs.gs})
		*s = user(*s);
}

void to_16_bits(kvm_sregs &sregs)
{
	for (kvm_segment *s : {&sregs.cs, &sregs.ss, &sregs.ds, &sregs.es, &sregs.fs, &sregs.gs}) {
		s->db = 0;
		s->g = 0;
		s->limit = 0xffff;
	}
}

void to_vm86(kvm_sregs &sregs)
{
	for (kvm_segment *s : {&sregs.cs, &sregs.ss, &sregs.ds, &sregs.es, &sregs.fs, &sregs.gs}) {
		*s = {};
		s->limit = 0xffff;
		s->type = 3;
		s->present = 1;
		s->dpl = 3;
		s->s = 1;
	}
}

// Page tables for PAE at 0x30000: four directory pointers, the first 2 MiB to itself.
void to_pae(const Vm &vm, kvm_sregs &sregs)
{
	constexpr std::uint32_t pointers = 0x30000, directory = 0x31000;
	vm.at<std::uint64_t>(pointers) = directory | 1;
	vm.at<std::uint64_t>(directory) = 0x87 | 1 << 5;
	sregs.cr3 = pointers;
	sregs.cr4 |= cr4_pae;
	sregs.cr0 |= cr0_pg;
}

struct Mode {
	const char *name;
	const Code &code;
	void (*change)(const Vm &, kvm_sregs &, Random &);
	std::uint64_t rflags = 0;
};

constexpr std::uint64_t rflags_vm = 1 << 17, rflags_iopl = 3 << 12;

void nothing(const Vm &, kvm_sregs &, Random &) {}

void any_control_registers(const Vm &vm, kvm_sregs &sregs, Random &random)
{
	if (random.one_in(2))
		to_pae(vm, sregs);
	sregs.cr0 ^= random.next() & random.next() & 0xe005003f;
	sregs.cr4 ^= random.next() & random.next() & 0x7fffff;
	sregs.efer ^= random.next() & random.next() & 0xd01;
}

const Mode modes[] = {
	{"real", code16, nothing},
	{"big_real", code16,
	 [](const Vm &, kvm_sregs &sregs, Random &) {
		 for (kvm_segment *s : {&sregs.ds, &sregs.es, &sregs.fs, &sregs.gs, &sregs.ss}) {
			 s->limit = 0xffffffff;
			 s->g = 1;
		 }
	 }},
	{"vm86", code32, [](const Vm &, kvm_sregs &sregs, Random &) { to_vm86(sregs); }, rflags_vm},
	{"vm86_iopl3", code32, [](const Vm &, kvm_sregs &sregs, Random &) { to_vm86(sregs); },
	 rflags_vm | rflags_iopl},
	{"protected_16", code32, [](const Vm &, kvm_sregs &sregs, Random &) { to_16_bits(sregs); }},
	{"protected_32", code32, nothing},
	{"protected_32_ring_3", code32,
	 [](const Vm &, kvm_sregs &sregs, Random &) { to_ring_3(sregs); }},
	{"pae", code32, [](const Vm &vm, kvm_sregs &sregs, Random &) { to_pae(vm, sregs); }},
	{"pae_ring_3", code32,
	 [](const Vm &vm, kvm_sregs &sregs, Random &) {
		 to_pae(vm, sregs);
		 to_ring_3(sregs);
	 },
	 rflags_iopl},
	{"long", good, nothing},
	{"long_ring_3", good, [](const Vm &, kvm_sregs &sregs, Random &) { to_ring_3(sregs); }},
	{"compatibility", good,
	 [](const Vm &, kvm_sregs &sregs, Random &) {
		 sregs.cs.l = 0;
		 sregs.cs.db = 1;
	 }},
	{"any_of_32", code32, any_control_registers},
	{"any_of_64", good, any_control_registers},
	{"any_of_16", code16, any_control_registers},
};

// FNV-1a.
void mix(std::uint64_t &hash, const void *data, std::size_t size)
{
	const auto *bytes = static_cast<const unsigned char *>(data);
	for (std::size_t i = 0; i < size; i++)
		hash = (hash ^ bytes[i]) * 0x100000001b3;
}

std::string state_of(const Vm &vm, const Vcpu &vcpu)
{
	std::uint64_t hash = 0xcbf29ce484222325;
	const kvm_regs regs = vcpu.regs();
	const kvm_sregs sregs = vcpu.sregs();
	mix(hash, &regs, sizeof(regs));
	mix(hash, &sregs, sizeof(sregs));
	mix(hash, vm.memory(), memory_size);
	return " rip " + tap::hex(regs.rip) + " state " + tap::hex(hash);
}

// Answers what the guest asked for; false if it cannot go on.
bool answer(const Vm &vm, const Vcpu &vcpu, Random &random)
{
	kvm_run &run = vcpu.state();
	switch (run.exit_reason) {
	case KVM_EXIT_IO:
		if (run.io.direction == KVM_EXIT_IO_OUT && run.io.port == exception_port) {
			// Elsewhere, with new code: the mode is what the guest has made of it.
			put_code(vm, random, code_address, 256);
			set_registers(vcpu, random, code_address + random.below(16),
				      vcpu.regs().rflags & (rflags_vm | rflags_iopl));
		} else if (run.io.direction == KVM_EXIT_IO_IN) {
			random.fill(reinterpret_cast<std::byte *>(&run) + run.io.data_offset,
				    run.io.size * run.io.count);
		}
		return true;
	case KVM_EXIT_MMIO:
		if (!run.mmio.is_write)
			random.fill(run.mmio.data, run.mmio.len);
		return true;
	case KVM_EXIT_SET_TPR:
	case KVM_EXIT_IRQ_WINDOW_OPEN:
	case KVM_EXIT_HYPERCALL:
		return true;
	default:
		return false;
	}
}

std::string ending(const Vcpu &vcpu, int error)
{
	const kvm_run &run = vcpu.state();
	if (error)
		return std::string("errno ") + strerror(error);
	std::string text = exit_name(run.exit_reason);
	if (run.exit_reason == KVM_EXIT_FAIL_ENTRY)
		text += " " + tap::hex(run.fail_entry.hardware_entry_failure_reason);
	if (run.exit_reason == KVM_EXIT_INTERNAL_ERROR)
		text += " " + std::to_string(run.internal.suberror);
	return text;
}

// Modules differ in whether they can nest.
Cpuid without_vmx()
{
	constexpr std::uint32_t leaf1_ecx_vmx = 1 << 5;
	Cpuid table = Cpuid::supported();
	table.find(1)->ecx &= ~leaf1_ecx_vmx;
	return table;
}

// One guest from creation to its end; what ended it.
std::string run_guest(const Mode &mode, std::uint64_t number, bool again = false)
{
	Random random(number);
	const Vm vm(memory_size);
	vm.create_irqchip();
	const Vcpu vcpu(vm, 0, Vcpu::WithCpuid::none);
	vcpu.set_cpuid(without_vmx());
	vcpu.set_msr(msr_tsc, again ? 1ul << 40 : 0);
	const Budget budget(vcpu);

	load(vm, mode.code);
	enter(vcpu, mode.code);
	random.fill(vm.memory(data_address), page_size);
	put_code(vm, random, code_address, 512);
	kvm_sregs sregs = vcpu.sregs();
	mode.change(vm, sregs, random);
	if (const int error = vcpu.try_set(sregs)) {
		check_equal(error, EINVAL, "errno of KVM_SET_SREGS");
		return "refused";
	}
	set_registers(vcpu, random, code_address, mode.rflags);

	for (unsigned i = 0; i < exits; i++) {
		const int error = budget.run(again ? 2 * microseconds : microseconds);
		if (error == EINTR)
			return "time";
		if (error || !answer(vm, vcpu, random))
			return ending(vcpu, error) + state_of(vm, vcpu);
	}
	return "exits" + state_of(vm, vcpu);
}

void check_host()
{
	const Vm vm;
	const Vcpu vcpu(vm);
	start(vm, vcpu, good);
	check_equal(run_to_report(vcpu), 666u, "what a good guest reports");
}

// See harness/budget.hpp: without it, Bochs may never come out of a guest.
bool has_preemption_timer()
{
	char answer = 'N';
	if (FILE *file = fopen("/sys/module/kvm_intel/parameters/preemption_timer", "r")) {
		if (fread(&answer, 1, 1, file) != 1)
			answer = 'N';
		fclose(file);
	}
	return answer == 'Y';
}

void run_mode(std::string_view name)
{
	if (!has_preemption_timer())
		tap::skip("no VMX preemption timer to stop the guests by");
	const int before = users_of_module();
	const std::uint64_t first = seed() << 32;
	const bool list = getenv("RANDOM_CODE_LIST");
	for (const Mode &mode : modes) {
		if (name != mode.name)
			continue;
		for (unsigned i = 0; i < guests_per_mode; i++) {
			const std::string end = run_guest(mode, first + i);
			if (list)
				printf("# guest %s %u: %s\n", mode.name, i,
				       run_guest(mode, first + i, true) == end ? end.c_str()
									       : "unsteady");
			check(!end.starts_with("errno") || end.starts_with("errno Bad address"),
			      "guest " + std::to_string(i) + " ended with " + end);
		}
	}
	check_equal(users_of_module(), before, "users of the module");
	check_host();
}

} // namespace

#define MODE(name)                                                                                 \
	TEST(name)                                                                                 \
	{                                                                                          \
		run_mode(#name);                                                                   \
	}

MODE(real)
MODE(big_real)
MODE(vm86)
MODE(vm86_iopl3)
MODE(protected_16)
MODE(protected_32)
MODE(protected_32_ring_3)
MODE(pae)
MODE(pae_ring_3)
MODE(long)
MODE(long_ring_3)
MODE(compatibility)
MODE(any_of_16)
MODE(any_of_32)
MODE(any_of_64)
