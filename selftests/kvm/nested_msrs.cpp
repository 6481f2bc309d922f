// SPDX-License-Identifier: GPL-2.0-only
//
// The VMX capability MSRs of a vCPU: what /dev/kvm offers, what userspace may make of them, what
// the guest reads.
#include "harness/guest.hpp"

using namespace kvm;
using tap::check;
using tap::check_equal;

namespace {

using u32 = std::uint32_t;
using u64 = std::uint64_t;

constexpr u32 feature_control = 0x3a, basic = 0x480, exit_controls = 0x483, entry_controls = 0x484,
	      misc = 0x485, cr0_fixed0 = 0x486, cr0_fixed1 = 0x487, cr4_fixed0 = 0x488,
	      cr4_fixed1 = 0x489, vmcs_enum = 0x48a, secondary = 0x48b, ept_vpid_cap = 0x48c,
	      true_pin = 0x48d, true_exit = 0x48f, true_entry = 0x490, vmfunc = 0x491;
constexpr u32 first = basic, last = vmfunc;

// A non-TRUE MSR, its TRUE one, and what it has forced beyond that (SDM, "Reserved Controls and
// Default Settings").
constexpr struct {
	const char *name;
	u32 plain, true_msr;
	u64 default1;
} words[] = {
	{"pin-based", 0x481, 0x48d, 0x00000016},
	{"primary", 0x482, 0x48e, 0x0401e172},
	{"exit", 0x483, 0x48f, 0x00036dff},
	{"entry", 0x484, 0x490, 0x000011ff},
};

constexpr u64 low = 0xffffffff;
constexpr unsigned gp = 13;

std::string name_of(u32 msr)
{
	return "MSR " + tap::hex(msr);
}

constexpr u64 allowed(unsigned control)
{
	return 1ul << (32 + control);
}

u32 &vmx_word(Cpuid &table)
{
	return table.find(1)->ecx;
}
constexpr u32 vmx_bit = 1 << 5;

// A vCPU with VMX, or the case is skipped: parameter nested=0.
class NestedVcpu {
public:
	NestedVcpu() : vcpu(vm)
	{
		Cpuid table = Cpuid::supported();
		if (!(vmx_word(table) & vmx_bit))
			tap::skip("guests have no VMX");
	}

	u64 get(u32 msr, tap::Where where = tap::Where::current()) const
	{
		return vcpu.msr(msr, where);
	}

	// Takes the value and has it afterwards.
	void takes(u32 msr, u64 value, tap::Where where = tap::Where::current()) const
	{
		check(vcpu.try_set_msr(msr, value), name_of(msr) + " takes " + tap::hex(value),
		      where);
		check_equal(get(msr, where), value, name_of(msr) + " set", where);
	}

	// Refuses the value and keeps what it has.
	void refuses(u32 msr, u64 value, tap::Where where = tap::Where::current()) const
	{
		const u64 before = get(msr, where);
		check(!vcpu.try_set_msr(msr, value), name_of(msr) + " refuses " + tap::hex(value),
		      where);
		check_equal(get(msr, where), before, name_of(msr) + " after a refusal", where);
	}

	Vm vm;
	Vcpu vcpu;
};

bool try_offered(u32 msr, u64 &value)
{
	OneMsr request(msr, 0);
	if (KVM_CALL(open_dev_kvm(), KVM_GET_MSRS, &request) != 1)
		return false;
	value = request.entry.data;
	return true;
}

u64 offered(u32 msr)
{
	u64 value;
	check(try_offered(msr, value), name_of(msr) + " is offered");
	return value;
}

Cpuid without(u32 function, u32 kvm_cpuid_entry2::*word, unsigned bit)
{
	Cpuid table = Cpuid::supported();
	kvm_cpuid_entry2 *entry = table.find(function);
	if (!entry || !(entry->*word >> bit & 1))
		tap::skip("the CPU lacks the feature");
	entry->*word &= ~(1u << bit);
	return table;
}

// The control is there if and only if the guest's CPUID has the feature.
void follows(const Cpuid &table, unsigned control)
{
	const NestedVcpu nested;
	const u64 before = nested.get(secondary);
	if (!(before & allowed(control)))
		tap::skip("the CPU lacks the control");
	nested.vcpu.set_cpuid(table);
	check_equal(nested.get(secondary), before & ~allowed(control), "without the feature");
	nested.vcpu.set_cpuid(Cpuid::supported());
	check_equal(nested.get(secondary), before, "with it again");
	// Only CPUID decides on what follows it; all else is as userspace had it.
	nested.vcpu.set_msr(secondary, 0);
	nested.vcpu.set_cpuid(Cpuid::supported());
	check(nested.get(secondary) & allowed(control), "a control that follows CPUID");
	check(!(nested.get(secondary) & allowed(6)), "WBINVD exiting stays away");
}

GUEST_CODE(read_msr, 64, R"(
	rdmsr
	shl $32, %rdx
	or %rax, %rdx
	hlt
)");

GUEST_CODE(write_msr, 64, R"(
	wrmsr
	hlt
)");

// VMXON with a region at data_address, a stop, VMXOFF.
GUEST_CODE(vmxon_vmxoff, 64, R"(
	mov $0x480, %ecx
	rdmsr
	mov %eax, data_address
	mov %cr4, %rax
	or $0x2000, %rax
	mov %rax, %cr4
	mov %cr0, %rax
	or $0x20, %rax
	mov %rax, %cr0
	movq $data_address, region_pointer
	vmxon region_pointer
	jbe 1f
	mov $1, %eax
	out %eax, $report_port
	vmxoff
	mov $2, %eax
	out %eax, $report_port
1:	ud2
	.equ region_pointer, data_address + 0x1000
)");

} // namespace

TEST(offered_by_the_system)
{
	NestedVcpu nested;
	// The vCPU has what is offered, but for what follows its CPUID.
	for (u32 msr = first; msr <= last; msr++) {
		const u64 most = offered(msr), found = nested.get(msr);
		switch (msr) {
		case cr4_fixed1:
			break;
		case secondary:
		case exit_controls:
		case entry_controls:
		case true_exit:
		case true_entry:
			check_equal(found & ~most, 0u, name_of(msr) + " beyond the offer");
			break;
		default:
			check_equal(found, most, name_of(msr));
		}
	}
	u64 value;
	check(!try_offered(last + 1, value), "IA32_VMX_PROCBASED_CTLS3 is not offered");
	check(!nested.vcpu.try_get_msr(last + 1, value), "and no vCPU has it");
}

TEST(shape)
{
	NestedVcpu nested;
	const u64 info = nested.get(basic);
	check_equal(info >> 31 & 1, 0u, "bit 31 of IA32_VMX_BASIC");
	check_equal(info >> 32 & 0x1fff, 4096u, "bytes of a region");
	check_equal(info >> 50 & 0xf, 6u, "memory type of regions");
	check(info >> 55 & 1, "there are TRUE MSRs");
	for (const auto &word : words) {
		const u64 value = nested.get(word.true_msr);
		check_equal(nested.get(word.plain), value | word.default1,
			    std::string(word.name) + ", non-TRUE");
		check_equal((value & low) & ~(value >> 32), 0u,
			    std::string(word.name) + ": forced and not allowed");
	}
	check_equal(nested.get(secondary) & low, 0u, "forced secondary controls");
	check_equal(nested.get(cr0_fixed0), 0x80000021u, "CR0_FIXED0");
	check_equal(nested.get(cr0_fixed0) & ~nested.get(cr0_fixed1), 0u, "CR0 fixed to 1 and 0");
	check_equal(nested.get(cr4_fixed0), 0x2000u, "CR4_FIXED0");
	check_equal(nested.get(cr4_fixed0) & ~nested.get(cr4_fixed1), 0u, "CR4 fixed to 1 and 0");
	check_equal(nested.get(vmcs_enum) & ~0x3feul, 0u, "reserved bits of IA32_VMX_VMCS_ENUM");
	// The highest index is that of the TSC multiplier.
	check_equal(nested.get(vmcs_enum), 0x32u, "IA32_VMX_VMCS_ENUM");
	const bool has_ept = nested.get(secondary) & allowed(1);
	const bool has_vpid = nested.get(secondary) & allowed(5);
	check_equal((nested.get(ept_vpid_cap) & low) != 0, has_ept, "EPT capabilities and EPT");
	check_equal(nested.get(ept_vpid_cap) >> 32 != 0, has_vpid, "VPID capabilities and VPID");
}

TEST(guest_reads_them)
{
	NestedVcpu nested;
	for (u32 msr = first; msr <= last; msr++) {
		start(nested.vm, nested.vcpu, read_msr);
		kvm_regs regs = nested.vcpu.regs();
		regs.rcx = msr;
		nested.vcpu.set(regs);
		nested.vcpu.run_to(KVM_EXIT_HLT);
		check_equal(nested.vcpu.regs().rdx, nested.get(msr),
			    name_of(msr) + " in the guest");
	}
}

TEST(guest_cannot_write_them)
{
	NestedVcpu nested;
	for (u32 msr = first; msr <= last; msr++) {
		const u64 value = nested.get(msr);
		start(nested.vm, nested.vcpu, write_msr);
		kvm_regs regs = nested.vcpu.regs();
		regs.rcx = msr;
		regs.rax = value & low;
		regs.rdx = value >> 32;
		nested.vcpu.set(regs);
		check_equal(run_to_exception(nested.vm, nested.vcpu).vector, gp,
			    name_of(msr) + ": exception");
		check_equal(nested.get(msr), value, name_of(msr) + " after it");
	}
}

TEST(controls_taken_away)
{
	NestedVcpu nested;
	for (const auto &word : words) {
		const u64 most = nested.get(word.true_msr);
		for (unsigned n = 0; n < 32; n++) {
			if (!(most & allowed(n))) {
				nested.refuses(word.true_msr, most | allowed(n));
				continue;
			}
			nested.takes(word.true_msr, most & ~allowed(n));
			check_equal(nested.get(word.plain), (most & ~allowed(n)) | word.default1,
				    std::string(word.name) + ", non-TRUE");
			// It is the vCPU's own choice, and can be had back.
			nested.takes(word.true_msr, most);
		}
	}
	const u64 most = offered(secondary);
	for (unsigned n = 0; n < 32; n++)
		if (most & allowed(n))
			nested.takes(secondary, most & ~allowed(n));
		else
			nested.refuses(secondary, nested.get(secondary) | allowed(n));
}

TEST(controls_forced)
{
	NestedVcpu nested;
	for (const auto &word : words) {
		const u64 most = nested.get(word.true_msr);
		for (unsigned n = 0; n < 32; n++) {
			const u64 bit = 1ul << n;
			if (most & bit)
				nested.refuses(word.true_msr, most & ~bit);
			else if (most & allowed(n))
				nested.takes(word.true_msr, most | bit);
			nested.vcpu.set_msr(word.true_msr, most);
		}
	}
}

TEST(what_follows_cannot_be_set)
{
	NestedVcpu nested;
	for (const auto &word : words) {
		nested.refuses(word.plain, nested.get(word.plain));
		nested.refuses(word.plain, 0);
		nested.refuses(word.plain, ~0ul);
	}
	for (const u32 msr : {cr0_fixed1, cr4_fixed1}) {
		nested.refuses(msr, nested.get(msr));
		nested.refuses(msr, 0);
		nested.refuses(msr, ~0ul);
	}
}

TEST(basic_information)
{
	NestedVcpu nested;
	const u64 value = nested.get(basic);
	nested.takes(basic, value);
	nested.takes(basic, value & ~(1ul << 54));
	nested.takes(basic, value & ~(1ul << 55));
	nested.takes(basic, value);
	nested.refuses(basic, 0);
	nested.refuses(basic, ~0ul);
	nested.refuses(basic, value ^ 1);
	nested.refuses(basic, (value & ~low) | 1);
	for (const unsigned bit : {31, 45, 46, 47, 48, 49, 57, 63})
		nested.refuses(basic, value | 1ul << bit);
	nested.refuses(basic, (value & ~(0x1ffful << 32)) | 1024ul << 32);
}

TEST(miscellaneous_data)
{
	NestedVcpu nested;
	const u64 value = nested.get(misc);
	for (unsigned n = 0; n < 64; n++)
		if (n >= 5 && value >> n & 1)
			nested.takes(misc, value & ~(1ul << n));
		else
			nested.refuses(misc, value ^ 1ul << n);
	// Its rate is fixed as long as there is a preemption timer.
	nested.takes(misc, value);
	nested.takes(true_pin, nested.get(true_pin) & ~allowed(6));
	nested.takes(misc, value ^ 1);
}

TEST(fixed_bits)
{
	NestedVcpu nested;
	for (const u32 msr : {cr0_fixed0, cr4_fixed0}) {
		const u64 value = nested.get(msr);
		for (unsigned n = 0; n < 32; n++)
			if (value >> n & 1)
				nested.refuses(msr, value & ~(1ul << n));
			else
				nested.takes(msr, value | 1ul << n);
	}
}

TEST(address_translation)
{
	NestedVcpu nested;
	for (const u32 msr : {ept_vpid_cap, vmfunc}) {
		const u64 value = nested.get(msr);
		for (unsigned n = 0; n < 64; n++)
			if (value >> n & 1)
				nested.takes(msr, value & ~(1ul << n));
			else
				nested.refuses(msr, value | 1ul << n);
		nested.takes(msr, 0);
		nested.takes(msr, value);
	}
	nested.takes(vmcs_enum, 0x2e);
}

TEST(vcpus_have_their_own)
{
	const NestedVcpu nested;
	const Vcpu other(nested.vm, 1);
	const u64 most = nested.get(true_pin);
	nested.takes(true_pin, most & ~allowed(6));
	check_equal(other.msr(true_pin), most, "the other vCPU's");
	check_equal(offered(true_pin), most, "the offer");
}

TEST(no_vmx_no_msrs)
{
	NestedVcpu nested;
	Cpuid table = Cpuid::supported();
	vmx_word(table) &= ~vmx_bit;
	const Vcpu vcpu(nested.vm, 1, Vcpu::WithCpuid::none);
	vcpu.set_cpuid(table);
	for (u32 msr = first; msr <= last; msr++) {
		u64 value;
		check(!vcpu.try_get_msr(msr, value), name_of(msr) + " cannot be read");
		check(!vcpu.try_set_msr(msr, offered(msr)), name_of(msr) + " cannot be set");
	}
	start(nested.vm, vcpu, read_msr);
	kvm_regs regs = vcpu.regs();
	regs.rcx = basic;
	vcpu.set(regs);
	check_equal(run_to_exception(nested.vm, vcpu).vector, gp, "RDMSR in the guest");
}

// CR4_FIXED1 has the bits of CR4 whose features the guest has, whatever the host has.
TEST(cr4_follows_cpuid)
{
	const NestedVcpu nested;
	constexpr struct {
		const char *name;
		u32 function;
		u32 kvm_cpuid_entry2::*word;
		unsigned bit;
		u64 cr4;
	} rows[] = {
		{"VME", 1, &kvm_cpuid_entry2::edx, 1, 0x3},
		{"DE", 1, &kvm_cpuid_entry2::edx, 2, 0x8},
		{"PSE", 1, &kvm_cpuid_entry2::edx, 3, 0x10},
		{"TSC", 1, &kvm_cpuid_entry2::edx, 4, 0x4},
		{"PAE", 1, &kvm_cpuid_entry2::edx, 6, 0x20},
		{"MCE", 1, &kvm_cpuid_entry2::edx, 7, 0x40},
		{"PGE", 1, &kvm_cpuid_entry2::edx, 13, 0x80},
		{"FXSR", 1, &kvm_cpuid_entry2::edx, 24, 0x200},
		{"SSE", 1, &kvm_cpuid_entry2::edx, 25, 0x400},
		{"SMX", 1, &kvm_cpuid_entry2::ecx, 6, 0x4000},
		{"PCID", 1, &kvm_cpuid_entry2::ecx, 17, 0x20000},
		{"XSAVE", 1, &kvm_cpuid_entry2::ecx, 26, 0x40000},
		{"FSGSBASE", 7, &kvm_cpuid_entry2::ebx, 0, 0x10000},
		{"SMEP", 7, &kvm_cpuid_entry2::ebx, 7, 0x100000},
		{"SMAP", 7, &kvm_cpuid_entry2::ebx, 20, 0x200000},
		{"UMIP", 7, &kvm_cpuid_entry2::ecx, 2, 0x800},
		{"PKU", 7, &kvm_cpuid_entry2::ecx, 3, 0x400000},
		{"LA57", 7, &kvm_cpuid_entry2::ecx, 16, 0x1000},
	};
	const Vcpu vcpu(nested.vm, 1, Vcpu::WithCpuid::none);
	for (const auto &row : rows) {
		Cpuid table = Cpuid::supported();
		kvm_cpuid_entry2 *entry = table.find(row.function);
		if (!entry)
			continue;
		for (const bool has : {true, false}) {
			const u32 bit = 1u << row.bit;
			entry->*row.word = has ? entry->*row.word | bit : entry->*row.word & ~bit;
			vcpu.set_cpuid(table);
			check_equal(vcpu.msr(cr4_fixed1) & row.cr4, has ? row.cr4 : 0,
				    std::string(row.name) + (has ? " in" : " not in") + " CPUID");
		}
	}
	check_equal(vcpu.msr(cr4_fixed1) & 0x2100, 0x2100u, "VMXE and PCE");
}

TEST(rdtscp_follows_cpuid)
{
	Cpuid table = without(0x80000001, &kvm_cpuid_entry2::edx, 27);
	// RDPID has the same control.
	if (kvm_cpuid_entry2 *features = table.find(7))
		features->ecx &= ~(1u << 22);
	follows(table, 3);
}

TEST(invpcid_follows_cpuid)
{
	follows(without(7, &kvm_cpuid_entry2::ebx, 10), 12);
}

TEST(rdrand_follows_cpuid)
{
	follows(without(1, &kvm_cpuid_entry2::ecx, 30), 11);
}

TEST(rdseed_follows_cpuid)
{
	follows(without(7, &kvm_cpuid_entry2::ebx, 18), 16);
}

// What a hypervisor found at VMXON stays true.
TEST(kept_in_vmx_operation)
{
	const NestedVcpu nested;
	nested.vcpu.set_msr(feature_control, 5);
	start(nested.vm, nested.vcpu, vmxon_vmxoff);
	check_equal(run_to_report(nested.vcpu), 1u, "the guest after VMXON");
	for (const u32 msr :
	     {basic, true_pin, misc, secondary, ept_vpid_cap, cr0_fixed0, vmcs_enum})
		nested.refuses(msr, nested.get(msr));
	check_equal(run_to_report(nested.vcpu), 2u, "the guest after VMXOFF");
	nested.takes(true_pin, nested.get(true_pin) & ~allowed(6));
}

TEST(feature_control_locks)
{
	const NestedVcpu nested;
	const auto write = [&](u64 value) {
		start(nested.vm, nested.vcpu, write_msr);
		kvm_regs regs = nested.vcpu.regs();
		regs.rcx = feature_control;
		regs.rax = value;
		regs.rdx = 0;
		nested.vcpu.set(regs);
	};
	check_equal(nested.get(feature_control), 0u, "at the start");
	write(4);
	nested.vcpu.run_to(KVM_EXIT_HLT);
	check_equal(nested.get(feature_control), 4u, "VMX outside of SMX");
	write(5);
	nested.vcpu.run_to(KVM_EXIT_HLT);
	check_equal(nested.get(feature_control), 5u, "and locked");
	for (const u64 value : {4, 5, 0}) {
		write(value);
		check_equal(run_to_exception(nested.vm, nested.vcpu).vector, gp,
			    "a write once it is locked");
	}
	check_equal(nested.get(feature_control), 5u, "after them");
	// Userspace holds the key.
	nested.takes(feature_control, 0);
	for (const u64 value : {1ul << 3, 1ul << 63})
		nested.refuses(feature_control, value);
}
