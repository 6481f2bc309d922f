// SPDX-License-Identifier: GPL-2.0-only
//
// L1 hypervisors. The host plays L1: every instruction of L1 is a piece of guest code that the vCPU
// runs and then reports, so that a test is a straight line of C++ and each step has a Result that
// can be compared. Nothing else of L1 exists. L2 is guest code as in any other test; its general
// registers are those of the vCPU before VMLAUNCH and after the VM exit.
#pragma once

#include "guest.hpp"
#include "vmx/arch.hpp"
#include "vmx/capabilities.hpp"
#include "vmx/exit_reason.hpp"
#include "vmx/fields.hpp"
#include "vmx/interruption.hpp"
#include "vmx/msr_entry.hpp"

#include <memory>
#include <optional>
#include <span>

namespace kvm {

// The first port tells that L1 is at its VM-exit handler, the other is for what L2 has to tell (L1
// must not intercept it).
GUEST_CONSTANT(exit_port, 0x11)
GUEST_CONSTANT(l2_port, 0x12)

// One instruction of L1, or more, which then report. Runs at l1_code_address.
#define L1_CODE(name, text) GUEST_CODE(name, 64, text "\n\tout %eax, $report_port\n")
#define L2_REPORT "out %eax, $l2_port\n"

// L1's and L2's memory, a page each unless a comment says more.
constexpr std::uint32_t vmxon_address = 0x30000;
constexpr std::uint32_t vmcs_address = 0x31000;
constexpr std::uint32_t other_vmcs_address = 0x32000;
constexpr std::uint32_t shadow_vmcs_address = 0x33000;
constexpr std::uint32_t msr_bitmap_address = 0x34000;
constexpr std::uint32_t io_bitmap_a_address = 0x35000;
constexpr std::uint32_t io_bitmap_b_address = 0x36000;
constexpr std::uint32_t virtual_apic_address = 0x37000;
constexpr std::uint32_t apic_access_address = 0x38000;
constexpr std::uint32_t posted_interrupt_address = 0x39000;
constexpr std::uint32_t entry_load_address = 0x3a000;
constexpr std::uint32_t exit_store_address = 0x3b000;
constexpr std::uint32_t exit_load_address = 0x3c000;
constexpr std::uint32_t eptp_list_address = 0x3d000;
constexpr std::uint32_t vmread_bitmap_address = 0x3e000;
constexpr std::uint32_t vmwrite_bitmap_address = 0x3f000;
constexpr std::uint32_t pml_address = 0x40000;
constexpr std::uint32_t field_list_address = 0x41000; // two pages
constexpr std::uint32_t operand_address = 0x43000;
constexpr std::uint32_t l1_code_address = 0x44000;
constexpr std::uint32_t exit_stub_address = 0x45000;
GUEST_CONSTANT(l2_code_address, 0x50000) // two pages
GUEST_CONSTANT(l2_data_address, 0x58000)
constexpr std::uint32_t l2_stack_top = 0x57ff0;
constexpr std::uint32_t ept_address = 0x80000; // eight pages
constexpr std::uint32_t other_ept_address = 0x90000;

// Where a label of L2's code is.
constexpr std::uint32_t l2_at(const Code &code, const char *label)
{
	return l2_code_address + static_cast<std::uint32_t>(label - code.begin);
}

// How a step of L1 ended.
struct Result {
	enum class Kind {
		success,
		fail_invalid,
		fail_valid, // number: the VM-instruction error
		exception,  // number: the vector, recorded by the gates of L1 and L2 alike
		exit,	    // number: the exit-reason field
		report,	    // number: what L2 wrote to l2_port
		userspace,  // number: kvm_run's exit_reason
	};

	Kind kind;
	std::uint64_t number = 0;
	std::uint64_t error_code = 0; // of exceptions
	std::uint64_t rip = 0;	      // of exceptions and userspace exits; not compared
	std::string details = {};     // not compared

	bool operator==(const Result &other) const
	{
		return kind == other.kind && number == other.number &&
		       error_code == other.error_code;
	}
};

// The first address that the CPU's physical addresses do not reach, and a linear one that is not
// canonical.
std::uint64_t beyond_physical();
constexpr std::uint64_t non_canonical = 1ul << 62;

// Operands of a step of L1: an address or value in rdi, a field or type in rsi.
inline kvm_regs operands(std::uint64_t rdi, std::uint64_t rsi = 0)
{
	kvm_regs regs = {};
	regs.rdi = rdi;
	regs.rsi = rsi;
	return regs;
}

std::string describe(const Result &result);
std::string reason_name(std::uint64_t exit_reason);

inline Result succeeds()
{
	return {Result::Kind::success};
}

inline Result fails_invalid()
{
	return {Result::Kind::fail_invalid};
}

// VMfailValid with an error of the SDM's "VM-Instruction Error Numbers".
inline Result fails(std::uint64_t error)
{
	return {Result::Kind::fail_valid, error};
}

inline Result faults(std::uint64_t vector, std::uint64_t error_code = 0)
{
	return {Result::Kind::exception, vector, error_code};
}

inline Result exits(vmx::Reason reason)
{
	return {Result::Kind::exit, static_cast<std::uint64_t>(reason)};
}

// A VM entry that failed after its checks on controls and host state.
inline Result entry_fails(vmx::Reason reason)
{
	return {Result::Kind::exit, static_cast<std::uint64_t>(reason) | 1ul << 31};
}

inline Result reports(std::uint64_t value)
{
	return {Result::Kind::report, value};
}

inline Result leaves(std::uint32_t kvm_exit_reason)
{
	return {Result::Kind::userspace, kvm_exit_reason};
}

// VMX instructions that fault alike when they may not be executed: operands as for L1's own
// functions.
struct Instruction {
	const char *name;
	const Code &code;
};
std::span<const Instruction> vmx_instructions();

// For what the distribution's module does otherwise than the SDM has it; a comment says how.
void expect_either(const Result &found, const Result &sdm, const Result &also,
		   std::string_view what, tap::Where where = tap::Where::current());
void expect(const Result &found, const Result &expected, std::string_view what,
	    tap::Where where = tap::Where::current());

struct FieldValue {
	std::uint64_t encoding, value;
};

// Of CPUID 4000000AH.
struct EvmcsFeatures {
	bool perf_global_ctrl = true, direct_flush = false;
};

class L1 {
public:
	// A vCPU in 64-bit mode that could execute VMXON; skips if nested VMX is not offered.
	// With an in-kernel irqchip the vCPU's local APIC is enabled.
	enum class Irqchip { none, in_kernel };
	// With the CPUID of Hyper-V and enlightened VMCSs; skips if they are not offered.
	enum class Hyperv { none, evmcs };
	explicit L1(std::size_t memory = default_memory, Irqchip irqchip = Irqchip::none,
		    Hyperv hyperv = Hyperv::none, EvmcsFeatures features = {});

	// Another vCPU of that machine. Their steps share L1's code and operands: one at a time.
	L1(const L1 &first, unsigned id, Hyperv hyperv = Hyperv::none);

	// This one stands where the other stood.
	void continue_as(const L1 &other);

	const Vm &vm() const { return *vm_; }
	std::size_t memory_size() const { return vm_->memory_size(); }
	const Vcpu &vcpu() const { return vcpu_; }
	template <typename T> volatile T &at(std::uint64_t gpa) const { return vm_->at<T>(gpa); }

	// Executes VMXON, with that region.
	void enter_vmx(std::uint32_t region = vmxon_address);
	// Executes VMXON; vmcs_address is current and would run that code as L2.
	void prepare(const Code &l2);
	void load_l2(const Code &l2) const;
	// Makes that VMCS clear and current and writes all fields: L2 in 64-bit mode, in L1's
	// address space and with L1's tables, no control set but those that must be.
	void write_default_vmcs(std::uint64_t address) { write_default_vmcs(address, revision()); }
	// The same in a region of that revision.
	void write_default_vmcs(std::uint64_t address, std::uint32_t region_revision);
	// The same fields in the VMCS that is in use.
	void write_default_fields();

	// From here on fields are those of the page at that address, read and written in memory,
	// without marks of what is clean; or those of the current VMCS again.
	void use_page(std::uint32_t address) { page_ = address; }
	void use_vmcs() { page_.reset(); }

	// L1's steps run with RFLAGS.IF set, until this says otherwise.
	void keep_interrupts_off(bool off) { rflags_ = rflags_fixed | (off ? 0 : rflags_if); }
	// Executes IRET, with which an NMI's handler ends.
	void unblock_nmis();
	// Runs a piece of code as L1.
	Result run(const Code &code, const kvm_regs &regs = {});
	// L2's general registers at its last VM exit.
	const kvm_regs &l2() const { return l2_; }
	// Runs whatever the vCPU stands at until something can be told.
	Result go_on();

	// Instructions, with their 64-bit operands in memory or registers.
	Result vmxon(std::uint64_t address);
	Result vmxoff();
	Result vmclear(std::uint64_t address);
	Result vmptrld(std::uint64_t address);
	Result vmptrst(std::uint64_t &address);
	Result vmread(std::uint64_t encoding, std::uint64_t &value);
	Result vmwrite(std::uint64_t encoding, std::uint64_t value);
	Result invept(std::uint64_t type, std::uint64_t eptp, std::uint64_t reserved = 0);
	Result invvpid(std::uint64_t type, std::uint64_t vpid, std::uint64_t address = 0);
	Result rdmsr(std::uint32_t index, std::uint64_t &value);
	Result wrmsr(std::uint32_t index, std::uint64_t value);
	// L1 writes its memory itself. What KVM watches for writes, tables in use above all, must
	// not be changed by the host behind its back.
	void store(volatile std::uint64_t &place, std::uint64_t value);
	// VM entry, with L2's general registers.
	Result vmlaunch(const kvm_regs &regs = {});
	Result vmresume(const kvm_regs &regs = {});
	// VMRESUME with the registers that the last exit left: L2 goes on, behind the instruction
	// if skip is set.
	enum class Skip { nothing, instruction };
	Result resume(Skip skip = Skip::instruction);

	// Fields of the current VMCS; a failure ends the case.
	template <vmx::AnyField Field>
	std::uint64_t read(Field, tap::Where where = tap::Where::current())
	{
		return read_field(Field::encoding, where);
	}
	template <vmx::AnyField Field> void write(Field, std::type_identity_t<std::uint64_t> value,
						  tap::Where where = tap::Where::current())
	{
		write_field(Field::encoding, value, where);
	}
	template <vmx::AnyField Field>
	void expect_field(Field field, std::type_identity_t<std::uint64_t> expected,
			  tap::Where where = tap::Where::current())
	{
		tap::check_equal(read(field, where), expected, vmx::field::name_of<Field::encoding>,
				 where);
	}
	std::uint64_t read_field(std::uint64_t encoding, tap::Where where = tap::Where::current());
	void write_field(std::uint64_t encoding, std::uint64_t value,
			 tap::Where where = tap::Where::current());
	// Many at once; the index of the first that fails, or nothing.
	std::optional<std::size_t> write_fields(std::span<const FieldValue> fields);
	std::optional<std::size_t> read_fields(std::span<FieldValue> fields);

	// Controls of the current VMCS. set() skips the case if the vCPU's capabilities do not have
	// it.
	void set(vmx::Pin controls);
	void set(vmx::Primary controls);
	void set(vmx::Secondary controls);
	void set(vmx::Exit controls);
	void set(vmx::Entry controls);
	void clear(vmx::Pin controls);
	void clear(vmx::Primary controls);
	void clear(vmx::Secondary controls);
	void clear(vmx::Exit controls);
	void clear(vmx::Entry controls);
	bool offers(vmx::Secondary controls) const;
	// VMX capability MSRs as the vCPU has them.
	std::uint64_t capability(vmx::Msr msr) const;
	std::uint32_t revision() const;
	void need(vmx::EptVpidCap capabilities, const char *name) const;

	// The checks that most cases end with.
	void expect_exit(const Result &found, vmx::Reason reason, std::uint64_t qualification,
			 std::uint64_t instruction_length,
			 tap::Where where = tap::Where::current());

private:
	void change(std::uint32_t encoding, vmx::Msr msr, std::uint32_t set, std::uint32_t clear,
		    const char *word);
	std::optional<std::size_t> run_list(const Code &code, std::span<const FieldValue> fields);
	void begin();
	Result vm_exit(const kvm_regs &regs);
	Result run_with_operand(const Code &code, std::uint64_t operand);

	std::shared_ptr<const Vm> vm_;
	Vcpu vcpu_;
	kvm_regs l2_ = {};
	std::uint64_t rflags_ = rflags_fixed | rflags_if;
	std::optional<std::uint32_t> page_; // the enlightened VMCS in use
};

// L2 with an operand in rbx: first by VMLAUNCH, then from its beginning once more.
Result launch(L1 &l1, std::uint64_t rbx_value);
Result again(L1 &l1, std::uint64_t rbx_value);

} // namespace kvm
