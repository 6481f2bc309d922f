// SPDX-License-Identifier: GPL-2.0-only
//
// Guests are pieces of assembly in the test's own source. start() puts one into the machine's
// memory and the vCPU into the mode the code is written for, with flat segments, a GDT, an IDT
// whose every gate records the exception, and in 64-bit mode the first 4 GiB mapped to themselves.
#pragma once

#include "vcpu.hpp"

// A number for the guest's assembler and for C++ alike.
#define GUEST_CONSTANT(name, value)                                                                \
	constexpr std::uint32_t name = value;                                                      \
	asm(".equ " #name ", " #value);

// GUEST_CODE(name, bits, text): a kvm::Code called name. Labels are local to the source file.
// The absolute address of a label is code_address + (label - name_begin).
#define GUEST_CODE(name, bits, text)                                                               \
	asm(".pushsection .rodata\n.balign 16\n"                                                   \
	    ".code" #bits "\n" #name "_begin:\n" text "\n" #name "_end:\n"                         \
	    ".code64\n"                                                                            \
	    ".popsection");                                                                        \
	extern "C" const char name##_begin[], name##_end[];                                        \
	static const kvm::Code name                                                                \
	{                                                                                          \
		name##_begin, name##_end, bits                                                     \
	}

// A label of the guest that the test wants the address of: name.at(label).
#define GUEST_LABEL(label) extern "C" const char label[]

namespace kvm {

// The guest's memory. Everything up to 64 KiB is in reach of real mode with segments at 0.
constexpr std::uint32_t gdt_address = 0x1000;
constexpr std::uint32_t tss_of_guest_address = 0x1800;
constexpr std::uint32_t idt_address = 0x2000;
constexpr std::uint32_t stubs_address = 0x3000;
constexpr std::uint32_t recorder_address = 0x4000;
constexpr std::uint32_t page_tables_address = 0x5000;
GUEST_CONSTANT(code_address, 0xc000)
constexpr std::uint32_t code_room = 0x2000;
GUEST_CONSTANT(record_address, 0x20000)
GUEST_CONSTANT(data_address, 0x21000)
GUEST_CONSTANT(data_segment, 0x2100)

// Nothing is here: reads and writes of the guest go to userspace.
GUEST_CONSTANT(mmio_address, 0x10000000)

// The guest writes to this port once it has recorded an exception.
GUEST_CONSTANT(exception_port, 0xff)
// For what the guest has to tell.
GUEST_CONSTANT(report_port, 0x10)

// In 64-bit code, INT with this vector comes straight back. Bochs 2.7 names the event before it if
// an EPT violation ends the delivery of a virtual interrupt, so guests that wait for interrupts
// touch what a delivery does first.
GUEST_CONSTANT(touch_vector, 0xfd)
#define TOUCH_DELIVERY "int $touch_vector\n"

GUEST_CONSTANT(selector_code32, 0x08)
GUEST_CONSTANT(selector_code64, 0x10)
GUEST_CONSTANT(selector_data, 0x18)
GUEST_CONSTANT(selector_user_data, 0x23)
GUEST_CONSTANT(selector_user_code64, 0x2b)
GUEST_CONSTANT(selector_tss, 0x38)

constexpr std::uint64_t cr0_pe = 1 << 0, cr0_mp = 1 << 1, cr0_et = 1 << 4, cr0_ne = 1 << 5,
			cr0_wp = 1 << 16, cr0_nw = 1 << 29, cr0_cd = 1 << 30, cr0_pg = 1ul << 31;
constexpr std::uint64_t cr4_pse = 1 << 4, cr4_pae = 1 << 5, cr4_osfxsr = 1 << 9,
			cr4_osxmmexcpt = 1 << 10, cr4_vmxe = 1 << 13, cr4_osxsave = 1 << 18;
constexpr std::uint64_t efer_sce = 1 << 0, efer_lme = 1 << 8, efer_lma = 1 << 10, efer_nx = 1 << 11;
constexpr std::uint64_t rflags_fixed = 1 << 1, rflags_tf = 1 << 8, rflags_if = 1 << 9;

struct Code {
	const char *begin, *end;
	unsigned bits;

	std::uint32_t at(const char *label) const
	{
		return code_address + static_cast<std::uint32_t>(label - begin);
	}
};

// What the IDT's gates leave behind at record_address.
struct ExceptionRecord {
	std::uint64_t vector, error_code, rip;
};

constexpr std::uint32_t stack_top(unsigned vcpu)
{
	return 0x10000 - 0x800 * vcpu;
}

// Puts the code and the tables it needs into memory.
void load(const Vm &vm, const Code &code);
// The vCPU's registers for code of that width, standing at the code's first instruction.
void enter(const Vcpu &vcpu, const Code &code);
inline void start(const Vm &vm, const Vcpu &vcpu, const Code &code)
{
	load(vm, code);
	enter(vcpu, code);
}

void set_rip(const Vcpu &vcpu, std::uint64_t rip);
// An interrupt or trap gate of the IDT, in 32- or 64-bit form.
void set_gate(const Vm &vm, unsigned bits, unsigned vector, std::uint32_t handler,
	      unsigned privilege = 0);

// SMM has an address space of its own: with the same memory.
void map_smram(const Vm &vm);
constexpr std::uint32_t smbase_msr = 0x9e, smbase = 0x60000;
// That, and 16-bit code that the vCPU's SMIs run. Skips without SMM.
void use_smm(const Vm &vm, const Vcpu &vcpu, const Code &handler);

// Runs until the guest reports through report_port and returns the value.
std::uint32_t run_to_report(const Vcpu &vcpu, tap::Where where = tap::Where::current());
// Runs until the guest has recorded an exception and returns what it saw.
ExceptionRecord run_to_exception(const Vm &vm, const Vcpu &vcpu,
				 tap::Where where = tap::Where::current());

} // namespace kvm
