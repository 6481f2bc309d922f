// SPDX-License-Identifier: GPL-2.0-only
//
// L1's EPT and VPIDs: violations and misconfigurations, permissions, page sizes, accessed and dirty
// flags, INVEPT and INVVPID, PML, EPTP switching (SDM, chapter "VMX Support for Address
// Translation").
#include "harness/nested_ept.hpp"

using namespace kvm;
using tap::check;
using tap::check_equal;
namespace field = vmx::field;
namespace vector = vmx::vector;
using vmx::Msr;
using vmx::Reason;

namespace {

GUEST_CODE(load_code, 64, "0: mov (%rbx), %rax\n vmcall\n jmp 0b");
GUEST_CODE(store_code, 64, "0: mov %rcx, (%rbx)\n vmcall\n jmp 0b");
GUEST_CODE(jump_code, 64, "jmp *%rbx\n");
GUEST_CODE(write_twice, 64, "mov %rcx, (%rbx)\n mov %rcx, (%rdx)\n vmcall");
GUEST_CODE(read_and_tell, 64, "0: mov (%rbx), %rax\n" L2_REPORT "jmp 0b");
L1_CODE(load_in_l1, "mov (%rdi), %rax");
GUEST_CODE(string_out, 64, "mov %rbx, %rsi\n mov $0x2f0, %edx\n outsb\n vmcall");
GUEST_CODE(switch_eptp, 64, "xor %eax, %eax\n vmfunc\n mov (%rbx), %rax\n vmcall");

constexpr std::uint64_t q_read = 1, q_write = 2, q_fetch = 4, q_readable = 8, q_writable = 16,
			q_executable = 32, q_linear = 1 << 7, q_translated = 1 << 8;
constexpr std::uint64_t q_access = q_linear | q_translated;
// Bits 11:9 are there only with advanced information.
constexpr std::uint64_t q_mask = 0x1ff;

constexpr std::uint32_t page_a = l2_data_address, page_b = l2_data_address + page_size;
constexpr std::size_t four_mib = 4 << 20;
constexpr std::uint64_t far = 1ul << 30; // an address without memory, for tables to change
constexpr std::uint64_t page_2m = 1ul << 21;

kvm_regs registers(std::uint64_t rbx, std::uint64_t rcx = 0, std::uint64_t rdx = 0)
{
	kvm_regs regs = {};
	regs.rbx = rbx;
	regs.rcx = rcx;
	regs.rdx = rdx;
	return regs;
}

Result go(L1 &l1, std::uint64_t rbx, std::uint64_t rcx = 0, std::uint64_t rdx = 0)
{
	l1.write(field::guest_rip, l2_code_address);
	const Result first = l1.vmresume(registers(rbx, rcx, rdx));
	return first == fails(5) ? l1.vmlaunch(registers(rbx, rcx, rdx)) : first;
}

void expect_violation(L1 &l1, const Result &found, std::uint64_t qualification, std::uint64_t gpa,
		      std::uint64_t linear, std::string_view what,
		      tap::Where where = tap::Where::current())
{
	expect(found, exits(Reason::ept_violation), what, where);
	check_equal(l1.read(field::exit_qualification) & q_mask, qualification,
		    std::string(what) + ": exit qualification", where);
	check_equal(l1.read(field::guest_physical_address), gpa,
		    std::string(what) + ": guest-physical address", where);
	check_equal(l1.read(field::guest_linear_address), linear,
		    std::string(what) + ": guest linear address", where);
	l1.expect_field(field::idt_vectoring_info, 0, where);
}

void expect_value(L1 &l1, const Result &found, std::uint64_t value, std::string_view what,
		  tap::Where where = tap::Where::current())
{
	expect(found, exits(Reason::vmcall), what, where);
	check_equal(l1.l2().rax, value, std::string(what) + ": what L2 read", where);
}

void need_accessed_dirty(const L1 &l1)
{
	l1.need(vmx::ept_vpid_cap::accessed_dirty, "accessed and dirty flags of EPT");
}

void use_accessed_dirty(L1 &l1, const Ept &ept)
{
	need_accessed_dirty(l1);
	use(l1, ept);
	l1.write(field::ept_pointer, ept.pointer() | Ept::enable_accessed_dirty);
}

void set_value(const L1 &l1, std::uint64_t address, std::uint64_t value)
{
	l1.at<std::uint64_t>(address) = value;
}

// L2's own page tables: 2 MiB pages.
volatile std::uint64_t &guest_directory(const L1 &l1, std::uint64_t address)
{
	return l1.at<std::uint64_t>(page_tables_address + 2 * page_size + (address >> 21) * 8);
}

constexpr std::uint64_t guest_large = 0x87;

} // namespace

TEST(identity)
{
	L1 l1;
	l1.prepare(load_code);
	const Ept ept(l1);
	use(l1, ept);
	set_value(l1, page_a, 0x1111);
	expect_value(l1, go(l1, page_a), 0x1111, "an identity map");
	l1.load_l2(store_code);
	expect(go(l1, page_b, 0x2222), exits(Reason::vmcall), "a write");
	check_equal(l1.at<std::uint64_t>(page_b), 0x2222u, "what L2 wrote");
}

TEST(violations)
{
	struct {
		const char *what;
		const Code &code;
		std::uint64_t entry;
		std::uint64_t qualification;
	} const cases[] = {
		{"read, not present", load_code, 0, q_read},
		{"write, not present", store_code, 0, q_write},
		{"fetch, not present", jump_code, 0, q_fetch},
		{"write, read-only", store_code, Ept::read, q_write | q_readable},
		{"write, no writes", store_code, Ept::read | Ept::execute,
		 q_write | q_readable | q_executable},
		{"fetch, read-only", jump_code, Ept::read, q_fetch | q_readable},
		{"fetch, no fetches", jump_code, Ept::read | Ept::write,
		 q_fetch | q_readable | q_writable},
	};
	for (const auto &c : cases) {
		L1 l1;
		l1.prepare(c.code);
		const Ept ept(l1);
		use(l1, ept);
		ept.page(page_a) = c.entry ? page_a | c.entry | Ept::write_back : 0;
		expect_violation(l1, go(l1, page_a + 0x18, 5), c.qualification | q_access,
				 page_a + 0x18, page_a + 0x18, c.what);
		if (&c.code == &jump_code)
			continue;
		// Once L1 allows it, the instruction goes on: an EPT violation flushes what it met.
		set_value(l1, page_a + 0x18, 0x99);
		l1.store(ept.page(page_a), page_a | Ept::all | Ept::write_back);
		expect(l1.resume(L1::Skip::nothing), exits(Reason::vmcall), c.what);
	}
}

TEST(permissions_that_suffice)
{
	L1 l1;
	l1.prepare(load_code);
	const Ept ept(l1);
	use(l1, ept);
	set_value(l1, page_a, 0x77);
	ept.page(page_a) = page_a | Ept::read | Ept::write_back;
	expect_value(l1, go(l1, page_a), 0x77, "a read of a read-only page");
	l1.store(ept.page(page_b), page_b | Ept::read | Ept::write | Ept::write_back);
	l1.load_l2(store_code);
	expect(go(l1, page_b, 0x88), exits(Reason::vmcall), "a write without execute permission");
	l1.store(ept.page(l2_code_address),
		 l2_code_address | Ept::read | Ept::execute | Ept::write_back);
	expect(l1.invept(1, ept.pointer()), succeeds(), "INVEPT");
	expect(go(l1, page_b, 0x99), exits(Reason::vmcall), "code that cannot be written");
}

TEST(execute_only)
{
	L1 l1;
	l1.need(vmx::ept_vpid_cap::execute_only, "execute-only translation");
	l1.prepare(load_code);
	const Ept ept(l1);
	use(l1, ept);
	ept.page(l2_code_address) = l2_code_address | Ept::execute | Ept::write_back;
	set_value(l1, page_a, 0x123);
	expect_value(l1, go(l1, page_a), 0x123, "code that can only be executed");
	expect_violation(l1, go(l1, l2_code_address), q_read | q_executable | q_access,
			 l2_code_address, l2_code_address, "a read of such code");
}

TEST(violations_of_upper_levels)
{
	for (unsigned level = 1; level <= 3; level++) {
		L1 l1(four_mib);
		l1.prepare(load_code);
		const Ept ept(l1);
		use(l1, ept);
		// Code and stack are below; only what is far is cut off, or its permissions.
		const std::uint64_t address = far + 0x123000;
		if (level == 1)
			ept.directory(address) = 0;
		else if (level == 2)
			ept.pdpt(address) = 0;
		else
			ept.pdpt(address) = ept.pdpt(address) & ~(Ept::write | Ept::execute);
		if (level == 3) {
			ept.directory(address) = Ept::all | Ept::write_back | Ept::large;
			l1.load_l2(store_code);
			expect_violation(l1, go(l1, address), q_write | q_readable | q_access,
					 address, address, "permissions of an upper level");
		} else {
			expect_violation(l1, go(l1, address), q_read | q_access, address, address,
					 "an upper level that is not present");
		}
	}
}

TEST(violations_of_page_walks)
{
	L1 l1(four_mib);
	l1.prepare(load_code);
	const Ept ept(l1);
	use(l1, ept);
	// A directory of L2's own that the EPT does not map: the one of the second GiB.
	const std::uint64_t directory = page_tables_address + 3 * page_size;
	ept.page(directory) = 0;
	const Result result = go(l1, far + 0x1234);
	expect(result, exits(Reason::ept_violation), "L2");
	const std::uint64_t qualification = l1.read(field::exit_qualification);
	check_equal(qualification & (q_linear | q_translated), q_linear,
		    "a walk: a linear address, but not its translation; qualification " +
			    tap::hex(qualification));
	check_equal(qualification & (q_read | q_fetch), q_read, "a walk reads");
	check_equal(l1.read(field::guest_physical_address) & ~0xfffu, directory,
		    "guest-physical address");
	l1.expect_field(field::guest_linear_address, far + 0x1234);
}

// L2's page fault goes before L1's EPT.
TEST(page_fault_first)
{
	L1 l1;
	l1.prepare(load_code);
	const Ept ept(l1);
	use(l1, ept);
	guest_directory(l1, far) = 0;
	ept.directory(far) = 0;
	expect(go(l1, far), faults(vector::pf), "neither L2 nor L1 maps it");
	check_equal(l1.vcpu().sregs().cr2, far, "CR2");
}

TEST(misconfigurations)
{
	const unsigned width = Cpuid::supported().find(0x80000008)->eax & 0xff;
	struct {
		const char *what;
		std::uint64_t page, directory;
	} const cases[] = {
		{"writable, not readable", page_a | Ept::write | Ept::write_back, 0},
		{"writable and executable, not readable",
		 page_a | Ept::write | Ept::execute | Ept::write_back, 0},
		{"reserved memory type 2", page_a | Ept::all | 2 << 3, 0},
		{"reserved memory type 7", page_a | Ept::all | 7 << 3, 0},
		{"address too large", page_a | Ept::all | Ept::write_back | 1ul << width, 0},
		{"large page, reserved address bits", 0,
		 Ept::all | Ept::write_back | Ept::large | 1 << 13},
		{"reserved bits of a table's entry", 0,
		 (ept_address + 6 * page_size) | Ept::all | 8},
	};
	for (const auto &c : cases) {
		L1 l1(four_mib);
		l1.prepare(load_code);
		const Ept ept(l1);
		use(l1, ept);
		const std::uint64_t address = c.page ? page_a : far;
		if (c.page)
			ept.page(page_a) = c.page;
		else
			ept.directory(far) = c.directory;
		expect(go(l1, address + 8), exits(Reason::ept_misconfig), c.what);
		check_equal(l1.read(field::guest_physical_address) & ~7ul, address + 8, c.what);
		l1.store(ept.page(page_a), page_a | Ept::all | Ept::write_back);
		l1.store(ept.directory(far), Ept::all | Ept::write_back | Ept::large);
		expect(l1.resume(L1::Skip::nothing), exits(Reason::vmcall), "mended");
	}
}

TEST(execute_only_without_capability)
{
	L1 l1;
	l1.prepare(load_code);
	const Ept ept(l1);
	use(l1, ept);
	if (vmx::EptVpidCap{l1.capability(Msr::ept_vpid_cap)}.has(vmx::ept_vpid_cap::execute_only))
		tap::skip("execute-only translation is offered");
	ept.page(page_a) = page_a | Ept::execute | Ept::write_back;
	expect(go(l1, page_a), exits(Reason::ept_misconfig), "execute-only");
}

TEST(other_pages)
{
	L1 l1;
	l1.prepare(load_code);
	const Ept ept(l1);
	use(l1, ept);
	set_value(l1, page_a, 0xaaaa);
	set_value(l1, page_b, 0xbbbb);
	ept.page(page_a) = page_b | Ept::all | Ept::write_back;
	expect_value(l1, go(l1, page_a), 0xbbbb, "another page in its place");
}

TEST(large_pages)
{
	L1 l1(four_mib);
	l1.need(vmx::ept_vpid_cap::page_2m, "pages of 2 MiB");
	l1.prepare(load_code);
	const Ept ept(l1);
	use(l1, ept);
	set_value(l1, page_2m + 0x5678, 0x2222);
	ept.directory(far) = page_2m | Ept::all | Ept::write_back | Ept::large;
	expect_value(l1, go(l1, far + 0x5678), 0x2222, "a page of 2 MiB");
	l1.store(ept.directory(far), page_2m | Ept::read | Ept::write_back | Ept::large);
	expect(l1.invept(1, ept.pointer()), succeeds(), "INVEPT");
	l1.load_l2(store_code);
	expect_violation(l1, go(l1, far + 0x5678), q_write | q_readable | q_access, far + 0x5678,
			 far + 0x5678, "a write to a read-only page of 2 MiB");
}

TEST(huge_pages)
{
	L1 l1(four_mib);
	l1.need(vmx::ept_vpid_cap::page_1g, "pages of 1 GiB");
	l1.prepare(load_code);
	const Ept ept(l1);
	use(l1, ept);
	set_value(l1, page_2m + 0x5678, 0x3333);
	ept.pdpt(far) = Ept::all | Ept::write_back | Ept::large;
	expect_value(l1, go(l1, far + page_2m + 0x5678), 0x3333, "a page of 1 GiB");
}

TEST(invept)
{
	for (const std::uint64_t type : {1ul, 2ul}) {
		L1 l1;
		l1.need(type == 1 ? vmx::ept_vpid_cap::invept_single
				  : vmx::ept_vpid_cap::invept_all,
			"the type of INVEPT");
		l1.prepare(load_code);
		const Ept ept(l1);
		use(l1, ept);
		set_value(l1, page_a, 0xaaaa);
		set_value(l1, page_b, 0xbbbb);
		expect_value(l1, go(l1, page_a), 0xaaaa, "L2");
		l1.store(ept.page(page_a), page_b | Ept::all | Ept::write_back);
		expect(l1.invept(type, type == 1 ? ept.pointer() : 0), succeeds(), "INVEPT");
		expect_value(l1, go(l1, page_a), 0xbbbb, "another page after INVEPT");
		l1.store(ept.page(page_a), 0);
		expect(l1.invept(type, type == 1 ? ept.pointer() : 0), succeeds(), "INVEPT");
		expect_violation(l1, go(l1, page_a), q_read | q_access, page_a, page_a,
				 "no page after INVEPT");
		// The tables' upper levels as well.
		l1.store(ept.page(page_a), page_a | Ept::all | Ept::write_back);
		expect_value(l1, go(l1, page_a), 0xaaaa, "L2");
		l1.store(ept.directory(far), Ept::all | Ept::write_back | Ept::large);
		expect_value(l1, go(l1, far + page_b), 0xbbbb, "a large page");
		l1.store(ept.pdpt(far), 0);
		expect(l1.invept(type, type == 1 ? ept.pointer() : 0), succeeds(), "INVEPT");
		expect_violation(l1, go(l1, far + page_b), q_read | q_access, far + page_b,
				 far + page_b, "no table after INVEPT");
	}
}

TEST(two_epts)
{
	L1 l1;
	l1.prepare(load_code);
	const Ept first(l1), second(l1, other_ept_address);
	use(l1, first);
	set_value(l1, page_a, 0xaaaa);
	set_value(l1, page_b, 0xbbbb);
	second.page(page_a) = page_b | Ept::all | Ept::write_back;
	expect_value(l1, go(l1, page_a), 0xaaaa, "the first EPT");
	l1.write(field::ept_pointer, second.pointer());
	expect_value(l1, go(l1, page_a), 0xbbbb, "the second EPT");
	l1.write(field::ept_pointer, first.pointer());
	expect_value(l1, go(l1, page_a), 0xaaaa, "the first EPT again");
	// A change of one while the other is in use.
	l1.write(field::ept_pointer, second.pointer());
	expect_value(l1, go(l1, page_a), 0xbbbb, "the second EPT");
	l1.store(first.page(page_a), page_b | Ept::all | Ept::write_back);
	expect(l1.invept(1, first.pointer()), succeeds(), "INVEPT");
	l1.write(field::ept_pointer, first.pointer());
	expect_value(l1, go(l1, page_a), 0xbbbb, "the first EPT, changed");
}

TEST(accessed_and_dirty)
{
	L1 l1;
	l1.prepare(load_code);
	const Ept ept(l1);
	use_accessed_dirty(l1, ept);
	set_value(l1, page_a, 0xaaaa);
	expect_value(l1, go(l1, page_a), 0xaaaa, "L2");
	check_equal(ept.page(page_a) & (Ept::accessed | Ept::dirty), Ept::accessed,
		    "flags of a page that was read");
	check_equal(ept.pml4() & Ept::accessed, Ept::accessed, "the PML4 entry's accessed flag");
	check_equal(ept.pdpt(page_a) & Ept::accessed, Ept::accessed, "the PDPT entry's flag");
	check_equal(ept.directory(page_a) & Ept::accessed, Ept::accessed, "the directory's flag");
	check_equal(ept.page(page_b) & (Ept::accessed | Ept::dirty), 0u,
		    "flags of a page that was not touched");
	// SDM, "Accessed and Dirty Flags for EPT": L2's page tables count as written.
	check_equal(ept.page(page_tables_address) & (Ept::accessed | Ept::dirty),
		    Ept::accessed | Ept::dirty, "flags of L2's page tables");
	l1.load_l2(store_code);
	expect(go(l1, page_a, 5), exits(Reason::vmcall), "L2");
	check_equal(ept.page(page_a) & (Ept::accessed | Ept::dirty), Ept::accessed | Ept::dirty,
		    "flags of a page that was written after it was read");
	expect(go(l1, page_b, 5), exits(Reason::vmcall), "L2");
	check_equal(ept.page(page_b) & (Ept::accessed | Ept::dirty), Ept::accessed | Ept::dirty,
		    "flags of a page that was written");
	// Taken back by L1, they come again.
	l1.store(ept.page(page_a), ept.page(page_a) & ~(Ept::accessed | Ept::dirty));
	expect(l1.invept(1, l1.read(field::ept_pointer)), succeeds(), "INVEPT");
	expect(go(l1, page_a, 6), exits(Reason::vmcall), "L2");
	check_equal(ept.page(page_a) & (Ept::accessed | Ept::dirty), Ept::accessed | Ept::dirty,
		    "flags after L1 has cleared them");
}

TEST(no_accessed_and_dirty)
{
	L1 l1;
	l1.prepare(store_code);
	const Ept ept(l1);
	use(l1, ept);
	expect(go(l1, page_a, 5), exits(Reason::vmcall), "L2");
	check_equal(ept.page(page_a) & (Ept::accessed | Ept::dirty), 0u, "flags without bit 6");
	check_equal(ept.pml4() & Ept::accessed, 0u, "the PML4 entry's flag without bit 6");
}

TEST(violation_through_emulation)
{
	L1 l1;
	l1.prepare(string_out);
	const Ept ept(l1);
	use(l1, ept);
	ept.page(page_a) = 0;
	// L0 emulates OUTS: what it cannot read is for L1 to see.
	expect(go(l1, page_a + 3), exits(Reason::ept_violation), "OUTS from a page not mapped");
	// The distribution's module tells the page alone, since it has translated no more.
	check_equal(l1.read(field::guest_physical_address) & ~0xffful, page_a,
		    "guest-physical address");
	l1.store(ept.page(page_a), page_a | Ept::all | Ept::write_back);
	l1.at<std::uint8_t>(page_a + 3) = 0x5a;
	expect(l1.resume(L1::Skip::nothing), leaves(KVM_EXIT_IO), "OUTS");
	check_equal(static_cast<unsigned>(*l1.vcpu().shared(l1.vcpu().state().io.data_offset)),
		    0x5au, "the byte that L2 sent");
}

TEST(memory_that_l1_does_not_have)
{
	L1 l1;
	l1.prepare(read_and_tell);
	const Ept ept(l1);
	use(l1, ept);
	ept.page(page_a) = mmio_address | Ept::all | 0 << 3;
	expect(go(l1, page_a + 8), leaves(KVM_EXIT_MMIO), "L2 at a page that leads nowhere");
	check_equal(l1.vcpu().state().mmio.phys_addr, mmio_address + 8, "mmio.phys_addr");
}

// Without VPID every entry and exit forgets L2's translations.
TEST(translations_without_vpid)
{
	L1 l1(four_mib);
	l1.prepare(load_code);
	set_value(l1, page_a, 0xaaaa);
	set_value(l1, page_2m + page_a, 0xbbbb);
	guest_directory(l1, far) = guest_large;
	expect_value(l1, go(l1, far + page_a), 0xaaaa, "L2");
	l1.store(guest_directory(l1, far), page_2m | guest_large);
	expect_value(l1, go(l1, far + page_a), 0xbbbb, "L2 after a change of its tables");
}

TEST(invvpid)
{
	for (const bool with_ept : {false, true})
		for (std::uint64_t type = 0; type < 4; type++) {
			L1 l1(four_mib);
			l1.need(vmx::ept_vpid_cap::invvpid, "INVVPID");
			l1.prepare(load_code);
			l1.set(vmx::secondary::enable_vpid);
			l1.write(field::virtual_processor_id, 7);
			if (with_ept)
				use(l1, Ept(l1));
			set_value(l1, page_a, 0xaaaa);
			set_value(l1, page_2m + page_a, 0xbbbb);
			guest_directory(l1, far) = guest_large;
			expect_value(l1, go(l1, far + page_a), 0xaaaa, "L2");
			l1.store(guest_directory(l1, far), page_2m | guest_large);
			const Result done = l1.invvpid(type, 7, far + page_a);
			if (done == fails(28))
				continue; // the type is not offered: see nested_instructions
			expect(done, succeeds(), "INVVPID");
			expect_value(l1, go(l1, far + page_a), 0xbbbb,
				     "L2 after INVVPID of type " + std::to_string(type));
		}
}

TEST(two_vpids)
{
	L1 l1(four_mib);
	l1.prepare(load_code);
	l1.set(vmx::secondary::enable_vpid);
	constexpr std::uint32_t other_tables = 0x5c000, other_pdpt = 0x5d000, other_pd = 0x5e000;
	memcpy(l1.vm().memory(other_tables), l1.vm().memory(page_tables_address), page_size);
	memcpy(l1.vm().memory(other_pdpt), l1.vm().memory(page_tables_address + page_size),
	       page_size);
	l1.at<std::uint64_t>(other_tables) = other_pdpt | 7;
	l1.at<std::uint64_t>(other_pdpt + 8) = other_pd | 7;
	l1.at<std::uint64_t>(other_pd) = page_2m | guest_large;
	set_value(l1, page_a, 0xaaaa);
	set_value(l1, page_2m + page_a, 0xbbbb);
	guest_directory(l1, far) = guest_large;
	for (unsigned round = 0; round < 2; round++) {
		l1.write(field::virtual_processor_id, 1);
		l1.write(field::guest_cr3, page_tables_address);
		expect_value(l1, go(l1, far + page_a), 0xaaaa, "the first");
		l1.write(field::virtual_processor_id, 2);
		l1.write(field::guest_cr3, other_tables);
		expect_value(l1, go(l1, far + page_a), 0xbbbb, "the second");
	}
}

// What L1 and L2 both have translated userspace moves while one of them runs: neither may find what
// was there before.
TEST(memory_moves_under_both_levels)
{
	L1 l1;
	const Mapping memory(page_size);
	auto replace = [&](std::uint64_t value) {
		// A page of its own: one that has just been freed might come back.
		void *page = mmap(nullptr, page_size, PROT_READ | PROT_WRITE,
				  MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
		check(page != MAP_FAILED, "mmap failed");
		*static_cast<std::uint64_t *>(page) = value;
		check(mremap(page, page_size, page_size, MREMAP_MAYMOVE | MREMAP_FIXED,
			     memory.data()) == memory.data(),
		      "mremap failed");
	};
	auto expect_in_l1 = [&](std::uint64_t value) {
		expect(l1.run(load_in_l1, operands(mmio_address)), succeeds(), "L1");
		check_equal(l1.vcpu().regs().rax, value, "what L1 finds");
	};

	replace(1);
	l1.vm().set_slot(1, mmio_address, page_size, memory.data());
	l1.prepare(read_and_tell);
	l1.set(vmx::secondary::enable_vpid);
	l1.set(vmx::primary::hlt_exiting);
	l1.write(field::virtual_processor_id, 7);
	expect_in_l1(1);
	expect(go(l1, mmio_address), reports(1), "L2");
	replace(2);
	expect(l1.go_on(), reports(2), "L2 at another page");
	l1.at<std::uint8_t>(l2_code_address) = 0xf4; // HLT
	expect(l1.go_on(), exits(Reason::hlt), "L2");
	expect_in_l1(2);
	replace(3);
	expect_in_l1(3);
	l1.load_l2(read_and_tell);
	expect(go(l1, mmio_address), reports(3), "L2 at a third page");
}

TEST(pml)
{
	L1 l1;
	l1.prepare(write_twice);
	const Ept ept(l1);
	use_accessed_dirty(l1, ept);
	l1.set(vmx::secondary::enable_pml);
	l1.write(field::pml_address, pml_address);
	l1.write(field::pml_index, 511);
	memset(l1.vm().memory(pml_address), 0xff, page_size);
	expect(go(l1, page_a + 0x10, 1, page_b + 0x20), exits(Reason::vmcall), "L2");
	const std::uint64_t index = l1.read(field::pml_index);
	check(index < 511 - 1, "PML index: expected at most 509, found " + std::to_string(index));
	unsigned a = 0, b = 0;
	for (std::uint64_t i = index + 1; i < 512; i++) {
		const std::uint64_t entry = l1.at<std::uint64_t>(pml_address + i * 8);
		check_equal(entry & 0xfff, 0u, "low bits of a logged address");
		a += entry == page_a;
		b += entry == page_b;
	}
	check_equal(a, 1u, "how often the first page was logged");
	check_equal(b, 1u, "how often the second page was logged");
	check_equal(l1.at<std::uint64_t>(pml_address + index * 8), ~0ul,
		    "the next entry of the log");
	// What is dirty already is not logged again.
	expect(go(l1, page_a + 0x10, 1, page_b + 0x20), exits(Reason::vmcall), "L2");
	l1.expect_field(field::pml_index, index);
}

TEST(pml_full)
{
	L1 l1;
	l1.prepare(write_twice);
	const Ept ept(l1);
	use_accessed_dirty(l1, ept);
	l1.set(vmx::secondary::enable_pml);
	l1.write(field::pml_address, pml_address);
	// What the code needs becomes dirty first.
	l1.write(field::pml_index, 511);
	expect(go(l1, page_a, 1, page_a), exits(Reason::vmcall), "L2");
	l1.write(field::pml_index, 0xffff);
	expect(go(l1, page_a, 1, page_b), exits(Reason::pml_full), "L2 with a full log");
	l1.expect_field(field::guest_rip, l2_code_address + 3);
	check_equal(ept.page(page_b) & Ept::dirty, 0u, "the dirty flag that was not logged");
	l1.write(field::pml_index, 0);
	expect(l1.resume(L1::Skip::nothing), exits(Reason::vmcall), "L2 with room for one");
	l1.expect_field(field::pml_index, 0xffff);
	check_equal(l1.at<std::uint64_t>(pml_address), page_b, "the log's last entry");
}

TEST(eptp_switching)
{
	L1 l1;
	l1.prepare(switch_eptp);
	const Ept first(l1), second(l1, other_ept_address);
	use(l1, first);
	l1.set(vmx::secondary::enable_vmfunc);
	if (!(l1.capability(Msr::vmfunc) & vmx::vmfunc::eptp_switching.bits))
		tap::skip("EPTP switching is not offered");
	l1.write(field::vm_function_controls, vmx::vmfunc::eptp_switching.bits);
	l1.write(field::eptp_list_address, eptp_list_address);
	set_value(l1, eptp_list_address, first.pointer());
	set_value(l1, eptp_list_address + 8, second.pointer());
	set_value(l1, eptp_list_address + 16, second.pointer() ^ 6 ^ 2);
	set_value(l1, page_a, 0xaaaa);
	set_value(l1, page_b, 0xbbbb);
	second.page(page_a) = page_b | Ept::all | Ept::write_back;

	expect_value(l1, go(l1, page_a, 0), 0xaaaa, "the EPT that is in use");
	expect_value(l1, go(l1, page_a, 1), 0xbbbb, "the other EPT");
	l1.expect_field(field::ept_pointer, second.pointer());
	expect_value(l1, go(l1, page_a, 0), 0xaaaa, "back");
	l1.expect_field(field::ept_pointer, first.pointer());
	for (const std::uint64_t bad : {2ul, 512ul, 0xfffffffful}) {
		expect(go(l1, page_a, bad), exits(Reason::vmfunc), "EPTP " + tap::hex(bad));
		l1.expect_field(field::exit_instruction_length, 3);
		l1.expect_field(field::ept_pointer, first.pointer());
	}
}
