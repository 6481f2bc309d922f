// SPDX-License-Identifier: GPL-2.0-only
#include "nested.hpp"

#include "nested_evmcs.hpp"

// The operand of an instruction that takes one in memory is at rdi. VMREAD and VMWRITE: the field
// is in rsi, the value in rdi.
L1_CODE(code_vmxon, "vmxon (%rdi)");
L1_CODE(code_vmxoff, "vmxoff");
L1_CODE(code_vmclear, "vmclear (%rdi)");
L1_CODE(code_vmptrld, "vmptrld (%rdi)");
L1_CODE(code_vmptrst, "vmptrst (%rdi)");
L1_CODE(code_vmread, "vmread %rsi, %rdi");
L1_CODE(code_vmwrite, "vmwrite %rdi, %rsi");
L1_CODE(code_invept, "invept (%rdi), %rsi");
L1_CODE(code_invvpid, "invvpid (%rdi), %rsi");
L1_CODE(code_vmlaunch, "vmlaunch");
L1_CODE(code_vmresume, "vmresume");
L1_CODE(code_rdmsr, "rdmsr");
L1_CODE(code_wrmsr, "wrmsr");
L1_CODE(code_store, "mov %rsi, (%rdi)");
L1_CODE(code_iret, R"(
	mov %rsp, %rcx
	push $selector_data
	push %rcx
	pushf
	push $selector_code64
	lea 0f(%rip), %rax
	push %rax
	iretq
0:)");

// rsi: pairs of field and value, rcx: how many. What is left in rcx was not reached.
L1_CODE(code_read_list, R"(
0:	mov (%rsi), %rdx
	vmread %rdx, %rax
	jbe 1f
	mov %rax, 8(%rsi)
	add $16, %rsi
	dec %rcx
	jnz 0b
1:)");

L1_CODE(code_write_list, R"(
0:	mov (%rsi), %rdx
	mov 8(%rsi), %rax
	vmwrite %rax, %rdx
	jbe 1f
	add $16, %rsi
	dec %rcx
	jnz 0b
1:)");

GUEST_CODE(exit_stub, 64, "out %eax, $exit_port");

namespace kvm {

namespace field = vmx::field;

namespace {

constexpr std::uint64_t flag_carry = 1 << 0, flag_zero = 1 << 6;
constexpr std::uint64_t feature_control_vmx = 1 << 0 | 1 << 2; // locked, VMX outside SMX
constexpr unsigned cpuid_vmx = 1 << 5;			       // CPUID.1:ECX

std::shared_ptr<const Vm> machine(std::size_t memory, L1::Irqchip irqchip)
{
	Cpuid cpuid = Cpuid::supported();
	if (!(cpuid.find(1)->ecx & cpuid_vmx))
		tap::skip("nested VMX is not offered");
	auto vm = std::make_shared<const Vm>(memory);
	if (irqchip == L1::Irqchip::in_kernel)
		vm->create_irqchip();
	return vm;
}

void enable_apic(const Vcpu &vcpu)
{
	constexpr unsigned spurious = 0xf0;
	constexpr std::uint32_t enabled = 0x1ff;
	kvm_lapic_state apic;
	KVM_CALL(vcpu.fd(), KVM_GET_LAPIC, &apic);
	memcpy(apic.regs + spurious, &enabled, sizeof(enabled));
	KVM_CALL(vcpu.fd(), KVM_SET_LAPIC, &apic);
}

void copy(const Vm &vm, std::uint64_t address, const Code &code)
{
	memcpy(vm.memory(address), code.begin, code.end - code.begin);
}

// For L1 and, since they share the tables, L2.
const Code nothing{exit_stub_begin, exit_stub_begin, 64};

} // namespace

std::uint64_t beyond_physical()
{
	static const unsigned width = Cpuid::supported().find(0x80000008)->eax & 0xff;
	return 1ul << width;
}

std::span<const Instruction> vmx_instructions()
{
	static const Instruction all[] = {
		{"VMXON", code_vmxon},	   {"VMXOFF", code_vmxoff},	{"VMCLEAR", code_vmclear},
		{"VMPTRLD", code_vmptrld}, {"VMPTRST", code_vmptrst},	{"VMREAD", code_vmread},
		{"VMWRITE", code_vmwrite}, {"VMLAUNCH", code_vmlaunch}, {"VMRESUME", code_vmresume},
		{"INVEPT", code_invept},   {"INVVPID", code_invvpid},
	};
	return all;
}

std::string reason_name(std::uint64_t exit_reason)
{
	static constexpr const char *names[] = {
		"exception or NMI",
		"external interrupt",
		"triple fault",
		"INIT",
		"SIPI",
		"I/O SMI",
		"other SMI",
		"interrupt window",
		"NMI window",
		"task switch",
		"CPUID",
		"GETSEC",
		"HLT",
		"INVD",
		"INVLPG",
		"RDPMC",
		"RDTSC",
		"RSM",
		"VMCALL",
		"VMCLEAR",
		"VMLAUNCH",
		"VMPTRLD",
		"VMPTRST",
		"VMREAD",
		"VMRESUME",
		"VMWRITE",
		"VMXOFF",
		"VMXON",
		"control register",
		"MOV DR",
		"I/O instruction",
		"RDMSR",
		"WRMSR",
		"invalid guest state",
		"MSR loading",
		"35",
		"MWAIT",
		"monitor trap flag",
		"38",
		"MONITOR",
		"PAUSE",
		"machine check at entry",
		"42",
		"TPR below threshold",
		"APIC access",
		"virtualized EOI",
		"GDTR or IDTR",
		"LDTR or TR",
		"EPT violation",
		"EPT misconfiguration",
		"INVEPT",
		"RDTSCP",
		"preemption timer",
		"INVVPID",
		"WBINVD",
		"XSETBV",
		"APIC write",
		"RDRAND",
		"INVPCID",
		"VMFUNC",
		"ENCLS",
		"RDSEED",
		"PML full",
		"XSAVES",
		"XRSTORS",
	};
	const std::uint64_t basic = exit_reason & 0xffff;
	return tap::hex(exit_reason) + " (" +
	       (basic < std::size(names) ? names[basic] : "unknown") +
	       (exit_reason >> 31 & 1 ? ", entry failed)" : ")");
}

std::string describe(const Result &result)
{
	const std::string details = result.details.empty() ? "" : " [" + result.details + "]";
	switch (result.kind) {
	case Result::Kind::success:
		return "VMsucceed";
	case Result::Kind::fail_invalid:
		return "VMfailInvalid";
	case Result::Kind::fail_valid:
		return "VMfailValid(" + std::to_string(result.number) + ")";
	case Result::Kind::exception:
		return "exception " + std::to_string(result.number) + " with error code " +
		       tap::hex(result.error_code) + details;
	case Result::Kind::exit:
		return "VM exit " + reason_name(result.number) + details;
	case Result::Kind::report:
		return "L2's report of " + tap::hex(result.number);
	case Result::Kind::userspace:
		return std::string("userspace exit ") + exit_name(result.number) + details;
	}
	return "nothing";
}

void expect(const Result &found, const Result &expected, std::string_view what, tap::Where where)
{
	if (!(found == expected))
		tap::fail(std::string(what) + ": expected " + describe(expected) + ", found " +
				  describe(found),
			  where);
}

void expect_either(const Result &found, const Result &sdm, const Result &also,
		   std::string_view what, tap::Where where)
{
	if (!(found == also))
		expect(found, sdm, what, where);
}

L1::L1(std::size_t memory, Irqchip irqchip, Hyperv hyperv, EvmcsFeatures features)
    : vm_(machine(memory, irqchip)), vcpu_(*vm_)
{
	if (hyperv == Hyperv::evmcs)
		enable_evmcs(vcpu_, features);
	if (irqchip == Irqchip::in_kernel)
		enable_apic(vcpu_);
	load(*vm_, nothing);
	copy(*vm_, exit_stub_address, exit_stub);
	begin();
}

L1::L1(const L1 &first, unsigned id, Hyperv hyperv) : vm_(first.vm_), vcpu_(*vm_, id)
{
	if (hyperv == Hyperv::evmcs)
		enable_evmcs(vcpu_);
	begin();
}

void L1::begin()
{
	enter(vcpu_, nothing);
	vcpu_.set_msr(vmx::msr::feature_control, feature_control_vmx);
	kvm_sregs sregs = vcpu_.sregs();
	sregs.cr4 |= cr4_vmxe;
	vcpu_.set(sregs);
	// Bochs 2.7 does not unblock NMIs when a VMCS is entered whose guest does not block them.
	unblock_nmis();
}

void L1::continue_as(const L1 &other)
{
	l2_ = other.l2_;
	rflags_ = other.rflags_;
	page_ = other.page_;
}

void L1::unblock_nmis()
{
	expect(run(code_iret), succeeds(), "IRET");
}

void L1::enter_vmx(std::uint32_t region)
{
	at<std::uint32_t>(region) = revision();
	expect(vmxon(region), succeeds(), "VMXON");
}

void L1::load_l2(const Code &l2) const
{
	copy(*vm_, l2_code_address, l2);
}

void L1::prepare(const Code &l2)
{
	enter_vmx();
	load_l2(l2);
	write_default_vmcs(vmcs_address);
}

Result L1::run(const Code &code, const kvm_regs &regs)
{
	copy(*vm_, l1_code_address, code);
	kvm_regs all = regs;
	all.rip = l1_code_address;
	all.rsp = stack_top(vcpu_.id()) - 16;
	if (!all.rflags)
		all.rflags = rflags_;
	vcpu_.set(all);
	return go_on();
}

Result L1::go_on()
{
	const int error = vcpu_.try_run();
	const kvm_regs regs = vcpu_.regs();
	if (error)
		tap::fail(std::string("KVM_RUN: ") + strerror(error) + ", rip " +
			  tap::hex(regs.rip));
	const kvm_run &run = vcpu_.state();
	const bool out = run.exit_reason == KVM_EXIT_IO && run.io.direction == KVM_EXIT_IO_OUT;
	switch (out ? run.io.port : 0) {
	case report_port:
		if (regs.rflags & flag_carry)
			return fails_invalid();
		if (regs.rflags & flag_zero)
			return fails(read(field::instruction_error));
		return succeeds();
	case exit_port:
		return vm_exit(regs);
	case l2_port:
		return reports(regs.rax & 0xffffffff);
	case exception_port: {
		const std::uint64_t rip = at<std::uint64_t>(record_address + 16);
		return {Result::Kind::exception, at<std::uint64_t>(record_address),
			at<std::uint64_t>(record_address + 8), rip, "rip " + tap::hex(rip)};
	}
	}
	return {Result::Kind::userspace, run.exit_reason, 0, regs.rip, vcpu_.describe_exit()};
}

Result L1::vm_exit(const kvm_regs &regs)
{
	l2_ = regs;
	FieldValue values[] = {
		{field::exit_reason.encoding},
		{field::exit_qualification.encoding},
		{field::exit_interruption_info.encoding},
		{field::guest_rip.encoding},
	};
	tap::check(!read_fields(values), "VMREAD of what a VM exit tells failed");
	return {Result::Kind::exit, values[0].value, 0, values[3].value,
		"qualification " + tap::hex(values[1].value) + ", interruption " +
			tap::hex(values[2].value) + ", rip " + tap::hex(values[3].value)};
}

Result L1::run_with_operand(const Code &code, std::uint64_t operand)
{
	at<std::uint64_t>(operand_address) = operand;
	kvm_regs regs = {};
	regs.rdi = operand_address;
	return run(code, regs);
}

Result L1::vmxon(std::uint64_t address)
{
	return run_with_operand(code_vmxon, address);
}

Result L1::vmxoff()
{
	return run(code_vmxoff);
}

Result L1::vmclear(std::uint64_t address)
{
	return run_with_operand(code_vmclear, address);
}

Result L1::vmptrld(std::uint64_t address)
{
	return run_with_operand(code_vmptrld, address);
}

Result L1::vmptrst(std::uint64_t &address)
{
	const Result result = run_with_operand(code_vmptrst, address);
	address = at<std::uint64_t>(operand_address);
	return result;
}

Result L1::vmread(std::uint64_t encoding, std::uint64_t &value)
{
	kvm_regs regs = {};
	regs.rsi = encoding;
	regs.rdi = value;
	const Result result = run(code_vmread, regs);
	if (result.kind == Result::Kind::success)
		value = vcpu_.regs().rdi;
	return result;
}

Result L1::vmwrite(std::uint64_t encoding, std::uint64_t value)
{
	kvm_regs regs = {};
	regs.rsi = encoding;
	regs.rdi = value;
	return run(code_vmwrite, regs);
}

Result L1::invept(std::uint64_t type, std::uint64_t eptp, std::uint64_t reserved)
{
	at<std::uint64_t>(operand_address) = eptp;
	at<std::uint64_t>(operand_address + 8) = reserved;
	kvm_regs regs = {};
	regs.rdi = operand_address;
	regs.rsi = type;
	return run(code_invept, regs);
}

Result L1::invvpid(std::uint64_t type, std::uint64_t vpid, std::uint64_t address)
{
	at<std::uint64_t>(operand_address) = vpid;
	at<std::uint64_t>(operand_address + 8) = address;
	kvm_regs regs = {};
	regs.rdi = operand_address;
	regs.rsi = type;
	return run(code_invvpid, regs);
}

// Whether RDMSR or WRMSR raised an exception is all there is to tell: they leave the flags alone.
Result L1::rdmsr(std::uint32_t index, std::uint64_t &value)
{
	kvm_regs regs = {};
	regs.rcx = index;
	const Result result = run(code_rdmsr, regs);
	const kvm_regs after = vcpu_.regs();
	value = after.rdx << 32 | (after.rax & 0xffffffff);
	return result;
}

Result L1::wrmsr(std::uint32_t index, std::uint64_t value)
{
	kvm_regs regs = {};
	regs.rcx = index;
	regs.rax = value & 0xffffffff;
	regs.rdx = value >> 32;
	return run(code_wrmsr, regs);
}

void L1::store(volatile std::uint64_t &place, std::uint64_t value)
{
	kvm_regs regs = {};
	regs.rdi = reinterpret_cast<std::uintptr_t>(&place) -
		   reinterpret_cast<std::uintptr_t>(vm_->memory());
	regs.rsi = value;
	expect(run(code_store, regs), succeeds(), "MOV to memory");
}

Result L1::vmlaunch(const kvm_regs &regs)
{
	return run(code_vmlaunch, regs);
}

Result L1::vmresume(const kvm_regs &regs)
{
	return run(code_vmresume, regs);
}

Result L1::resume(Skip skip)
{
	const kvm_regs regs = l2_;
	if (skip == Skip::instruction)
		write(field::guest_rip,
		      read(field::guest_rip) + read(field::exit_instruction_length));
	return run(code_vmresume, regs);
}

std::uint64_t L1::read_field(std::uint64_t encoding, tap::Where where)
{
	if (page_)
		return read_page(*vm_, *page_, encoding, where);
	std::uint64_t value = 0;
	expect(vmread(encoding, value), succeeds(), "VMREAD of field " + tap::hex(encoding), where);
	return value;
}

void L1::write_field(std::uint64_t encoding, std::uint64_t value, tap::Where where)
{
	if (page_)
		return write_page(*vm_, *page_, encoding, value, where);
	expect(vmwrite(encoding, value), succeeds(), "VMWRITE of field " + tap::hex(encoding),
	       where);
}

std::optional<std::size_t> L1::run_list(const Code &code, std::span<const FieldValue> fields)
{
	memcpy(vm_->memory(field_list_address), fields.data(), fields.size_bytes());
	kvm_regs regs = {};
	regs.rsi = field_list_address;
	regs.rcx = fields.size();
	run(code, regs);
	const std::size_t left = vcpu_.regs().rcx;
	return left ? std::optional(fields.size() - left) : std::nullopt;
}

std::optional<std::size_t> L1::write_fields(std::span<const FieldValue> fields)
{
	if (page_) {
		for (const FieldValue &one : fields)
			write_page(*vm_, *page_, one.encoding, one.value);
		return {};
	}
	return run_list(code_write_list, fields);
}

std::optional<std::size_t> L1::read_fields(std::span<FieldValue> fields)
{
	if (page_) {
		for (FieldValue &one : fields)
			one.value = read_page(*vm_, *page_, one.encoding);
		return {};
	}
	const auto failed = run_list(code_read_list, fields);
	memcpy(fields.data(), vm_->memory(field_list_address), fields.size_bytes());
	return failed;
}

void L1::expect_exit(const Result &found, vmx::Reason reason, std::uint64_t qualification,
		     std::uint64_t instruction_length, tap::Where where)
{
	expect(found, exits(reason), "what ended L2", where);
	expect_field(field::exit_qualification, qualification, where);
	expect_field(field::exit_instruction_length, instruction_length, where);
}

Result launch(L1 &l1, std::uint64_t rbx_value)
{
	kvm_regs regs = {};
	regs.rbx = rbx_value;
	return l1.vmlaunch(regs);
}

Result again(L1 &l1, std::uint64_t rbx_value)
{
	kvm_regs regs = {};
	regs.rbx = rbx_value;
	l1.write(vmx::field::guest_rip, l2_code_address);
	return l1.vmresume(regs);
}

} // namespace kvm
