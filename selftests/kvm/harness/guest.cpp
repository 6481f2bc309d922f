// SPDX-License-Identifier: GPL-2.0-only
#include "guest.hpp"

// The gates' stubs push an error code where the CPU pushes none, then their vector, and come here.
// The host may change the return address on the stack before it lets the guest go on.
GUEST_CODE(recorder32, 32, R"(
	popl record_address
	popl record_address + 8
	pushl (%esp)
	popl record_address + 16
	push %eax
	mov record_address, %eax
	out %eax, $exception_port
	pop %eax
	iretl
)");

GUEST_CODE(recorder64, 64, R"(
	popq record_address
	popq record_address + 8
	pushq (%rsp)
	popq record_address + 16
	push %rax
	mov record_address, %eax
	out %eax, $exception_port
	pop %rax
	iretq
)");

GUEST_CODE(return64, 64, "iretq");

namespace kvm {

namespace {

constexpr unsigned vectors = 256, stub_size = 16;
// Behind the recorder.
constexpr std::uint32_t return_address = recorder_address + 0x100;

kvm_segment segment(std::uint16_t selector, unsigned type, unsigned privilege)
{
	kvm_segment flat = {};
	flat.selector = selector;
	flat.limit = 0xffffffff;
	flat.type = type;
	flat.present = 1;
	flat.dpl = privilege;
	flat.s = 1;
	flat.g = 1;
	flat.db = 1;
	return flat;
}

// SDM, "Code- and Data-Segment Descriptor Types": read/write data and execute/read code, accessed.
constexpr unsigned type_data = 3, type_code = 11, type_tss_busy = 11;

kvm_segment data_of(unsigned privilege)
{
	return segment(privilege ? selector_user_data : selector_data, type_data, privilege);
}

kvm_segment code_of(unsigned bits, unsigned privilege)
{
	const std::uint16_t selector = bits == 32  ? selector_code32
				       : privilege ? selector_user_code64
						   : selector_code64;
	kvm_segment code = segment(selector, type_code, privilege);
	code.l = bits == 64;
	code.db = bits == 32;
	return code;
}

kvm_segment task()
{
	kvm_segment tss = {};
	tss.base = tss_of_guest_address;
	tss.limit = 103;
	tss.selector = selector_tss;
	tss.type = type_tss_busy;
	tss.present = 1;
	return tss;
}

std::uint64_t descriptor(const kvm_segment &s)
{
	const std::uint64_t limit = s.g ? s.limit >> 12 : s.limit, base = s.base;
	return (limit & 0xffff) | (base & 0xffffff) << 16 | std::uint64_t{s.type} << 40 |
	       std::uint64_t{s.s} << 44 | std::uint64_t{s.dpl} << 45 |
	       std::uint64_t{s.present} << 47 | (limit >> 16) << 48 | std::uint64_t{s.l} << 53 |
	       std::uint64_t{s.db} << 54 | std::uint64_t{s.g} << 55 | (base >> 24 & 0xff) << 56;
}

void put_gdt(const Vm &vm)
{
	const auto put = [&vm](const kvm_segment &s) {
		vm.at<std::uint64_t>(gdt_address + (s.selector & ~7)) = descriptor(s);
	};
	put(code_of(32, 0));
	put(code_of(64, 0));
	put(data_of(0));
	put(data_of(3));
	put(code_of(64, 3));
	put(task());
	// Stack for an interrupt that comes at privilege level 3: RSP0 or ESP0 and SS0.
	vm.at<std::uint32_t>(tss_of_guest_address + 4) = stack_top(3);
}

bool has_error_code(unsigned vector)
{
	return vector == 8 || (vector >= 10 && vector <= 14) || vector == 17 || vector == 21;
}

void put_stub(const Vm &vm, unsigned vector)
{
	std::uint32_t at = stubs_address + vector * stub_size;
	if (!has_error_code(vector)) {
		vm.at<std::uint8_t>(at++) = 0x6a; // push $0
		vm.at<std::uint8_t>(at++) = 0;
	}
	vm.at<std::uint8_t>(at++) = 0x68; // push $vector
	vm.at<std::uint32_t>(at) = vector;
	at += 4;
	vm.at<std::uint8_t>(at++) = 0xe9; // jmp recorder
	vm.at<std::uint32_t>(at) = recorder_address - (at + 4);
}

void put_idt(const Vm &vm, unsigned bits)
{
	const Code &recorder = bits == 64 ? recorder64 : recorder32;
	memcpy(vm.memory(recorder_address), recorder.begin, recorder.end - recorder.begin);
	memcpy(vm.memory(return_address), return64.begin, return64.end - return64.begin);
	for (unsigned vector = 0; vector < vectors; vector++) {
		put_stub(vm, vector);
		set_gate(vm, bits, vector, stubs_address + vector * stub_size);
	}
	if (bits == 64)
		set_gate(vm, bits, touch_vector, return_address);
}

void put_page_tables(const Vm &vm)
{
	constexpr std::uint64_t present_writable_user = 7, large = 1 << 7;
	constexpr std::uint32_t pml4 = page_tables_address, pdpt = pml4 + page_size,
				directories = pdpt + page_size;

	vm.at<std::uint64_t>(pml4) = pdpt | present_writable_user;
	for (std::uint64_t gib = 0; gib < 4; gib++)
		vm.at<std::uint64_t>(pdpt + gib * 8) =
			(directories + gib * page_size) | present_writable_user;
	for (std::uint64_t i = 0; i < 4 * 512; i++)
		vm.at<std::uint64_t>(directories + i * 8) = i << 21 | present_writable_user | large;
}

void enter_real(kvm_sregs &sregs)
{
	for (kvm_segment *s : {&sregs.cs, &sregs.ds, &sregs.es, &sregs.fs, &sregs.gs, &sregs.ss}) {
		s->base = 0;
		s->selector = 0;
	}
}

void enter_flat(kvm_sregs &sregs, unsigned bits)
{
	sregs.cs = code_of(bits, 0);
	sregs.ds = sregs.es = sregs.fs = sregs.gs = sregs.ss = data_of(0);
	sregs.tr = task();
	sregs.gdt.base = gdt_address;
	sregs.gdt.limit = selector_tss + 15;
	sregs.idt.base = idt_address;
	sregs.idt.limit = vectors * (bits / 4) - 1;
	sregs.cr0 = cr0_pe | cr0_mp | cr0_et | cr0_ne;
	sregs.cr4 = cr4_osfxsr | cr4_osxmmexcpt;
	if (bits == 64) {
		sregs.cr0 |= cr0_pg | cr0_wp;
		sregs.cr3 = page_tables_address;
		sregs.cr4 |= cr4_pae;
		sregs.efer |= efer_lme | efer_lma;
	}
}

} // namespace

void set_gate(const Vm &vm, unsigned bits, unsigned vector, std::uint32_t handler,
	      unsigned privilege)
{
	constexpr std::uint64_t present_interrupt_gate = 0x8e;
	const std::uint64_t selector = bits == 64 ? selector_code64 : selector_code32;
	const std::uint32_t at = idt_address + vector * (bits / 4);

	vm.at<std::uint64_t>(at) = (handler & 0xffff) | selector << 16 |
				   (present_interrupt_gate | privilege << 5) << 40 |
				   std::uint64_t{handler} >> 16 << 48;
	if (bits == 64)
		vm.at<std::uint64_t>(at + 8) = 0;
}

void load(const Vm &vm, const Code &code)
{
	const std::size_t size = code.end - code.begin;
	tap::check(size <= code_room, "the guest's code is longer than its place");
	memcpy(vm.memory(code_address), code.begin, size);
	if (code.bits == 16)
		return;
	put_gdt(vm);
	put_idt(vm, code.bits);
	if (code.bits == 64)
		put_page_tables(vm);
}

void map_smram(const Vm &vm)
{
	constexpr std::uint32_t address_space_of_smm = 1 << 16;
	vm.set_slot(address_space_of_smm, 0, vm.memory_size(), vm.memory());
}

void use_smm(const Vm &vm, const Vcpu &vcpu, const Code &handler)
{
	vm.need(KVM_CAP_X86_SMM, "KVM_CAP_X86_SMM");
	map_smram(vm);
	vcpu.set_msr(smbase_msr, smbase);
	memcpy(vm.memory(smbase + 0x8000), handler.begin, handler.end - handler.begin);
}

void enter(const Vcpu &vcpu, const Code &code)
{
	kvm_sregs sregs = vcpu.sregs();
	if (code.bits == 16)
		enter_real(sregs);
	else
		enter_flat(sregs, code.bits);
	vcpu.set(sregs);

	kvm_regs regs = {};
	regs.rip = code_address;
	// 16 below the top: in real mode sp has 16 bits and 0x10000 would be 0.
	regs.rsp = stack_top(vcpu.id()) - 16;
	// Bochs 2.7 takes no exit for an external interrupt while the guest has IF clear: neither a
	// signal nor the case's clock would stop a guest that spins. Nothing is injected by this.
	regs.rflags = rflags_fixed | rflags_if;
	vcpu.set(regs);
}

void set_rip(const Vcpu &vcpu, std::uint64_t rip)
{
	kvm_regs regs = vcpu.regs();
	regs.rip = rip;
	vcpu.set(regs);
}

namespace {

// The value that the guest wrote to this port.
std::uint32_t run_to_port(const Vcpu &vcpu, std::uint16_t port, tap::Where where)
{
	vcpu.run_to(KVM_EXIT_IO, where);
	const auto &io = vcpu.state().io;
	std::uint32_t value = 0;
	memcpy(&value, vcpu.shared(io.data_offset), io.size);
	if (io.port != port || io.direction != KVM_EXIT_IO_OUT)
		tap::fail("expected an out to port " + tap::hex(port) + ", found " +
				  (io.port == exception_port ? "exception " + tap::hex(value)
							     : vcpu.describe_exit()),
			  where);
	return value;
}

} // namespace

std::uint32_t run_to_report(const Vcpu &vcpu, tap::Where where)
{
	return run_to_port(vcpu, report_port, where);
}

ExceptionRecord run_to_exception(const Vm &vm, const Vcpu &vcpu, tap::Where where)
{
	run_to_port(vcpu, exception_port, where);
	return {vm.at<std::uint64_t>(record_address), vm.at<std::uint64_t>(record_address + 8),
		vm.at<std::uint64_t>(record_address + 16)};
}

} // namespace kvm
