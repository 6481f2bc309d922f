// SPDX-License-Identifier: GPL-2.0-only
//
// An L1 moves by way of a file: with an L2 that runs, with VMCSs that lie in memory, with regions
// of another revision than the vCPU was told of.
//
// How the halves of each case come together: harness/halves.hpp.
#include "harness/halves.hpp"
#include "harness/nested_ept.hpp"
#include "harness/nested_evmcs.hpp"
#include "harness/nested_image.hpp"

using namespace kvm;
using tap::check;
using tap::check_equal;
namespace field = vmx::field;
namespace vector = vmx::vector;
using vmx::EventType;
using vmx::Interruption;
using vmx::Reason;

namespace {

// Counts in rbx, xmm1 and memory, and tells of it by turns: to L0 and, by CPUID, to L1.
GUEST_CODE(counts, 64, R"(
0:	inc %ebx
	incl l2_data_address
	movd %xmm1, %eax
	inc %eax
	movd %eax, %xmm1
	mov %ebx, %eax
)" L2_REPORT R"(
	cpuid
	jmp 0b
)");
GUEST_CODE(vmcalls, 64, "0: vmcall\n jmp 0b");
GUEST_CODE(three_reports, 64,
	   "mov $1, %eax\n" L2_REPORT "mov $2, %eax\n" L2_REPORT "mov $3, %eax\n" L2_REPORT
	   "vmcall");
// Reads a field of the shadow VMCS, and writes another.
GUEST_CODE(uses_shadow, 64, R"(
	mov $1, %eax
)" L2_REPORT R"(
	mov $0x2010, %esi
	vmread %rsi, %rax
)" L2_REPORT R"(
	mov $0x6800, %esi
	mov $0x55, %edi
	vmwrite %rdi, %rsi
	vmread %rsi, %rax
)" L2_REPORT R"(
	vmcall
)");

constexpr std::uint32_t third_vmcs_address = 0xa0000;
constexpr std::uint64_t wrong_revision = 11; // a VM-instruction error

void count_on(L1 &l1, std::uint32_t from)
{
	for (std::uint32_t i = from; i < from + 3; i++) {
		expect(l1.go_on(), exits(Reason::cpuid), "L2 behind its report");
		check_equal(l1.l2().rbx, i, "rbx of L2");
		l1.expect_field(field::tsc_offset, 0x123456789ab);
		expect(l1.resume(), reports(i + 1), "L2 behind CPUID");
		check_equal(l1.at<std::uint32_t>(l2_data_address), i + 1, "L2's memory");
		// XMM1 of the legacy region.
		constexpr std::size_t xmm1 = (160 + 16) / sizeof(std::uint32_t);
		kvm_xsave xsave;
		KVM_CALL(l1.vcpu().fd(), KVM_GET_XSAVE, &xsave);
		check_equal(xsave.region[xmm1], i + 1, "xmm1 of L2");
	}
}

void start_counting(L1 &l1)
{
	l1.write(field::tsc_offset, 0x123456789ab);
	expect(l1.vmlaunch(), reports(1), "L2");
	count_on(l1, 1);
}

// Every field that can be written, in the order in which the processor counts them.
std::vector<FieldValue> writable_fields(L1 &l1)
{
	std::vector<FieldValue> found;
	for (std::uint32_t width = 0; width < 4; width++)
		for (std::uint32_t type = 0; type < 4; type++)
			for (std::uint32_t index = 0; index < 0x30; index++) {
				const std::uint32_t encoding =
					width << 13 | type << 10 | index << 1;
				std::uint64_t value;
				if (l1.vmwrite(encoding, 0) == succeeds() &&
				    l1.vmread(encoding, value) == succeeds())
					found.push_back({encoding, 0});
			}
	return found;
}

std::uint64_t pattern(std::uint32_t encoding, std::uint32_t salt)
{
	const std::uint64_t all = (encoding * 0x9e3779b97f4a7c15) ^ salt * 0xff51afd7ed558ccd;
	// Reserved bits of access rights need not be kept.
	if (encoding >= field::guest_es_access_rights.encoding &&
	    encoding <= field::guest_tr_access_rights.encoding)
		return all & 0x1f0ff;
	switch (encoding >> 13) {
	case 0:
		return all >> 48;
	case 2:
		return all >> 32;
	default:
		return all;
	}
}

void fill(L1 &l1, const std::vector<FieldValue> &fields, std::uint32_t salt)
{
	std::vector<FieldValue> all = fields;
	for (FieldValue &value : all)
		value.value = pattern(static_cast<std::uint32_t>(value.encoding), salt);
	check(!l1.write_fields(all), "a field was not written");
}

void expect_filled(L1 &l1, const std::vector<FieldValue> &fields, std::uint32_t salt)
{
	std::vector<FieldValue> all = fields;
	check(!l1.read_fields(all), "a field was not read");
	for (const FieldValue &value : all)
		check_equal(value.value, pattern(static_cast<std::uint32_t>(value.encoding), salt),
			    "field " + tap::hex(value.encoding));
}

std::uint32_t other_revision(const L1 &l1)
{
	return l1.revision() == legacy_revision ? enlightened_revision : legacy_revision;
}

} // namespace

TEST(live_l2)
{
	need_nested_state();
	if (saves()) {
		L1 l1;
		l1.prepare(counts);
		start_counting(l1);
		leave(l1, "live_l2");
	}
	arrive("live_l2", [](L1 &l1) { count_on(l1, 4); });
}

TEST(live_l2_with_ept)
{
	need_nested_state();
	if (saves()) {
		L1 l1;
		l1.prepare(counts);
		use(l1, Ept(l1));
		start_counting(l1);
		leave(l1, "live_l2_with_ept");
	}
	arrive("live_l2_with_ept", [](L1 &l1) { count_on(l1, 4); });
}

// In L1, which has handled an exit and not resumed.
TEST(in_l1)
{
	need_nested_state();
	if (saves()) {
		L1 l1;
		l1.prepare(vmcalls);
		l1.write(field::tsc_offset, 0x77);
		expect(l1.vmlaunch(), exits(Reason::vmcall), "L2");
		leave(l1, "in_l1");
	}
	arrive("in_l1", [](L1 &l1) {
		l1.expect_field(field::exit_reason, static_cast<std::uint64_t>(Reason::vmcall));
		l1.expect_field(field::tsc_offset, 0x77);
		expect(l1.vmlaunch(), fails(4), "VMLAUNCH of a launched VMCS");
		expect(l1.vmresume(), exits(Reason::vmcall), "VMRESUME");
	});
}

// One VMCS is current and not launched, one was launched and is not current, one was launched and
// cleared.
TEST(vmcs_asleep)
{
	need_nested_state();
	if (saves()) {
		L1 l1;
		l1.prepare(vmcalls);
		l1.write(field::tsc_offset, 0x1111);
		expect(l1.vmlaunch(), exits(Reason::vmcall), "the first");
		l1.write_default_vmcs(other_vmcs_address);
		l1.write(field::tsc_offset, 0x2222);
		expect(l1.vmlaunch(), exits(Reason::vmcall), "the second");
		expect(l1.vmclear(other_vmcs_address), succeeds(), "VMCLEAR of the second");
		l1.write_default_vmcs(third_vmcs_address);
		l1.write(field::tsc_offset, 0x3333);
		leave(l1, "vmcs_asleep");
	}
	arrive("vmcs_asleep", [](L1 &l1) {
		l1.expect_field(field::tsc_offset, 0x3333);
		expect(l1.vmresume(), fails(5), "VMRESUME of a clear VMCS");
		expect(l1.vmlaunch(), exits(Reason::vmcall), "VMLAUNCH of the current VMCS");
		expect(l1.vmptrld(vmcs_address), succeeds(), "VMPTRLD of the first");
		l1.expect_field(field::tsc_offset, 0x1111);
		expect(l1.vmlaunch(), fails(4), "VMLAUNCH of the first, launched long ago");
		expect(l1.vmresume(), exits(Reason::vmcall), "VMRESUME of the first");
		expect(l1.vmptrld(other_vmcs_address), succeeds(), "VMPTRLD of the second");
		l1.expect_field(field::tsc_offset, 0x2222);
		expect(l1.vmresume(), fails(5), "VMRESUME of the second, which was cleared");
		expect(l1.vmlaunch(), exits(Reason::vmcall), "VMLAUNCH of the second");
	});
}

// The values of all fields, in the current VMCS and in one that lies in memory.
TEST(every_field)
{
	need_nested_state();
	if (saves()) {
		L1 l1;
		l1.prepare(vmcalls);
		const std::vector<FieldValue> fields = writable_fields(l1);
		check(fields.size() > 100, "fewer than 100 fields can be written");
		fill(l1, fields, 1);
		l1.write_default_vmcs(other_vmcs_address);
		fill(l1, fields, 2);
		leave(l1, "every_field");
	}
	arrive("every_field", [](L1 &l1) {
		// What the fields are is asked of a machine of its own, which this module knows.
		L1 another;
		another.prepare(vmcalls);
		const std::vector<FieldValue> fields = writable_fields(another);
		expect_filled(l1, fields, 2);
		expect(l1.vmptrld(vmcs_address), succeeds(), "VMPTRLD of the one in memory");
		expect_filled(l1, fields, 1);
	});
}

TEST(shadow_vmcs)
{
	need_nested_state();
	if (saves()) {
		L1 l1;
		l1.prepare(uses_shadow);
		l1.set(vmx::secondary::vmcs_shadowing);
		l1.write_default_vmcs(shadow_vmcs_address);
		l1.write(field::tsc_offset, 0x4444);
		expect(l1.vmclear(shadow_vmcs_address), succeeds(), "VMCLEAR");
		l1.at<std::uint32_t>(shadow_vmcs_address) = l1.revision() | 1u << 31;
		expect(l1.vmptrld(vmcs_address), succeeds(), "VMPTRLD");
		l1.write(field::vmread_bitmap, vmread_bitmap_address);
		l1.write(field::vmwrite_bitmap, vmwrite_bitmap_address);
		l1.write(field::vmcs_link_pointer, shadow_vmcs_address);
		expect(l1.vmlaunch(), reports(1), "L2");
		leave(l1, "shadow_vmcs");
	}
	arrive("shadow_vmcs", [](L1 &l1) {
		expect(l1.go_on(), reports(0x4444), "L2's VMREAD of the shadow VMCS");
		expect(l1.go_on(), reports(0x55), "L2's VMWRITE to the shadow VMCS");
		expect(l1.go_on(), exits(Reason::vmcall), "L2 at its end");
		expect(l1.vmptrld(third_vmcs_address), fails(wrong_revision), "VMPTRLD of nothing");
	});
}

// An interrupt that L0 was about to deliver to L2.
TEST(event_on_its_way)
{
	need_nested_state();
	if (saves()) {
		L1 l1;
		l1.prepare(three_reports);
		expect(l1.vmlaunch(), reports(1), "L2");
		kvm_vcpu_events events = l1.vcpu().events();
		events.interrupt.injected = 1;
		events.interrupt.nr = 0x55;
		l1.vcpu().set(events);
		leave(l1, "event_on_its_way");
	}
	arrive("event_on_its_way", [](L1 &l1) {
		expect(l1.go_on(), faults(0x55), "the interrupt");
		expect(l1.go_on(), reports(2), "L2");
	});
}

// Regions of two revisions in one machine: the vCPU's own in memory, and L2 running on the other.
TEST(other_revision_is_current)
{
	need_nested_state();
	if (saves()) {
		L1 l1;
		if (!knows_revision(other_revision(l1)))
			tap::skip("the module knows one revision");
		l1.prepare(vmcalls);
		l1.write(field::tsc_offset, 0x1111);
		expect(l1.vmlaunch(), exits(Reason::vmcall), "the vCPU's own");
		l1.load_l2(counts);
		l1.write_default_vmcs(other_vmcs_address, other_revision(l1));
		start_counting(l1);
		leave(l1, "other_revision_is_current");
	}
	arrive("other_revision_is_current", [](L1 &l1) {
		count_on(l1, 4);
		expect(l1.go_on(), exits(Reason::cpuid), "L2");
		l1.load_l2(vmcalls);
		expect(l1.vmptrld(vmcs_address), succeeds(), "VMPTRLD of the vCPU's own");
		l1.expect_field(field::tsc_offset, 0x1111);
		expect(l1.vmresume(), exits(Reason::vmcall), "VMRESUME of the vCPU's own");
		check_equal(l1.at<std::uint32_t>(other_vmcs_address), other_revision(l1),
			    "the region's revision");
		expect(l1.vmptrld(other_vmcs_address), succeeds(), "VMPTRLD of the other");
		l1.expect_field(field::tsc_offset, 0x123456789ab);
	});
}

TEST(other_revision_is_asleep)
{
	need_nested_state();
	if (saves()) {
		L1 l1;
		if (!knows_revision(other_revision(l1)))
			tap::skip("the module knows one revision");
		l1.prepare(vmcalls);
		l1.write_default_vmcs(other_vmcs_address, other_revision(l1));
		l1.write(field::tsc_offset, 0x2222);
		expect(l1.vmlaunch(), exits(Reason::vmcall), "the other");
		l1.write_default_vmcs(third_vmcs_address, other_revision(l1));
		l1.write(field::tsc_offset, 0x3333);
		expect(l1.vmclear(third_vmcs_address), succeeds(), "VMCLEAR");
		expect(l1.vmptrld(vmcs_address), succeeds(), "VMPTRLD of the vCPU's own");
		l1.load_l2(counts);
		start_counting(l1);
		leave(l1, "other_revision_is_asleep");
	}
	arrive("other_revision_is_asleep", [](L1 &l1) {
		count_on(l1, 4);
		expect(l1.go_on(), exits(Reason::cpuid), "L2");
		l1.load_l2(vmcalls);
		if (!knows_revision(other_revision(l1))) {
			expect(l1.vmptrld(other_vmcs_address), fails(wrong_revision),
			       "VMPTRLD of a revision that the module does not know");
			expect(l1.vmptrld(vmcs_address), succeeds(), "VMPTRLD of its own");
			return;
		}
		expect(l1.vmptrld(other_vmcs_address), succeeds(), "VMPTRLD of the launched one");
		l1.expect_field(field::tsc_offset, 0x2222);
		expect(l1.vmresume(), exits(Reason::vmcall), "VMRESUME of the launched one");
		expect(l1.vmptrld(third_vmcs_address), succeeds(), "VMPTRLD of the cleared one");
		l1.expect_field(field::tsc_offset, 0x3333);
		expect(l1.vmlaunch(), exits(Reason::vmcall), "VMLAUNCH of the cleared one");
	});
}
