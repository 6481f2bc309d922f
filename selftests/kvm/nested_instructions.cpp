// SPDX-License-Identifier: GPL-2.0-only
//
// L1's VMX instructions: what each of them needs, does and fails with (SDM, chapter "VMX
// Instruction Reference", and "VM-Instruction Error Numbers").
#include "harness/nested.hpp"

using namespace kvm;
using tap::check;
using tap::check_equal;
namespace field = vmx::field;
namespace vector = vmx::vector;
using vmx::Msr;
using vmx::Reason;

namespace {

GUEST_CODE(vmcall, 64, "vmcall");
L1_CODE(vmfunc, "vmfunc");
L1_CODE(launch_after_mov_ss, "mov %ss, %eax\n mov %eax, %ss\n vmlaunch");
L1_CODE(resume_after_mov_ss, "mov %ss, %eax\n mov %eax, %ss\n vmresume");
L1_CODE(write_cr0, "mov %rdi, %cr0");
L1_CODE(write_cr4, "mov %rdi, %cr4");

constexpr std::uint64_t nowhere = 0x40000000; // no memory is there
constexpr std::uint64_t no_vmcs = ~0ul;
constexpr std::uint64_t iopl_3 = 3 << 12;

// The next step of L1 runs at privilege level 3.
void leave_privileges(const Vcpu &vcpu)
{
	kvm_sregs sregs = vcpu.sregs();
	sregs.cs.selector = selector_user_code64;
	sregs.ss.selector = selector_user_data;
	sregs.cs.dpl = sregs.ss.dpl = 3;
	vcpu.set(sregs);
}

void enter_compatibility_mode(const Vcpu &vcpu)
{
	kvm_sregs sregs = vcpu.sregs();
	sregs.cs.selector = selector_code32;
	sregs.cs.l = 0;
	sregs.cs.db = 1;
	vcpu.set(sregs);
}

void set_cr4(const Vcpu &vcpu, std::uint64_t set, std::uint64_t clear)
{
	kvm_sregs sregs = vcpu.sregs();
	sregs.cr4 = (sregs.cr4 | set) & ~clear;
	vcpu.set(sregs);
}

bool is(const Instruction &instruction, std::string_view name)
{
	return instruction.name == name;
}

// INVEPT and INVVPID are there only if L1 could use them.
bool is_offered(const L1 &l1, const Instruction &instruction)
{
	if (is(instruction, "INVEPT"))
		return l1.offers(vmx::secondary::enable_ept);
	if (is(instruction, "INVVPID"))
		return l1.offers(vmx::secondary::enable_vpid);
	return true;
}

std::uint64_t current_vmcs(L1 &l1)
{
	std::uint64_t address = 0;
	expect(l1.vmptrst(address), succeeds(), "VMPTRST");
	return address;
}

void make_region(L1 &l1, std::uint64_t address)
{
	l1.at<std::uint32_t>(address) = l1.revision();
}

} // namespace

TEST(capability_msrs)
{
	L1 l1;
	const std::uint32_t last = static_cast<std::uint32_t>(Msr::vmfunc);
	for (std::uint32_t msr = static_cast<std::uint32_t>(Msr::basic); msr <= last; msr++) {
		std::uint64_t of_host = 0, of_guest = 0;
		const bool offered = l1.vcpu().try_get_msr(msr, of_host);
		const Result result = l1.rdmsr(msr, of_guest);
		const std::string name = vmx::name_of(static_cast<Msr>(msr));
		if (!offered) {
			expect(result, faults(vector::gp), "RDMSR of " + name);
			continue;
		}
		expect(result, succeeds(), "RDMSR of " + name);
		check_equal(of_guest, of_host, name);
		expect(l1.wrmsr(msr, of_guest), faults(vector::gp), "WRMSR of " + name);
	}
}

TEST(capabilities_make_sense)
{
	L1 l1;
	const vmx::Basic basic{l1.capability(Msr::basic)};
	check(basic.revision() != 0, "the VMCS revision is 0");
	check(!basic.reserved_bit_31(), "IA32_VMX_BASIC[31] is set");
	check(basic.region_size() > 0 && basic.region_size() <= page_size,
	      "the VMCS region's size: expected 1 to 4096, found " + tap::hex(basic.region_size()));
	check_equal(basic.addresses_32bit(), false, "IA32_VMX_BASIC[48]");
	check_equal(basic.memory_type(), 6u, "the VMCS memory type");
	check_equal(basic.true_controls(), true, "IA32_VMX_BASIC[55]");
	for (const auto &[plain, precise] : {std::pair{Msr::pinbased_ctls, Msr::true_pinbased_ctls},
					     {Msr::procbased_ctls, Msr::true_procbased_ctls},
					     {Msr::exit_ctls, Msr::true_exit_ctls},
					     {Msr::entry_ctls, Msr::true_entry_ctls}}) {
		const std::uint64_t a = l1.capability(plain), b = l1.capability(precise);
		check_equal(b >> 32, a >> 32,
			    std::string("what may be 1 in ") + vmx::name_of(precise));
		check_equal(b & ~a & 0xffffffff, 0u,
			    std::string("needed in ") + vmx::name_of(precise) + " only");
		check_equal(a & ~(a >> 32) & 0xffffffff, 0u,
			    std::string("needed and not allowed in ") + vmx::name_of(plain));
	}
	check_equal(l1.capability(Msr::cr0_fixed0) & ~l1.capability(Msr::cr0_fixed1), 0u,
		    "bits of CR0 fixed to both 0 and 1");
	check_equal(l1.capability(Msr::cr4_fixed0) & ~l1.capability(Msr::cr4_fixed1), 0u,
		    "bits of CR4 fixed to both 0 and 1");
	check_equal(l1.capability(Msr::cr0_fixed0), 0x80000021u, "IA32_VMX_CR0_FIXED0");
	check_equal(l1.capability(Msr::cr4_fixed0), cr4_vmxe, "IA32_VMX_CR4_FIXED0");
}

TEST(feature_control)
{
	L1 l1;
	make_region(l1, vmxon_address);
	const auto feature_control = vmx::msr::feature_control;

	l1.vcpu().set_msr(feature_control, 0);
	expect(l1.vmxon(vmxon_address), faults(vector::gp), "VMXON, unlocked");
	expect(l1.wrmsr(feature_control, 1 << 2), succeeds(), "WRMSR of IA32_FEATURE_CONTROL");
	expect(l1.vmxon(vmxon_address), faults(vector::gp), "VMXON, allowed and unlocked");
	expect(l1.wrmsr(feature_control, 1), succeeds(), "locking");
	expect(l1.vmxon(vmxon_address), faults(vector::gp), "VMXON, locked and not allowed");
	expect(l1.wrmsr(feature_control, 5), faults(vector::gp), "WRMSR once it is locked");
	std::uint64_t value = 0;
	expect(l1.rdmsr(feature_control, value), succeeds(), "RDMSR");
	check_equal(value, 1u, "IA32_FEATURE_CONTROL");
	l1.vcpu().set_msr(feature_control, 5);
	expect(l1.vmxon(vmxon_address), succeeds(), "VMXON, locked and allowed");
}

TEST(undefined_without_vmxe)
{
	L1 l1;
	make_region(l1, vmxon_address);
	l1.at<std::uint64_t>(operand_address) = vmxon_address;
	set_cr4(l1.vcpu(), 0, cr4_vmxe);
	for (const Instruction &i : vmx_instructions())
		expect(l1.run(i.code, operands(operand_address)), faults(vector::ud), i.name);
}

TEST(undefined_outside_vmx_operation)
{
	L1 l1;
	l1.at<std::uint64_t>(operand_address) = vmxon_address;
	for (const Instruction &i : vmx_instructions())
		if (!is(i, "VMXON"))
			expect(l1.run(i.code, operands(operand_address)), faults(vector::ud),
			       i.name);
	expect(l1.run(vmfunc), faults(vector::ud), "VMFUNC");
}

TEST(undefined_in_compatibility_mode)
{
	L1 l1;
	make_region(l1, vmxon_address);
	l1.at<std::uint64_t>(operand_address) = vmxon_address;
	enter_compatibility_mode(l1.vcpu());
	expect(l1.run(vmx_instructions()[0].code, operands(operand_address)), faults(vector::ud),
	       "VMXON outside VMX operation");
	l1.enter_vmx();
	for (const Instruction &i : vmx_instructions()) {
		if (!is_offered(l1, i))
			continue;
		enter_compatibility_mode(l1.vcpu());
		expect(l1.run(i.code, operands(operand_address)), faults(vector::ud), i.name);
	}
}

TEST(privilege)
{
	L1 l1;
	make_region(l1, vmxon_address);
	l1.at<std::uint64_t>(operand_address) = vmxon_address;
	kvm_regs regs = operands(operand_address);
	regs.rflags = rflags_fixed | rflags_if | iopl_3;
	for (const Instruction &i : vmx_instructions()) {
		leave_privileges(l1.vcpu());
		expect(l1.run(i.code, regs), faults(is(i, "VMXON") ? vector::gp : vector::ud),
		       std::string(i.name) + " outside VMX operation");
	}
	l1.enter_vmx();
	for (const Instruction &i : vmx_instructions()) {
		if (!is_offered(l1, i))
			continue;
		leave_privileges(l1.vcpu());
		expect(l1.run(i.code, regs), faults(vector::gp), i.name);
	}
	// None of them did anything.
	check_equal(current_vmcs(l1), no_vmcs, "VMPTRST");
}

TEST(not_offered_instructions)
{
	L1 l1;
	l1.enter_vmx();
	bool any = false;
	for (const Instruction &i : vmx_instructions())
		if (!is_offered(l1, i)) {
			expect(l1.run(i.code, operands(operand_address)), faults(vector::ud),
			       i.name);
			any = true;
		}
	expect(l1.run(vmfunc), faults(vector::ud), "VMFUNC in VMX root operation");
	if (!any)
		tap::skip("INVEPT and INVVPID are both offered; VMFUNC is #UD");
}

TEST(vmxon)
{
	L1 l1;
	make_region(l1, vmxon_address);
	expect(l1.vmxon(vmxon_address + 8), fails_invalid(), "VMXON of an unaligned address");
	expect(l1.vmxon(beyond_physical()), fails_invalid(), "VMXON beyond physical addresses");
	expect(l1.vmxon(vmxon_address | 1ul << 63), fails_invalid(), "VMXON with bit 63");
	expect(l1.vmxon(nowhere), fails_invalid(), "VMXON where no memory is");
	l1.at<std::uint32_t>(vmxon_address) = l1.revision() ^ 1;
	expect(l1.vmxon(vmxon_address), fails_invalid(), "VMXON of another revision");
	l1.at<std::uint32_t>(vmxon_address) = l1.revision() | 1u << 31;
	expect(l1.vmxon(vmxon_address), fails_invalid(), "VMXON of a shadow VMCS");
	make_region(l1, vmxon_address);
	expect(l1.vmxon(vmxon_address), succeeds(), "VMXON");
	expect(l1.vmxon(vmxon_address), fails_invalid(), "VMXON again, no VMCS being current");
	make_region(l1, vmcs_address);
	expect(l1.vmptrld(vmcs_address), succeeds(), "VMPTRLD");
	expect(l1.vmxon(vmxon_address), fails(15), "VMXON again, a VMCS being current");
}

TEST(vmxon_needs_fixed_bits)
{
	L1 l1;
	make_region(l1, vmxon_address);
	kvm_sregs sregs = l1.vcpu().sregs();
	sregs.cr0 &= ~cr0_ne;
	l1.vcpu().set(sregs);
	expect(l1.vmxon(vmxon_address), faults(vector::gp), "VMXON with CR0.NE clear");
	sregs = l1.vcpu().sregs();
	sregs.cr0 |= cr0_ne;
	l1.vcpu().set(sregs);
	expect(l1.vmxon(vmxon_address), succeeds(), "VMXON with CR0.NE set");
}

TEST(fixed_bits_in_vmx_operation)
{
	L1 l1;
	const kvm_sregs before = l1.vcpu().sregs();
	expect(l1.run(write_cr0, operands(before.cr0 & ~cr0_ne)), succeeds(),
	       "CR0.NE cleared outside VMX operation");
	expect(l1.run(write_cr0, operands(before.cr0)), succeeds(), "CR0.NE set");
	expect(l1.run(write_cr4, operands(before.cr4 & ~cr4_vmxe)), succeeds(),
	       "CR4.VMXE cleared outside VMX operation");
	expect(l1.run(write_cr4, operands(before.cr4)), succeeds(), "CR4.VMXE set");
	l1.enter_vmx();
	expect(l1.run(write_cr0, operands(before.cr0 & ~cr0_ne)), faults(vector::gp),
	       "CR0.NE cleared in VMX operation");
	expect(l1.run(write_cr4, operands(before.cr4 & ~cr4_vmxe)), faults(vector::gp),
	       "CR4.VMXE cleared in VMX operation");
	check_equal(l1.vcpu().sregs().cr0, before.cr0, "CR0");
	check_equal(l1.vcpu().sregs().cr4, before.cr4, "CR4");
	expect(l1.vmxoff(), succeeds(), "VMXOFF");
	expect(l1.run(write_cr4, operands(before.cr4 & ~cr4_vmxe)), succeeds(),
	       "CR4.VMXE cleared after VMXOFF");
}

TEST(vmxoff)
{
	L1 l1;
	l1.prepare(vmcall);
	expect(l1.vmxoff(), succeeds(), "VMXOFF");
	std::uint64_t value = 0;
	expect(l1.vmptrst(value), faults(vector::ud), "VMPTRST after VMXOFF");
	expect(l1.vmxoff(), faults(vector::ud), "VMXOFF again");
	l1.enter_vmx();
	check_equal(current_vmcs(l1), no_vmcs, "the current VMCS after VMXOFF and VMXON");
}

TEST(vmclear)
{
	L1 l1;
	l1.enter_vmx();
	make_region(l1, vmcs_address);
	make_region(l1, other_vmcs_address);
	expect(l1.vmclear(vmcs_address + 8), fails_invalid(), "unaligned, no VMCS being current");
	expect(l1.vmptrld(vmcs_address), succeeds(), "VMPTRLD");
	expect(l1.vmclear(vmcs_address + 8), fails(2), "VMCLEAR of an unaligned address");
	expect(l1.vmclear(beyond_physical()), fails(2), "VMCLEAR beyond physical addresses");
	expect(l1.vmclear(vmxon_address), fails(3), "VMCLEAR of the VMXON region");
	expect(l1.vmclear(other_vmcs_address), succeeds(), "VMCLEAR of another VMCS");
	check_equal(current_vmcs(l1), vmcs_address, "the current VMCS after that of another");
	// The revision does not matter.
	l1.at<std::uint32_t>(other_vmcs_address) = l1.revision() ^ 1;
	expect(l1.vmclear(other_vmcs_address), succeeds(), "VMCLEAR of another revision");
	expect(l1.vmclear(nowhere), succeeds(), "VMCLEAR where no memory is");
	expect(l1.vmclear(vmcs_address), succeeds(), "VMCLEAR");
	check_equal(current_vmcs(l1), no_vmcs, "the current VMCS after its VMCLEAR");
	check_equal(l1.at<std::uint32_t>(vmcs_address), l1.revision(),
		    "the revision in the region after VMCLEAR");
}

TEST(vmptrld)
{
	L1 l1;
	l1.enter_vmx();
	make_region(l1, vmcs_address);
	expect(l1.vmptrld(vmxon_address), fails_invalid(), "VMXON region, no VMCS being current");
	expect(l1.vmptrld(vmcs_address), succeeds(), "VMPTRLD");
	check_equal(current_vmcs(l1), vmcs_address, "the current VMCS");
	expect(l1.vmptrld(vmcs_address + 8), fails(9), "VMPTRLD of an unaligned address");
	expect(l1.vmptrld(beyond_physical()), fails(9), "VMPTRLD beyond physical addresses");
	expect(l1.vmptrld(vmxon_address), fails(10), "VMPTRLD of the VMXON region");
	l1.at<std::uint32_t>(other_vmcs_address) = l1.revision() ^ 1;
	expect(l1.vmptrld(other_vmcs_address), fails(11), "VMPTRLD of another revision");
	l1.at<std::uint32_t>(other_vmcs_address) = 0;
	expect(l1.vmptrld(other_vmcs_address), fails(11), "VMPTRLD of revision 0");
	// Memory that is not there reads as ones.
	expect(l1.vmptrld(nowhere), fails(11), "VMPTRLD where no memory is");
	check_equal(current_vmcs(l1), vmcs_address, "the current VMCS after failures");
	make_region(l1, other_vmcs_address);
	expect(l1.vmptrld(other_vmcs_address), succeeds(), "VMPTRLD of another VMCS");
	check_equal(current_vmcs(l1), other_vmcs_address, "the current VMCS");
	expect(l1.vmptrld(other_vmcs_address), succeeds(), "VMPTRLD of the current VMCS");
}

TEST(vmptrld_of_shadow_vmcs)
{
	L1 l1;
	l1.enter_vmx();
	make_region(l1, vmcs_address);
	expect(l1.vmptrld(vmcs_address), succeeds(), "VMPTRLD");
	l1.at<std::uint32_t>(shadow_vmcs_address) = l1.revision() | 1u << 31;
	if (l1.offers(vmx::secondary::vmcs_shadowing)) {
		expect(l1.vmptrld(shadow_vmcs_address), succeeds(), "VMPTRLD of a shadow VMCS");
		expect(l1.vmlaunch(), fails_invalid(), "VMLAUNCH of a shadow VMCS");
		expect(l1.vmresume(), fails_invalid(), "VMRESUME of a shadow VMCS");
	} else {
		expect(l1.vmptrld(shadow_vmcs_address), fails(11), "VMPTRLD of a shadow VMCS");
	}
}

TEST(without_current_vmcs)
{
	L1 l1;
	l1.enter_vmx();
	std::uint64_t value = 0;
	check_equal(current_vmcs(l1), no_vmcs, "the current VMCS");
	expect(l1.vmread(field::guest_rip.encoding, value), fails_invalid(), "VMREAD");
	expect(l1.vmread(0x7ffe, value), fails_invalid(), "VMREAD of no field");
	expect(l1.vmwrite(field::guest_rip.encoding, 0), fails_invalid(), "VMWRITE");
	expect(l1.vmwrite(field::exit_reason.encoding, 0), fails_invalid(), "VMWRITE, read-only");
	expect(l1.vmlaunch(), fails_invalid(), "VMLAUNCH");
	expect(l1.vmresume(), fails_invalid(), "VMRESUME");
	if (l1.offers(vmx::secondary::enable_ept))
		expect(l1.invept(0, 0), fails_invalid(), "INVEPT of no type");
	if (l1.offers(vmx::secondary::enable_vpid))
		expect(l1.invvpid(9, 1), fails_invalid(), "INVVPID of no type");
}

TEST(launch_state)
{
	L1 l1;
	l1.prepare(vmcall);
	expect(l1.vmresume(), fails(5), "VMRESUME of a clear VMCS");
	expect(l1.vmlaunch(), exits(Reason::vmcall), "VMLAUNCH of a clear VMCS");
	expect(l1.vmlaunch(), fails(4), "VMLAUNCH of a launched VMCS");
	expect(l1.vmresume(), exits(Reason::vmcall), "VMRESUME of a launched VMCS");
	l1.write_default_vmcs(other_vmcs_address);
	expect(l1.vmresume(), fails(5), "VMRESUME of the other VMCS");
	expect(l1.vmptrld(vmcs_address), succeeds(), "VMPTRLD");
	expect(l1.vmlaunch(), fails(4), "VMLAUNCH after another VMCS was current");
	expect(l1.vmresume(), exits(Reason::vmcall), "VMRESUME after another VMCS was current");
	expect(l1.vmptrld(other_vmcs_address), succeeds(), "VMPTRLD");
	expect(l1.vmlaunch(), exits(Reason::vmcall), "VMLAUNCH of the other VMCS");
	expect(l1.vmclear(vmcs_address), succeeds(), "VMCLEAR");
	expect(l1.vmresume(), exits(Reason::vmcall), "VMRESUME of the other VMCS");
	expect(l1.vmptrld(vmcs_address), succeeds(), "VMPTRLD");
	expect(l1.vmresume(), fails(5), "VMRESUME after VMCLEAR");
	expect(l1.vmlaunch(), exits(Reason::vmcall), "VMLAUNCH after VMCLEAR");
}

// An entry that fails its checks leaves the launch state as it was.
TEST(launch_state_after_failure)
{
	L1 l1;
	l1.prepare(vmcall);
	l1.write(field::host_cr3, ~0ul);
	expect(l1.vmlaunch(), fails(8), "VMLAUNCH with bad host state");
	l1.write(field::host_cr3, l1.vcpu().sregs().cr3);
	l1.write(field::guest_rflags, 0);
	expect(l1.vmlaunch(), entry_fails(Reason::invalid_guest), "VMLAUNCH with bad guest state");
	l1.write(field::guest_rflags, rflags_fixed | rflags_if);
	expect(l1.vmresume(), fails(5), "VMRESUME after two failed VMLAUNCHes");
	expect(l1.vmlaunch(), exits(Reason::vmcall), "VMLAUNCH");
	l1.write(field::guest_rflags, 0);
	expect(l1.vmresume(), entry_fails(Reason::invalid_guest), "VMRESUME with bad guest state");
	l1.write(field::guest_rflags, rflags_fixed | rflags_if);
	expect(l1.vmlaunch(), fails(4), "VMLAUNCH after a failed VMRESUME");
	expect(l1.vmresume(), exits(Reason::vmcall), "VMRESUME");
}

TEST(entry_blocked_by_mov_ss)
{
	L1 l1;
	l1.prepare(vmcall);
	expect(l1.run(launch_after_mov_ss), fails(26), "VMLAUNCH after MOV SS");
	expect(l1.vmlaunch(), exits(Reason::vmcall), "VMLAUNCH");
	expect(l1.run(resume_after_mov_ss), fails(26), "VMRESUME after MOV SS");
}

TEST(invept)
{
	L1 l1;
	l1.need(vmx::ept_vpid_cap::invept, "INVEPT");
	l1.prepare(vmcall);
	const vmx::EptVpidCap offered{l1.capability(Msr::ept_vpid_cap)};
	constexpr std::uint64_t eptp = ept_address | 3 << 3 | 6;
	using namespace vmx::ept_vpid_cap;

	expect(l1.invept(1, eptp), offered.has(invept_single) ? succeeds() : fails(28),
	       "INVEPT of one context");
	expect(l1.invept(2, 0), offered.has(invept_all) ? succeeds() : fails(28),
	       "INVEPT of all contexts");
	for (const std::uint64_t type : {0ul, 3ul, 4ul, 32ul, 1ul << 32 | 1, ~0ul})
		expect(l1.invept(type, eptp), fails(28), "INVEPT of type " + tap::hex(type));
	if (!offered.has(invept_single))
		return;
	// SDM: fails if a VM entry with that EPTP would.
	for (const std::uint64_t bad : {eptp ^ 1 << 4, eptp | 1 << 5, eptp | 1 << 7, eptp ^ 6 ^ 3,
					eptp | 1 << 9, eptp | beyond_physical()})
		expect(l1.invept(1, bad), fails(28), "INVEPT with EPTP " + tap::hex(bad));
}

TEST(invvpid)
{
	L1 l1;
	l1.need(vmx::ept_vpid_cap::invvpid, "INVVPID");
	l1.prepare(vmcall);
	const vmx::EptVpidCap offered{l1.capability(Msr::ept_vpid_cap)};
	using namespace vmx::ept_vpid_cap;

	constexpr vmx::EptVpidCap types[] = {invvpid_address, invvpid_single, invvpid_all,
					     invvpid_single_noglobal};
	for (std::uint64_t type = 0; type < std::size(types); type++) {
		const bool known = offered.has(types[type]);
		const std::string name = "INVVPID of type " + std::to_string(type);
		expect(l1.invvpid(type, 1, 0x1000), known ? succeeds() : fails(28), name);
		if (type != 2)
			expect(l1.invvpid(type, 0), fails(28), name + " with VPID 0");
		else if (known)
			expect(l1.invvpid(type, 0), succeeds(), name + " with VPID 0");
		expect(l1.invvpid(type, 0x10001), fails(28), name + " with a reserved bit");
		expect(l1.invvpid(type, 1ul << 63 | 1), fails(28), name + " with a reserved bit");
	}
	expect(l1.invvpid(0, 1, non_canonical), fails(28), "INVVPID of an address not canonical");
	expect(l1.invvpid(1, 0xffff, non_canonical),
	       offered.has(invvpid_single) ? succeeds() : fails(28),
	       "INVVPID of a context, whatever the address");
	for (const std::uint64_t type : {4ul, 5ul, 32ul, 1ul << 32 | 2, ~0ul})
		expect(l1.invvpid(type, 1), fails(28), "INVVPID of type " + tap::hex(type));
}
