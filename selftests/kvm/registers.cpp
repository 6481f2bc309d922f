// SPDX-License-Identifier: GPL-2.0-only
//
// State that userspace sets: it reads back the same, the guest sees it, and what the guest changes
// is read back too.
#include "harness/guest.hpp"

using namespace kvm;
using tap::check;
using tap::check_equal;

namespace {

GUEST_CODE(halt, 64, R"(
	hlt
)");

GUEST_CODE(halt_protected, 32, R"(
	hlt
)");

GUEST_CODE(store_registers, 64, R"(
	mov %rax, data_address
	mov %rbx, data_address + 8
	mov %rcx, data_address + 16
	mov %rdx, data_address + 24
	mov %rsi, data_address + 32
	mov %rdi, data_address + 40
	mov %rsp, data_address + 48
	mov %rbp, data_address + 56
	mov %r8, data_address + 64
	mov %r9, data_address + 72
	mov %r10, data_address + 80
	mov %r11, data_address + 88
	mov %r12, data_address + 96
	mov %r13, data_address + 104
	mov %r14, data_address + 112
	mov %r15, data_address + 120
	mov %rsp, %rbx
	mov $stack_of_flags, %esp
	pushfq
	pop data_address + 128
	mov %rbx, %rsp
	add $1, %rax
	add $1, %r15
	stc
	hlt
	.equ stack_of_flags, data_address + 0x800
)");

GUEST_CODE(store_system_registers, 64, R"(
	mov %cr0, %rax
	mov %rax, data_address
	mov %cr2, %rax
	mov %rax, data_address + 8
	mov %cr3, %rax
	mov %rax, data_address + 16
	mov %cr4, %rax
	mov %rax, data_address + 24
	mov %cr8, %rax
	mov %rax, data_address + 32
	sgdt data_address + 40
	sidt data_address + 56
	mov %fs:0x10, %rax
	mov %rax, data_address + 72
	mov %gs:0x10, %rax
	mov %rax, data_address + 80
	sldt %eax
	mov %rax, data_address + 88
	hlt
)");

GUEST_CODE(change_system_registers, 64, R"(
	mov $0x123000, %eax
	mov %rax, %cr2
	mov $9, %eax
	mov %rax, %cr8
	mov %cr4, %rax
	or $0x80, %rax
	mov %rax, %cr4
	mov %cr0, %rax
	btc $3, %rax
	mov %rax, %cr0
	lgdt 0f(%rip)
	lidt 1f(%rip)
	hlt
0:	.word 0x1f
	.quad 0x1000
1:	.word 0x2f
	.quad 0x2000
)");

GUEST_CODE(task_switched_flag, 64, R"(
	mov %cr0, %rbx
	clts
	mov %cr0, %rcx
	smsw %edx
	mov $9, %eax
	lmsw %ax
	mov %cr0, %rsi
	hlt
)");

GUEST_CODE(store_debug_registers, 64, R"(
	mov %dr0, %rax
	mov %rax, data_address
	mov %dr3, %rax
	mov %rax, data_address + 8
	mov %dr6, %rax
	mov %rax, data_address + 16
	mov %dr7, %rax
	mov %rax, data_address + 24
	movabs $0x4444, %rax
	mov %rax, %dr1
	hlt
)");

GUEST_CODE(read_xcr0, 64, R"(
	mov %cr4, %rax
	bts $18, %rax
	mov %rax, %cr4
	xor %ecx, %ecx
	xgetbv
	mov %eax, %ebx
	mov $1, %eax
	xsetbv
	hlt
)");

GUEST_CODE(store_xmm, 64, R"(
	fld1
	pcmpeqd %xmm5, %xmm5
	out %al, $report_port
	movdqu %xmm5, data_address
	pcmpeqd %xmm6, %xmm6
	hlt
)");

GUEST_CODE(two_nops, 64, R"(
	nop
	nop
	hlt
)");

// True if both hold the same bytes; the structs have no padding that KVM does not zero.
template <typename T> bool same(const T &a, const T &b)
{
	return memcmp(&a, &b, sizeof(T)) == 0;
}

} // namespace

TEST(general_registers_round_trip)
{
	const Vm vm;
	const Vcpu vcpu(vm);
	kvm_regs regs;
	for (unsigned i = 0; i < sizeof(regs) / 8; i++)
		reinterpret_cast<std::uint64_t *>(&regs)[i] = 0x0123456789abcdef * (i + 1);
	regs.rip = 0x7fff12345678;
	regs.rflags = 0x246;
	vcpu.set(regs);
	check(same(regs, vcpu.regs()), "KVM_GET_REGS gives what KVM_SET_REGS took");
}

TEST(general_registers_in_guest)
{
	const Vm vm;
	const Vcpu vcpu(vm);
	start(vm, vcpu, store_registers);
	kvm_regs regs = vcpu.regs();
	for (unsigned i = 0; i < 16; i++)
		reinterpret_cast<std::uint64_t *>(&regs)[i] = 0xa5a5000000000000 + i;
	regs.rflags = 0x2 | 1 << 11 | 1 << 7; // OF and SF
	vcpu.set(regs);
	vcpu.run_to(KVM_EXIT_HLT);
	// struct kvm_regs has the registers in the order in which the guest stores them.
	for (unsigned i = 0; i < 16; i++)
		check_equal(vm.at<std::uint64_t>(data_address + i * 8), 0xa5a5000000000000 + i,
			    "general register " + std::to_string(i));
	check_equal(vm.at<std::uint64_t>(data_address + 128), regs.rflags, "rflags in the guest");
	check_equal(vcpu.regs().rax, 0xa5a5000000000001u, "rax, changed by the guest");
	check_equal(vcpu.regs().r15, 0xa5a5000000000010u, "r15, changed by the guest");
	check_equal(vcpu.regs().rsp, 0xa5a5000000000006u, "rsp");
	check_equal(vcpu.regs().rflags & 1, 1u, "the carry flag, set by the guest");
}

TEST(system_registers_round_trip)
{
	const Vm vm;
	vm.create_irqchip();
	const Vcpu vcpu(vm);
	enter(vcpu, halt);
	kvm_sregs sregs = vcpu.sregs();
	sregs.fs.base = 0x7f0012340000;
	sregs.gs.base = 0xffff888000001000;
	sregs.ldt.base = 0x9000;
	sregs.ldt.limit = 0xff;
	sregs.ldt.selector = 0x50;
	sregs.ldt.type = 2;
	sregs.ldt.present = 1;
	sregs.ldt.unusable = 0;
	sregs.gdt.base = 0xffff800000001000;
	sregs.gdt.limit = 0x7f;
	sregs.idt.base = 0xffff800000002000;
	sregs.idt.limit = 0xfff;
	sregs.cr2 = 0xdeadbeef000;
	sregs.cr8 = 5;
	sregs.efer |= efer_sce | efer_nx;
	vcpu.set(sregs);
	const kvm_sregs found = vcpu.sregs();
	check_equal(found.fs.base, sregs.fs.base, "fs.base");
	check_equal(found.gs.base, sregs.gs.base, "gs.base");
	check_equal(found.ldt.base, sregs.ldt.base, "ldt.base");
	check_equal(found.gdt.base, sregs.gdt.base, "gdt.base");
	check_equal(found.idt.limit, sregs.idt.limit, "idt.limit");
	check_equal(found.cr0, sregs.cr0, "cr0");
	check_equal(found.cr2, sregs.cr2, "cr2");
	check_equal(found.cr3, sregs.cr3, "cr3");
	check_equal(found.cr4, sregs.cr4, "cr4");
	check_equal(found.cr8, sregs.cr8, "cr8");
	check_equal(found.efer, sregs.efer, "efer");
	check(same(sregs, found), "KVM_GET_SREGS gives all that KVM_SET_SREGS took");
}

TEST(segment_attributes_round_trip)
{
	const Vm vm;
	const Vcpu vcpu(vm);
	enter(vcpu, halt_protected);
	kvm_sregs sregs = vcpu.sregs();
	sregs.ds.base = 0x12340;
	sregs.ds.limit = 0xfffff;
	sregs.ds.g = 0;
	sregs.ds.avl = 1;
	sregs.es.type = 7; // expand-down, writable, accessed
	sregs.es.db = 0;
	sregs.es.limit = 0xffff;
	sregs.es.g = 0;
	sregs.fs.dpl = 3;
	sregs.fs.selector = selector_user_data;
	sregs.gs.unusable = 1;
	sregs.gs.present = 0;
	vcpu.set(sregs);
	const kvm_sregs found = vcpu.sregs();
	check(same(found.ds, sregs.ds), "ds comes back whole");
	check(same(found.es, sregs.es), "es comes back whole");
	check(same(found.fs, sregs.fs), "fs comes back whole");
	check_equal(found.gs.unusable, 1, "gs.unusable");
	check_equal(found.gs.present, 0, "gs.present");
	check(same(found.cs, sregs.cs), "cs comes back whole");
	check(same(found.tr, sregs.tr), "tr comes back whole");
}

TEST(system_registers_in_guest)
{
	const Vm vm;
	vm.create_irqchip();
	const Vcpu vcpu(vm);
	start(vm, vcpu, store_system_registers);
	kvm_sregs sregs = vcpu.sregs();
	sregs.fs.base = 0x30000;
	sregs.gs.base = 0x31000;
	sregs.cr2 = 0xabcde000;
	sregs.cr8 = 3;
	vcpu.set(sregs);
	vm.at<std::uint64_t>(0x30010) = 0xf5;
	vm.at<std::uint64_t>(0x31010) = 0x65;
	vcpu.set_mp_state(KVM_MP_STATE_RUNNABLE);
	// With an in-kernel APIC HLT does not exit: stop at the instruction by its own port
	// instead.
	vm.at<std::uint16_t>(code_address +
			     (store_system_registers.end - store_system_registers.begin) - 1) =
		0x10e6;
	run_to_report(vcpu);

	const auto at = [&vm](unsigned offset) -> std::uint64_t {
		return vm.at<std::uint64_t>(data_address + offset);
	};
	check_equal(at(0), sregs.cr0, "cr0");
	check_equal(at(8), sregs.cr2, "cr2");
	check_equal(at(16), sregs.cr3, "cr3");
	check_equal(at(24), sregs.cr4, "cr4");
	check_equal(at(32), sregs.cr8, "cr8");
	check_equal(at(40) & 0xffff, sregs.gdt.limit, "gdt.limit");
	check_equal(at(42), sregs.gdt.base, "gdt.base");
	check_equal(at(56) & 0xffff, sregs.idt.limit, "idt.limit");
	check_equal(at(58), sregs.idt.base, "idt.base");
	check_equal(at(72), 0xf5u, "memory at fs:0x10");
	check_equal(at(80), 0x65u, "memory at gs:0x10");
	check_equal(at(88), sregs.ldt.selector, "ldt");
}

TEST(system_registers_changed_by_guest)
{
	const Vm vm;
	const Vcpu vcpu(vm);
	start(vm, vcpu, change_system_registers);
	const kvm_sregs before = vcpu.sregs();
	vcpu.run_to(KVM_EXIT_HLT);
	const kvm_sregs after = vcpu.sregs();
	check_equal(after.cr2, 0x123000u, "cr2");
	check_equal(after.cr8, 9u, "cr8");
	check_equal(after.cr4, before.cr4 | 0x80, "cr4 with pge");
	check_equal(after.cr0, before.cr0 ^ 1 << 3, "cr0 with ts turned over");
	check_equal(after.gdt.base, 0x1000u, "gdt.base");
	check_equal(after.gdt.limit, 0x1f, "gdt.limit");
	check_equal(after.idt.limit, 0x2f, "idt.limit");
}

TEST(clts_lmsw_smsw)
{
	constexpr std::uint64_t ts = 1 << 3;
	const Vm vm;
	const Vcpu vcpu(vm);
	start(vm, vcpu, task_switched_flag);
	kvm_sregs sregs = vcpu.sregs();
	sregs.cr0 |= ts;
	vcpu.set(sregs);
	vcpu.run_to(KVM_EXIT_HLT);
	check_equal(vcpu.regs().rbx & ts, ts, "cr0.ts as set from outside");
	check_equal(vcpu.regs().rcx & ts, 0u, "cr0.ts after CLTS");
	check_equal(vcpu.regs().rdx & 0xffff, vcpu.regs().rcx & 0xffff, "SMSW");
	check_equal(vcpu.regs().rsi & 0xf, 9u, "cr0's low four bits after LMSW");
	check_equal(vcpu.sregs().cr0 & 0xf, 9u, "cr0's low four bits as seen from outside");
}

TEST(sregs2_with_pdptrs)
{
	const Vm vm;
	vm.need(KVM_CAP_SREGS2, "KVM_CAP_SREGS2");
	const Vcpu vcpu(vm);
	enter(vcpu, halt_protected);
	kvm_sregs2 sregs = vcpu.sregs2();
	check_equal(sregs.flags, 0u, "flags without PAE paging");

	sregs.cr3 = 0x30000;
	sregs.cr4 |= cr4_pae;
	sregs.cr0 |= cr0_pg;
	sregs.flags = KVM_SREGS2_FLAGS_PDPTRS_VALID;
	for (unsigned i = 0; i < 4; i++)
		sregs.pdptrs[i] = 0x31001 + i * page_size;
	vcpu.set(sregs);
	const kvm_sregs2 found = vcpu.sregs2();
	check_equal(found.flags, sregs.flags, "flags with PAE paging");
	for (unsigned i = 0; i < 4; i++)
		check_equal(found.pdptrs[i], sregs.pdptrs[i], "pdptr " + std::to_string(i));
	check_equal(found.cr3, sregs.cr3, "cr3");
}

TEST(debug_registers_round_trip)
{
	const Vm vm;
	const Vcpu vcpu(vm);
	start(vm, vcpu, store_debug_registers);
	kvm_debugregs wanted = {};
	wanted.db[0] = 0x1000;
	wanted.db[1] = 0x2000;
	wanted.db[2] = 0x7fff00003000;
	wanted.db[3] = 0xffff800000004000;
	wanted.dr6 = 0xffff4ff0;
	wanted.dr7 = 0x400;
	vcpu.set(wanted);
	check(same(wanted, vcpu.debugregs()), "KVM_GET_DEBUGREGS gives what was set");
	vcpu.run_to(KVM_EXIT_HLT);
	check_equal(vm.at<std::uint64_t>(data_address), wanted.db[0], "dr0 in the guest");
	check_equal(vm.at<std::uint64_t>(data_address + 8), wanted.db[3], "dr3 in the guest");
	check_equal(vm.at<std::uint64_t>(data_address + 16), wanted.dr6, "dr6 in the guest");
	check_equal(vm.at<std::uint64_t>(data_address + 24), wanted.dr7, "dr7 in the guest");
	check_equal(vcpu.debugregs().db[1], 0x4444u, "dr1, changed by the guest");
}

TEST(xcr0)
{
	constexpr std::uint64_t x87_sse = 3;
	const Vm vm;
	vm.need(KVM_CAP_XCRS, "KVM_CAP_XCRS");
	const Vcpu vcpu(vm);
	start(vm, vcpu, read_xcr0);
	kvm_xcrs xcrs = {};
	xcrs.nr_xcrs = 1;
	xcrs.xcrs[0].value = x87_sse;
	KVM_CALL(vcpu.fd(), KVM_SET_XCRS, &xcrs);
	vcpu.run_to(KVM_EXIT_HLT);
	check_equal(vcpu.regs().rbx, x87_sse, "xcr0 in the guest");
	kvm_xcrs found = {};
	KVM_CALL(vcpu.fd(), KVM_GET_XCRS, &found);
	check_equal(found.nr_xcrs, 1u, "nr_xcrs");
	check_equal(found.xcrs[0].value, 1u, "xcr0, changed by the guest");
}

TEST(fpu_round_trip)
{
	const Vm vm;
	const Vcpu vcpu(vm);
	start(vm, vcpu, store_xmm);
	kvm_fpu fpu;
	KVM_CALL(vcpu.fd(), KVM_GET_FPU, &fpu);
	check_equal(fpu.fcw, 0x37f, "fcw of a new vCPU");
	// Where the host uses XSAVE, KVM_SET_FPU does not say that a part has left its initial
	// state: the guest's own instructions have to.
	run_to_report(vcpu);
	KVM_CALL(vcpu.fd(), KVM_GET_FPU, &fpu);
	fpu.fcw = 0x27f;
	for (unsigned i = 0; i < 16; i++) {
		fpu.xmm[5][i] = 0xc0 + i;
		fpu.xmm[15][i] = 0x30 + i;
	}
	KVM_CALL(vcpu.fd(), KVM_SET_FPU, &fpu);
	vcpu.run_to(KVM_EXIT_HLT);
	check_equal(memcmp(vm.memory(data_address), fpu.xmm[5], 16), 0,
		    "xmm5 in the guest differs");

	kvm_fpu found;
	KVM_CALL(vcpu.fd(), KVM_GET_FPU, &found);
	check_equal(found.fcw, fpu.fcw, "fcw");
	check_equal(memcmp(found.xmm[15], fpu.xmm[15], 16), 0, "xmm15 differs");
	for (unsigned i = 0; i < 16; i++)
		check_equal(found.xmm[6][i], 0xff, "a byte of xmm6, changed by the guest");
}

TEST(xsave_round_trip)
{
	const Vm vm;
	vm.need(KVM_CAP_XSAVE, "KVM_CAP_XSAVE");
	const Vcpu vcpu(vm);
	auto area = std::make_unique<kvm_xsave>();
	auto found = std::make_unique<kvm_xsave>();
	constexpr unsigned xstate_bv = 512 / 4, xmm3 = (160 + 3 * 16) / 4, mxcsr = 24 / 4;

	KVM_CALL(vcpu.fd(), KVM_GET_XSAVE, area.get());
	area->region[xstate_bv] |= 3;
	area->region[xmm3] = 0x99887766;
	area->region[mxcsr] = 0x1fc0;
	KVM_CALL(vcpu.fd(), KVM_SET_XSAVE, area.get());
	KVM_CALL(vcpu.fd(), KVM_GET_XSAVE, found.get());
	check_equal(found->region[xmm3], 0x99887766u, "xmm3");
	check_equal(found->region[mxcsr], 0x1fc0u, "mxcsr");
}

TEST(vcpu_events_round_trip)
{
	const Vm vm;
	vm.create_irqchip();
	const Vcpu vcpu(vm);
	start(vm, vcpu, two_nops);
	kvm_vcpu_events events = vcpu.events();
	check_equal(events.exception.injected, 0, "exception.injected of a new vCPU");
	check_equal(events.nmi.pending, 0, "nmi.pending of a new vCPU");

	events.flags = KVM_VCPUEVENT_VALID_NMI_PENDING | KVM_VCPUEVENT_VALID_SHADOW;
	events.nmi.pending = 1;
	events.nmi.masked = 1;
	events.interrupt.shadow = KVM_X86_SHADOW_INT_STI;
	vcpu.set(events);
	const kvm_vcpu_events found = vcpu.events();
	check_equal(found.nmi.pending, 1, "nmi.pending");
	check_equal(found.nmi.masked, 1, "nmi.masked");
	check_equal(found.interrupt.shadow, KVM_X86_SHADOW_INT_STI, "interrupt.shadow");

	events.nmi = {};
	events.interrupt.shadow = 0;
	events.exception.injected = 1;
	events.exception.nr = 13;
	events.exception.has_error_code = 1;
	events.exception.error_code = 0x5678;
	vcpu.set(events);
	check_equal(vcpu.events().exception.injected, 1, "exception.injected");
	const ExceptionRecord exception = run_to_exception(vm, vcpu);
	check_equal(exception.vector, 13u, "vector");
	check_equal(exception.error_code, 0x5678u, "error code");
	check_equal(exception.rip, code_address, "rip");
	check_equal(vcpu.events().exception.injected, 0, "exception.injected after its delivery");
}

TEST(interrupt_shadow_ends_after_one_instruction)
{
	const Vm vm;
	const Vcpu vcpu(vm);
	start(vm, vcpu, two_nops);
	kvm_vcpu_events events = vcpu.events();
	events.flags = KVM_VCPUEVENT_VALID_SHADOW;
	events.interrupt.shadow = KVM_X86_SHADOW_INT_MOV_SS;
	vcpu.set(events);
	check_equal(vcpu.events().interrupt.shadow, KVM_X86_SHADOW_INT_MOV_SS, "before");
	vcpu.run_to(KVM_EXIT_HLT);
	check_equal(vcpu.events().interrupt.shadow, 0, "after");
}

TEST(mp_state_round_trip)
{
	const Vm vm;
	vm.create_irqchip();
	const Vcpu first(vm, 0), second(vm, 1);
	check_equal(first.mp_state().mp_state, KVM_MP_STATE_RUNNABLE, "of vCPU 0");
	check_equal(second.mp_state().mp_state, KVM_MP_STATE_UNINITIALIZED, "of vCPU 1");
	for (std::uint32_t state : {KVM_MP_STATE_HALTED, KVM_MP_STATE_RUNNABLE}) {
		first.set_mp_state(state);
		check_equal(first.mp_state().mp_state, state, "as set");
	}
}

TEST(lapic_round_trip)
{
	constexpr unsigned id = 0x20, spurious = 0xf0, task_priority = 0x80;
	const Vm vm;
	vm.create_irqchip();
	const Vcpu vcpu(vm, 1);
	kvm_lapic_state apic;
	KVM_CALL(vcpu.fd(), KVM_GET_LAPIC, &apic);
	check_equal(+apic.regs[id + 3], 1, "the APIC's id");
	apic.regs[spurious] = static_cast<char>(0xab);
	apic.regs[spurious + 1] = 1;
	apic.regs[task_priority] = 0x30;
	KVM_CALL(vcpu.fd(), KVM_SET_LAPIC, &apic);
	kvm_lapic_state found;
	KVM_CALL(vcpu.fd(), KVM_GET_LAPIC, &found);
	check_equal(+found.regs[spurious], +apic.regs[spurious], "the spurious vector");
	check_equal(+found.regs[task_priority], +apic.regs[task_priority], "the task priority");
	check_equal(vcpu.sregs().cr8, 3u, "cr8");
}

TEST(registers_in_kvm_run)
{
	const Vm vm;
	if (!(extension(vm.fd(), KVM_CAP_SYNC_REGS) & KVM_SYNC_X86_REGS))
		tap::skip("KVM_CAP_SYNC_REGS does not offer the general registers");
	const Vcpu vcpu(vm);
	start(vm, vcpu, store_registers);
	kvm_run &run = vcpu.state();
	run.s.regs.regs = vcpu.regs();
	run.s.regs.regs.r9 = 0x9999;
	run.kvm_dirty_regs = KVM_SYNC_X86_REGS;
	run.kvm_valid_regs = KVM_SYNC_X86_REGS | KVM_SYNC_X86_SREGS;
	vcpu.run_to(KVM_EXIT_HLT);
	check_equal(vm.at<std::uint64_t>(data_address + 72), 0x9999u, "r9 in the guest");
	check_equal(run.s.regs.regs.rip, vcpu.regs().rip, "rip in kvm_run");
	check_equal(run.s.regs.sregs.cr3, vcpu.sregs().cr3, "cr3 in kvm_run");
}
