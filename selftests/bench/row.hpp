// SPDX-License-Identifier: GPL-2.0-only
//
// A row of the benchmark: a guest that times one thing again and again. Each is a case of the
// harness, so a name on the command line picks it.
#pragma once

#include "harness/guest.hpp"

namespace bench {

// Once more than what the smallest slot of memory for first touches needs is not possible: it has a
// page for each.
GUEST_CONSTANT(iterations, 1000)

// A 32-bit word for each iteration: the difference of the TSC.
GUEST_CONSTANT(results_address, 0x30000)

// Of the guest's handler, where the row has one.
GUEST_CONSTANT(irq_vector, 0x51)

// Answered by eventfds; memory that the guest has not touched yet.
GUEST_CONSTANT(fast_eventfd_address, 0x10010000)
GUEST_CONSTANT(eventfd_address, 0x10020000)
GUEST_CONSTANT(untouched_address, 0x40000000)
GUEST_CONSTANT(eventfd_port, 0x70)
// Answered by the benchmark.
GUEST_CONSTANT(userspace_port, 0x71)

enum class Machine {
	bare,	// no device in the kernel, so that MOV CR8 exits
	apic,	// APIC, PIC and PIT in the kernel
};

// Under which page tables of the host the row means something.
enum class Paging { ept, shadow };

struct Row {
	const char *title;
	const kvm::Code &code;
	Machine machine = Machine::apic;
	Paging paging = Paging::ept;
	unsigned vector = 0;		// whose gate leads to the handler, if there is one
	const char *handler = nullptr;
};

// Runs the row and prints it as '# row: NAME<tab>PAGING<tab>TITLE<tab>MIN<tab>MEDIAN<tab>EXITS'.
void measure(const char *name, const Row &row);

} // namespace bench

// TIMED_GUEST(name, setup, before, timed, after): setup once; then iterations times before, timed
// and after, of which the TSC counts timed and two instructions of its own. r13 to r15 are taken,
// eax and edx are lost where the timing begins.
#define TIMED_GUEST(name, setup, before, timed, after)                                      \
	GUEST_CODE(name##_guest, 64,                                                        \
		   setup "\n"                                                               \
			 "	mov $iterations, %r15d\n"                                   \
			 "	mov $results_address, %r14d\n"                              \
			 "99:\n" before "\n"                                                \
			 "	rdtsc\n"                                                    \
			 "	mov %eax, %r13d\n" timed "\n"                               \
			 "	rdtsc\n"                                                    \
			 "	sub %r13d, %eax\n"                                          \
			 "	mov %eax, (%r14)\n"                                         \
			 "	add $4, %r14\n" after "\n"                                  \
			 "	dec %r15d\n"                                                \
			 "	jnz 99b\n"                                                  \
			 "	out %eax, $report_port\n" #name "_handler:\n")

// A guest that has a handler adds it here, right behind TIMED_GUEST's code.
#define ROW(name, ...)                                                                      \
	static const bench::Row name##_row{ __VA_ARGS__ };                                  \
	TEST(name)                                                                          \
	{                                                                                   \
		bench::measure(#name, name##_row);                                          \
	}                                                                                   \
	static_assert(true)
