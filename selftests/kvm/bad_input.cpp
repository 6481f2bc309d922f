// SPDX-License-Identifier: GPL-2.0-only
//
// What the ioctls refuse, with the errno that KVM's API documents, and guests that cannot go on.
#include "harness/guest.hpp"

using namespace kvm;
using tap::check;
using tap::check_equal;

namespace {

constexpr std::uint32_t msr_lstar = 0xc0000082, msr_pat = 0x277, msr_efer = 0xc0000080,
			msr_sysenter_eip = 0x176, msr_kernel_gs_base = 0xc0000102,
			msr_debugctl = 0x1d9, msr_apic_base = 0x1b;
constexpr std::uint64_t not_canonical = 0x8000000000000000;

GUEST_CODE(halt, 64, R"(
	hlt
)");

GUEST_CODE(halt_protected, 32, R"(
	hlt
)");

// No instruction that KVM's emulator knows, on memory that is not there.
GUEST_CODE(not_emulated, 64, R"(
	mov $mmio_address, %ebx
	pxor (%rbx), %xmm0
	hlt
)");

GUEST_CODE(write_msr, 64, R"(
	wrmsr
	hlt
)");

GUEST_CODE(write_cr0, 64, R"(
	mov %rax, %cr0
	hlt
)");

GUEST_CODE(write_cr3, 64, R"(
	mov %rax, %cr3
	hlt
)");

GUEST_CODE(write_cr4, 64, R"(
	mov %rax, %cr4
	hlt
)");

GUEST_CODE(write_cr8, 64, R"(
	mov %rax, %cr8
	hlt
)");

GUEST_CODE(write_xcr0, 64, R"(
	mov %cr4, %rax
	bts $18, %rax
	mov %rax, %cr4
	xor %ecx, %ecx
	mov %ebx, %eax
	mov %rbx, %rdx
	shr $32, %rdx
	xsetbv
	hlt
)");

// An instruction each, 16 bytes apart.
GUEST_CODE(vmx_instructions, 64, R"(
	vmxon data_address
	.balign 16
	vmclear data_address
	.balign 16
	vmptrld data_address
	.balign 16
	vmptrst data_address
	.balign 16
	vmread %rax, %rbx
	.balign 16
	vmwrite %rax, %rbx
	.balign 16
	vmlaunch
	.balign 16
	vmresume
	.balign 16
	vmxoff
	.balign 16
	vmfunc
	.balign 16
	getsec
	.balign 16
)");

void refused(const Vcpu &vcpu, const kvm_sregs &sregs, const char *what,
	     tap::Where where = tap::Where::current())
{
	check_equal(vcpu.try_set(sregs), EINVAL, std::string("errno of KVM_SET_SREGS, ") + what,
		    where);
}

// The vCPU must be able to run on after whatever was refused.
void still_runs(const Vm &vm, const Vcpu &vcpu, tap::Where where = tap::Where::current())
{
	start(vm, vcpu, halt);
	vcpu.run_to(KVM_EXIT_HLT, where);
}

} // namespace

TEST(system_registers_that_contradict)
{
	const Vm vm;
	const Vcpu vcpu(vm);
	enter(vcpu, halt);
	const kvm_sregs good = vcpu.sregs();
	kvm_sregs bad;

	bad = good;
	bad.cr0 &= ~cr0_pe;
	refused(vcpu, bad, "paging without protection");
	bad = good;
	bad.cr0 |= cr0_nw;
	refused(vcpu, bad, "NW without CD");
	bad = good;
	bad.cr0 |= 1ul << 32;
	refused(vcpu, bad, "a high bit of cr0");
	bad = good;
	bad.cr4 &= ~cr4_pae;
	refused(vcpu, bad, "long mode without PAE");
	bad = good;
	bad.efer &= ~efer_lma;
	refused(vcpu, bad, "long mode and paging without LMA");
	bad = good;
	bad.cr4 |= 1ul << 31;
	refused(vcpu, bad, "a reserved bit of cr4");
	bad = good;
	bad.cr3 |= 1ul << 60;
	refused(vcpu, bad, "cr3 beyond the physical address width");
	bad = good;
	bad.apic_base |= 1ul << 60;
	refused(vcpu, bad, "apic_base beyond the physical address width");
	bad = good;
	bad.cr0 &= ~cr0_pg;
	refused(vcpu, bad, "LMA without paging");

	check_equal(vcpu.try_set(good), 0, "errno of KVM_SET_SREGS with what was there before");
	still_runs(vm, vcpu);
}

TEST(cr4_bits_the_cpuid_table_lacks)
{
	constexpr std::uint64_t cr4_umip = 1 << 11, cr4_smep = 1 << 20, cr4_pcide = 1 << 17;
	const Vm vm;
	const Vcpu vcpu(vm, 0, Vcpu::WithCpuid::none);
	Cpuid table = Cpuid::supported();
	table.find(7)->ebx = 0;
	table.find(7)->ecx = 0;
	table.find(1)->ecx = 0;
	vcpu.set_cpuid(table);
	enter(vcpu, halt);
	for (std::uint64_t bit : {cr4_umip, cr4_smep, cr4_pcide, cr4_vmxe, cr4_osxsave}) {
		kvm_sregs sregs = vcpu.sregs();
		sregs.cr4 |= bit;
		refused(vcpu, sregs, tap::hex(bit).c_str());
	}
}

TEST(msr_values)
{
	constexpr struct {
		std::uint32_t index;
		std::uint64_t value;
	} rows[] = {
		{msr_pat, 0x0202020202020202}, // memory type 2 does not exist
		{msr_efer, 1ul << 20},	       // reserved
		{msr_apic_base, 1ul << 60},    // beyond the physical address width
		{msr_debugctl, 1ul << 40},     // reserved
		{0x12345, 0},		       // no such MSR
	};
	const Vm vm;
	const Vcpu vcpu(vm);
	for (const auto &row : rows)
		check(!vcpu.try_set_msr(row.index, row.value),
		      "MSR " + tap::hex(row.index) + " does not take " + tap::hex(row.value));
	still_runs(vm, vcpu);
}

// The guest gets #GP for what userspace may not set either.
TEST(msr_values_from_the_guest)
{
	constexpr struct {
		std::uint32_t index;
		std::uint64_t value;
	} rows[] = {
		{msr_lstar, not_canonical},
		{msr_sysenter_eip, not_canonical},
		{msr_kernel_gs_base, not_canonical},
		{msr_pat, 0x0202020202020202},
		{msr_efer, 1ul << 20},
	};
	const Vm vm;
	const Vcpu vcpu(vm);
	for (const auto &row : rows) {
		start(vm, vcpu, write_msr);
		kvm_regs regs = vcpu.regs();
		regs.rcx = row.index;
		regs.rax = row.value & 0xffffffff;
		regs.rdx = row.value >> 32;
		vcpu.set(regs);
		check_equal(run_to_exception(vm, vcpu).vector, 13u,
			    "vector for MSR " + tap::hex(row.index));
	}
}

TEST(control_registers_from_the_guest)
{
	static const struct {
		const char *name;
		const Code &code;
		std::uint64_t value;
	} rows[] = {
		{"cr0 with paging but not protection", write_cr0, cr0_pg | cr0_et},
		{"cr0 with NW but not CD", write_cr0, cr0_pg | cr0_pe | cr0_nw},
		{"cr0 with a high bit", write_cr0, 1ul << 40 | cr0_pg | cr0_pe},
		{"cr4 without PAE in long mode", write_cr4, 0},
		{"cr4 with a reserved bit", write_cr4, cr4_pae | 1ul << 31},
		{"cr4 with VMXE, which the CPUID table lacks", write_cr4, cr4_pae | cr4_vmxe},
		{"cr3 beyond the physical address width", write_cr3, 1ul << 60},
		{"cr8 above 15", write_cr8, 16},
	};
	const Vm vm;
	const Vcpu vcpu(vm, 0, Vcpu::WithCpuid::none);
	Cpuid table = Cpuid::supported();
	constexpr std::uint32_t leaf1_ecx_vmx = 1 << 5;
	table.find(1)->ecx &= ~leaf1_ecx_vmx;
	vcpu.set_cpuid(table);
	for (const auto &row : rows) {
		start(vm, vcpu, row.code);
		kvm_regs regs = vcpu.regs();
		regs.rax = row.value;
		vcpu.set(regs);
		const ExceptionRecord found = run_to_exception(vm, vcpu);
		check_equal(found.vector, 13u, std::string("vector for ") + row.name);
		check_equal(found.rip, code_address, std::string("rip for ") + row.name);
	}
}

TEST(vmx_instructions_from_a_guest_without_vmx)
{
	const Vm vm;
	const Vcpu vcpu(vm, 0, Vcpu::WithCpuid::none);
	Cpuid table = Cpuid::supported();
	constexpr std::uint32_t leaf1_ecx_vmx = 1 << 5, leaf1_ecx_smx = 1 << 6;
	table.find(1)->ecx &= ~(leaf1_ecx_vmx | leaf1_ecx_smx);
	vcpu.set_cpuid(table);
	constexpr std::uint32_t step = 16;
	load(vm, vmx_instructions);
	for (const char *at = vmx_instructions.begin; at < vmx_instructions.end; at += step) {
		enter(vcpu, vmx_instructions);
		set_rip(vcpu, vmx_instructions.at(at));
		const ExceptionRecord found = run_to_exception(vm, vcpu);
		check_equal(found.vector, 6u, "vector");
		check_equal(found.rip, vmx_instructions.at(at), "rip");
	}
}

TEST(xsetbv_from_the_guest)
{
	const Vm vm;
	vm.need(KVM_CAP_XCRS, "KVM_CAP_XCRS");
	const Vcpu vcpu(vm);
	for (std::uint64_t value : {0ul, 4ul, 1ul << 62}) { // no x87, AVX without SSE, reserved
		start(vm, vcpu, write_xcr0);
		kvm_regs regs = vcpu.regs();
		regs.rbx = value;
		vcpu.set(regs);
		check_equal(run_to_exception(vm, vcpu).vector, 13u,
			    "vector for " + tap::hex(value));
	}
}

TEST(xcr0_values)
{
	const Vm vm;
	vm.need(KVM_CAP_XCRS, "KVM_CAP_XCRS");
	const Vcpu vcpu(vm);
	for (std::uint64_t value : {0ul, 2ul, 4ul, 1ul << 62}) {
		kvm_xcrs xcrs = {};
		xcrs.nr_xcrs = 1;
		xcrs.xcrs[0].value = value;
		check_equal(vcpu.fd().try_call(KVM_SET_XCRS, &xcrs), EINVAL,
			    "errno of KVM_SET_XCRS with " + tap::hex(value));
	}
}

TEST(debug_register_values)
{
	const Vm vm;
	const Vcpu vcpu(vm);
	const kvm_debugregs good = vcpu.debugregs();
	kvm_debugregs bad = good;
	bad.dr7 |= 1ul << 32;
	check_equal(vcpu.fd().try_call(KVM_SET_DEBUGREGS, &bad), EINVAL, "errno for dr7");
	bad = good;
	bad.dr6 |= 1ul << 32;
	check_equal(vcpu.fd().try_call(KVM_SET_DEBUGREGS, &bad), EINVAL, "errno for dr6");
	bad = good;
	bad.flags = 1;
	check_equal(vcpu.fd().try_call(KVM_SET_DEBUGREGS, &bad), EINVAL, "errno for flags");
}

TEST(event_values)
{
	const Vm vm;
	const Vcpu vcpu(vm);
	for (unsigned vector : {2u, 32u, 255u}) {
		kvm_vcpu_events events = vcpu.events();
		events.exception.injected = 1;
		events.exception.nr = vector;
		check_equal(vcpu.fd().try_call(KVM_SET_VCPU_EVENTS, &events), EINVAL,
			    "errno for exception " + std::to_string(vector));
	}
	kvm_vcpu_events events = vcpu.events();
	events.flags = 1u << 31;
	check_equal(vcpu.fd().try_call(KVM_SET_VCPU_EVENTS, &events), EINVAL, "errno for flags");
	still_runs(vm, vcpu);
}

TEST(memory_slots)
{
	const Vm vm;
	const Mapping memory(4 * page_size);
	std::byte *host = memory.data();
	const auto too_many = static_cast<std::uint32_t>(extension(vm.fd(), KVM_CAP_NR_MEMSLOTS));

	check_equal(vm.try_set_slot(1, 0x10000800, page_size, host), EINVAL, "gpa not aligned");
	check_equal(vm.try_set_slot(1, 0x10000000, 100, host), EINVAL, "size not aligned");
	check_equal(vm.try_set_slot(1, 0x10000000, page_size, host + 1), EINVAL,
		    "host not aligned");
	check_equal(vm.try_set_slot(1, 0x10000000, page_size, host, 1 << 31), EINVAL, "flags");
	check_equal(vm.try_set_slot(too_many, 0x10000000, page_size, host), EINVAL, "slot number");
	check_equal(vm.try_set_slot(1, -page_size, 2 * page_size, host), EINVAL, "gpa wraps");
	check_equal(vm.try_set_slot(1, default_memory - page_size, page_size, host), EEXIST,
		    "overlap with slot 0");
	check_equal(vm.try_set_slot(1, 0x10000000, 0, host), EINVAL,
		    "removal of what is not there");
	vm.set_slot(1, 0x10000000, page_size, host);
	check_equal(vm.try_set_slot(1, 0x10000000, 2 * page_size, host), EINVAL, "another size");
}

TEST(cpuid_tables)
{
	const Vm vm;
	const Vcpu vcpu(vm);
	Cpuid table = Cpuid::supported();
	table.get()->nent = 0x10000;
	check_equal(vcpu.fd().try_call(KVM_SET_CPUID2, table.get()), E2BIG, "errno, too many");
	table.get()->nent = 10;
	check_equal(vcpu.fd().try_call(KVM_SET_CPUID2, 8ul), EFAULT, "errno, bad address");
}

TEST(irqchip_and_pit_in_the_wrong_order)
{
	{
		const Vm vm;
		kvm_pit_config pit = {};
		vm.create_irqchip();
		check_equal(vm.fd().try_call(KVM_CREATE_IRQCHIP), EEXIST, "irqchip twice");
		vm.create_pit();
		check_equal(vm.fd().try_call(KVM_CREATE_PIT2, &pit), EEXIST, "PIT twice");
	}
	const Vm vm;
	const Vcpu vcpu(vm);
	check_equal(vm.fd().try_call(KVM_CREATE_IRQCHIP), EINVAL, "irqchip after a vCPU");
	std::uint64_t map = identity_map_address;
	check_equal(vm.fd().try_call(KVM_SET_IDENTITY_MAP_ADDR, &map), EINVAL,
		    "identity map after a vCPU");
}

TEST(tss_address_out_of_range)
{
	const Vm vm;
	check_equal(vm.fd().try_call(KVM_SET_TSS_ADDR, 0xfffff000ul), EINVAL,
		    "errno of KVM_SET_TSS_ADDR with its three pages past 4 GiB");
}

TEST(interrupt_for_an_in_kernel_irqchip)
{
	kvm_interrupt interrupt = {0x40};
	{
		const Vm vm;
		vm.create_irqchip();
		const Vcpu vcpu(vm);
		check_equal(vcpu.fd().try_call(KVM_INTERRUPT, &interrupt), ENXIO, "errno");
	}
	const Vm vm;
	const Vcpu vcpu(vm);
	interrupt.irq = 256;
	check_equal(vcpu.fd().try_call(KVM_INTERRUPT, &interrupt), EINVAL, "errno, vector 256");
}

TEST(mp_state_values)
{
	const Vm vm;
	const Vcpu vcpu(vm);
	kvm_mp_state state = {KVM_MP_STATE_SIPI_RECEIVED};
	check_equal(vcpu.fd().try_call(KVM_SET_MP_STATE, &state), EINVAL,
		    "errno without an in-kernel APIC");
	state.mp_state = 1000;
	check_equal(vcpu.fd().try_call(KVM_SET_MP_STATE, &state), EINVAL, "errno, no such state");
}

TEST(guest_debug_with_an_exception_pending)
{
	const Vm vm;
	vm.need(KVM_CAP_EXCEPTION_PAYLOAD, "KVM_CAP_EXCEPTION_PAYLOAD");
	vm.enable(KVM_CAP_EXCEPTION_PAYLOAD, 1);
	const Vcpu vcpu(vm);
	kvm_vcpu_events events = vcpu.events();
	events.flags |= KVM_VCPUEVENT_VALID_PAYLOAD;
	events.exception.pending = 1;
	events.exception.nr = 6;
	vcpu.set(events);
	kvm_guest_debug debug = {};
	debug.control = KVM_GUESTDBG_ENABLE | KVM_GUESTDBG_INJECT_BP;
	check_equal(vcpu.fd().try_call(KVM_SET_GUEST_DEBUG, &debug), EBUSY, "errno");
}

TEST(run_with_an_argument)
{
	const Vm vm;
	const Vcpu vcpu(vm);
	check_equal(vcpu.fd().try_call(KVM_RUN, 1ul), EINVAL, "errno of KVM_RUN");
}

TEST(unknown_requests)
{
	const Vm vm;
	const Vcpu vcpu(vm);
	constexpr unsigned long unknown = _IO(KVMIO, 0x1f);
	check(open_dev_kvm().try_call(unknown) != 0, "/dev/kvm refuses it");
	check(vm.fd().try_call(unknown) != 0, "the machine refuses it");
	check(vcpu.fd().try_call(unknown) != 0, "the vCPU refuses it");
}

// At the reset vector without any memory: nothing to fetch.
TEST(run_without_memory)
{
	const Vm vm;
	const Vcpu vcpu(vm);
	vm.set_slot(0, 0, 0, vm.memory());
	vcpu.run_to(KVM_EXIT_INTERNAL_ERROR);
	check_equal(vcpu.state().internal.suberror, KVM_INTERNAL_ERROR_EMULATION, "suberror");
}

TEST(run_of_a_vcpu_that_waits_for_init)
{
	const Vm vm;
	vm.create_irqchip();
	const Vcpu boot(vm, 0), vcpu(vm, 1);
	vcpu.complete_exit();
	check_equal(vcpu.mp_state().mp_state, KVM_MP_STATE_UNINITIALIZED, "mp_state");
}

TEST(instruction_that_cannot_be_emulated)
{
	const Vm vm;
	const Vcpu vcpu(vm);
	start(vm, vcpu, not_emulated);
	vcpu.run_to(KVM_EXIT_INTERNAL_ERROR);
	check_equal(vcpu.state().internal.suberror, KVM_INTERNAL_ERROR_EMULATION, "suberror");
	check_equal(vcpu.regs().rip, code_address + 5, "rip: at the instruction");
	still_runs(vm, vcpu);
}

// States that KVM_SET_SREGS takes and VM entry would not. Without unrestricted guest or not, KVM
// says so by an exit, or emulates; it must not come back with anything else.
TEST(segments_no_cpu_would_have)
{
	const Vm vm;
	const Vcpu vcpu(vm);
	load(vm, halt_protected);
	const kvm_sregs reset = vcpu.sregs();
	const kvm_vcpu_events none = vcpu.events();
	const auto try_with = [&](void (*spoil)(kvm_sregs &)) {
		vcpu.set(reset);
		// What the last one was about to deliver would come now.
		vcpu.set(none);
		enter(vcpu, halt_protected);
		kvm_sregs sregs = vcpu.sregs();
		spoil(sregs);
		check_equal(vcpu.try_set(sregs), 0, "errno of KVM_SET_SREGS");
		check_equal(vcpu.try_run(), 0, "errno of KVM_RUN");
		const std::uint32_t reason = vcpu.state().exit_reason;
		check(reason == KVM_EXIT_FAIL_ENTRY || reason == KVM_EXIT_INTERNAL_ERROR ||
			      reason == KVM_EXIT_HLT || reason == KVM_EXIT_SHUTDOWN,
		      std::string("expected a failed entry, found ") + vcpu.describe_exit());
	};
	try_with([](kvm_sregs &sregs) { sregs.cs.type = 2; });
	try_with([](kvm_sregs &sregs) { sregs.ss.dpl = 2; });
	try_with([](kvm_sregs &sregs) { sregs.tr.type = 2; });
	try_with([](kvm_sregs &sregs) { sregs.ds.limit = 0xfffff001; });
	try_with([](kvm_sregs &sregs) {
		sregs.ldt.unusable = 0;
		sregs.ldt.type = 5;
	});
	vcpu.set(reset);
	still_runs(vm, vcpu);
}
