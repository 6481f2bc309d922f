// SPDX-License-Identifier: GPL-2.0-only
#include "core/apic/x2apic_msrs.hpp"

#include "core/decode/qualification.hpp"
#include "unit.hpp"
#include "vmx/posted_interrupt.hpp"

using namespace vmx;
using apic::X2apicVirtualization;

namespace {

constexpr apic::Freedom no_exit{true, true}, read_only{true, false}, write_only{false, true},
	exits{false, false};

unsigned free_reads(X2apicVirtualization how)
{
	unsigned count = 0;

	for (u32 index = 0; index < apic::x2apic_msr_count; ++index)
		count += x2apic_freedom(index, how).read;
	return count;
}

unsigned free_writes(X2apicVirtualization how)
{
	unsigned count = 0;

	for (u32 index = 0; index < apic::x2apic_msr_count; ++index)
		count += x2apic_freedom(index, how).write;
	return count;
}

} // namespace

TEST(x2apic_msrs)
{
	using enum X2apicVirtualization;

	EXPECT_EQ(free_reads(none), 0u);
	EXPECT_EQ(free_writes(none), 0u);

	EXPECT(x2apic_freedom(0x08, task_priority) == no_exit);
	EXPECT_EQ(free_reads(task_priority), 1u);
	EXPECT_EQ(free_writes(task_priority), 1u);

	EXPECT(x2apic_freedom(0x08, registers) == no_exit);
	EXPECT(x2apic_freedom(0x0b, registers) == write_only);
	EXPECT(x2apic_freedom(0x3f, registers) == write_only);
	EXPECT(x2apic_freedom(0x30, registers) == read_only);
	EXPECT(x2apic_freedom(0x39, registers) == exits); // the current count
	EXPECT(x2apic_freedom(0x2f, registers) == exits); // CMCI
	EXPECT(x2apic_freedom(0x09, registers) == exits); // no such register
	EXPECT(x2apic_freedom(0x31, registers) == exits); // ICR's upper half is no MSR
	EXPECT_EQ(free_reads(registers), 10u + 24 + 6);
	EXPECT_EQ(free_writes(registers), 3u);

	EXPECT(x2apic_freedom(0x30, ipis) == no_exit);
	EXPECT_EQ(free_reads(ipis), free_reads(registers));
	EXPECT_EQ(free_writes(ipis), 4u);
}

TEST(interrupt_status)
{
	constexpr apic::InterruptStatus status{0x3141};

	EXPECT_EQ(status.requested(), 0x41u);
	EXPECT_EQ(status.in_service(), 0x31u);
	EXPECT_EQ(status.with_requested(0x52).raw, 0x3152u);
	EXPECT_EQ(status.with_requested(-1).raw, 0x3100u);
	EXPECT_EQ(status.with_in_service(0xff).raw, 0xff41u);
	EXPECT_EQ(status.with_in_service(-1).raw, 0x41u);
}

TEST(apic_access_qualification)
{
	using decode::ApicAccess;

	// An instruction's linear write to EOI.
	constexpr auto eoi = ApicAccess::decode(0x10b0);
	static_assert(eoi.offset == apic::eoi && eoi.is_write() && eoi.by_instruction());
	constexpr auto read = ApicAccess::decode(0x0080);
	static_assert(read.offset == apic::tpr && !read.is_write() && read.by_instruction());
	static_assert(!ApicAccess::decode(0x20b0).is_write());
	static_assert(!ApicAccess::decode(0x20b0).by_instruction());
	static_assert(!ApicAccess::decode(0x3000).by_instruction());
	static_assert(!ApicAccess::decode(0xa000).by_instruction());
	static_assert(!ApicAccess::decode(0xf0b0).is_write());
	EXPECT_EQ(ApicAccess::decode(0xffff1ff0).offset, 0xff0u);
}

TEST(posted_interrupt_descriptor)
{
	PostedInterruptDescriptor d{};

	EXPECT(!d.has_requests() && !d.outstanding() && !d.suppressed());
	EXPECT_EQ(d.highest_request(), 0u);
	EXPECT(!d.request(0x41));
	EXPECT_EQ(d.highest_request(), 0x41u);
	EXPECT(d.request(0x41));
	EXPECT_EQ(d.requests[1], bit(1));
	EXPECT(!d.request(255));
	EXPECT_EQ(d.requests[3], bit(63));
	EXPECT_EQ(d.highest_request(), 255u);
	EXPECT(d.has_requests());

	EXPECT(!d.set_outstanding());
	EXPECT(d.set_outstanding());
	EXPECT(d.redirect(0xf2, 0x12345678));
	EXPECT(d.outstanding());
	EXPECT_EQ(d.notification_vector(), 0xf2u);
	EXPECT_EQ(d.destination(), 0x12345678u);
	d.set_suppressed();
	EXPECT(d.suppressed());
	EXPECT_EQ(d.control, u64{0x12345678} << 32 | u64{0xf2} << 16 | 3);

	d.clear_outstanding();
	EXPECT(!d.outstanding() && d.suppressed() && d.has_requests());
	EXPECT(!d.redirect(0xf1, 1)); // also ends the suppression
	EXPECT(!d.suppressed());
	EXPECT_EQ(d.destination(), 1u);

	d.set_outstanding();
	d.forget_requests();
	EXPECT(!d.has_requests() && !d.outstanding());
	EXPECT_EQ(d.notification_vector(), 0xf1u);
}

SUITE(apic, x2apic_msrs, interrupt_status, apic_access_qualification, posted_interrupt_descriptor);
