// SPDX-License-Identifier: GPL-2.0-only
//
// A row of the benchmark: a guest that times one thing again and again. Each is a case of the
// harness, so a name on the command line picks it.
#pragma once

#include "harness/guest.hpp"

namespace bench {

GUEST_CONSTANT(iterations, 1000)

// A 32-bit word for each iteration: by how much the TSC went on.
GUEST_CONSTANT(results_address, 0x60000)

// Three words: iterations that have an xchg %bx, %bx around them, counted from `iterations` down.
// 0: none.
GUEST_CONSTANT(mark_address, 0x60ff0)

// Of a row's handler that takes interrupts.
GUEST_CONSTANT(irq_vector, 0x51)

// Writes there are for an eventfd: of any length, or of four bytes.
GUEST_CONSTANT(any_eventfd_address, 0x10010000)
GUEST_CONSTANT(long_eventfd_address, 0x10020000)
GUEST_CONSTANT(eventfd_port, 0x70)
// The eventfd of a write there sends an MSI with irq_vector.
GUEST_CONSTANT(message_port, 0x77)
// Answered by the benchmark.
GUEST_CONSTANT(userspace_port, 0x71)
// The benchmark does something before it answers: a KVM_RUN with immediate_exit, an MSI or an edge
// of irq_gsi for irq_vector, the slot of the untouched memory anew, its dirty log taken.
GUEST_CONSTANT(immediate_exit_port, 0x72)
GUEST_CONSTANT(msi_port, 0x73)
GUEST_CONSTANT(irq_line_port, 0x74)
GUEST_CONSTANT(new_slot_port, 0x75)
GUEST_CONSTANT(harvest_port, 0x78)
// An eventfd that a thread waits for, which runs when the vCPU sleeps and then sends irq_vector.
GUEST_CONSTANT(wake_port, 0x76)
// The I/O APIC alone has it.
GUEST_CONSTANT(irq_gsi, 20)
// Memory, a page for each iteration, that the guest has not touched yet.
GUEST_CONSTANT(untouched_address, 0x40000000)

enum class Machine {
	bare,	   // no device in the kernel, so that MOV CR8 exits
	apic,	   // APIC, PIC and PIT in the kernel
	message,   // and an eventfd that sends a message
	two_apics, // and a second vCPU, which takes interrupts and does not run
	waker,	   // and a thread behind wake_port
};

// Whether an iteration that takes no exit is none to be counted.
enum class Exits { always, maybe };

// How the module is loaded for a row, which decides what exits at all: as it is by default, with
// ept=0, enable_shadow_vmcs=0 or pml=0, and with virtual-interrupt delivery, for which the lab's
// CPU needs require_posted_interrupts=0.
enum class Pass { ept, shadow_paging, no_shadow_vmcs, no_pml, apicv };

struct Row {
	const kvm::Code &code;
	const char *title;
	Machine machine = Machine::apic;
	Pass pass = Pass::ept;
	Exits exits = Exits::always;
	unsigned vector = 0; // whose gate leads to `handler`
	const char *handler = nullptr;
	bool logged = false;	  // writes to untouched memory go to the dirty log
	bool single_step = false; // by the host's debugger, all the way
	bool xsave = false;	  // for a guest that has XSAVE
};

// Runs the row and prints '# row: NAME<tab>PASS<tab>TITLE<tab>MIN<tab>MEDIAN<tab>EXITS': TSC
// ticks of one iteration, and how many exits it took.
void measure(const char *name, const Row &row);

} // namespace bench

// Setup runs once; before, timed and after run `iterations` times. The TSC counts `timed` and two
// instructions of its own. r13 to r15 are taken, eax and edx lost when the timing begins. The marks
// are for an emulator that traces (scripts/vm run --trace).
#define MARK                                                                                       \
	"	cmp mark_address, %r15d\n"                                                               \
	"	je 97f\n"                                                                                \
	"	cmp mark_address + 4, %r15d\n"                                                           \
	"	je 97f\n"                                                                                \
	"	cmp mark_address + 8, %r15d\n"                                                           \
	"	jne 98f\n"                                                                               \
	"97:\n"                                                                                    \
	"	xchg %bx, %bx\n"                                                                         \
	"98:\n"
#define TIMED_GUEST(name, setup, before, timed, after, handler)                                    \
	GUEST_CODE(name##_guest, 64,                                                               \
		   setup "\n" TOUCH_DELIVERY "	mov $iterations, %r15d\n"                           \
			 "	mov $results_address, %r14d\n"                                          \
			 "99:\n" before "\n" MARK "	rdtsc\n"                                       \
			 "	mov %eax, %r13d\n" timed "\n"                                      \
			 "	rdtsc\n"                                                                \
			 "	sub %r13d, %eax\n" MARK "	mov %eax, (%r14)\n"                      \
			 "	add $4, %r14\n" after "\n"                                         \
			 "	dec %r15d\n"                                                            \
			 "	jnz 99b\n"                                                              \
			 "	out %eax, $report_port\n" #name "_handler:\n" handler);            \
	GUEST_LABEL(name##_handler)

#define ROW(name, ...)                                                                             \
	static const bench::Row name##_row{.code = name##_guest, __VA_ARGS__};                     \
	TEST(name)                                                                                 \
	{                                                                                          \
		bench::measure(#name, name##_row);                                                 \
	}                                                                                          \
	static_assert(true)
// NAME_PASS: that row in another pass.
#define ROW_AGAIN(name, in, which)                                                                 \
	TEST(name##_##in)                                                                          \
	{                                                                                          \
		bench::Row row = name##_row;                                                       \
		row.pass = bench::Pass::in;                                                        \
		row.exits = bench::Exits::which;                                                   \
		bench::measure(#name "_" #in, row);                                                \
	}                                                                                          \
	static_assert(true)

// The MSRs of an x2APIC are its registers (SDM, "x2APIC Register Address Space").
#define WRITE_MSR(msr, high, low)                                                                  \
	"	mov $" #msr ", %ecx\n"                                                             \
	"	mov $" #high ", %edx\n"                                                            \
	"	mov $" #low ", %eax\n"                                                             \
	"	wrmsr\n"
#define X2APIC_ON                                                                                  \
	"	mov $0x1b, %ecx\n"                                                                       \
	"	rdmsr\n"                                                                                 \
	"	or $0x400, %eax\n"                                                                       \
	"	wrmsr\n" WRITE_MSR(0x80f, 0, 0x1ff)
