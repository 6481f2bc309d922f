// SPDX-License-Identifier: GPL-2.0-only
#include "core/sgx/enclave.hpp"
#include "backend/exit/handler.hpp"
#include "backend/vcpu/cpuid.hpp"
#include "backend/vcpu/operand.hpp"
#include "backend/vcpu/registers.hpp"
#include "backend/vcpu/segments.hpp"
#include "backend/vcpu/sgx.hpp"
#include "kernel/errno.hpp"
#include "kernel/page.hpp"
#include "kernel/sgx.hpp"

/// Leaves of ENCLS that the guest may not execute by itself: carried out by the kernel, on the
/// enclave memory that is the guest's, after what its CPUID forbids has been refused.
namespace backend {

namespace {

using sgx::Leaf;

/// Registers in the SDM's order.
constexpr u8 rax = 0, rcx = 1, rdx = 2, rbx = 3;

/// The page that an exception in the guest says it is about; the host's address of an operand.
struct Operand {
	u64 guest;
	unsigned long host;
};

/// Either a step succeeded, or the exit is handled: the guest has got an exception, or userspace
/// has to know.
struct [[nodiscard]] Step {
	bool done;
	int result;

	static constexpr Step good() { return {true, 0}; }
	static constexpr Step ended(int result) { return {false, result}; }
	static constexpr Step ended(ExitAction action) { return ended(result_of(action)); }
};

Step general_protection(Vcpu &vcpu)
{
	kernel::kvm_queue_exception_e(&vcpu.kvm, vector::gp, 0);
	return Step::ended(ExitAction::resume);
}

/// What enclave memory itself refuses: with SGX2 a page fault that says so, before it #GP (SDM,
/// "Error Code and Page-Fault Handling").
Step refused_by_memory(Vcpu &vcpu, u64 address)
{
	if (!guest_has(vcpu, cpuid::sgx2))
		return general_protection(vcpu);

	kernel::x86_exception fault{.vector = vector::pf,
				    .error_code_valid = true,
				    .error_code = static_cast<u16>(kernel::PFERR_PRESENT_MASK |
								   kernel::PFERR_WRITE_MASK |
								   kernel::PFERR_SGX_MASK),
				    .address = address};
	kernel::kvm_inject_emulated_page_fault(&vcpu.kvm, &fault);
	return Step::ended(ExitAction::resume);
}

/// The linear address of an operand, which a register points to.
Step locate(Vcpu &vcpu, u8 pointer, u32 size, u32 alignment, u64 &address)
{
	if (!linear_address(vcpu, f::Segment::ds, gpr(vcpu, pointer), size, Access::read, address))
		return Step::ended(ExitAction::resume);
	return address % alignment ? general_protection(vcpu) : Step::good();
}

Step read_guest(Vcpu &vcpu, u64 address, void *data, u32 size)
{
	kernel::x86_exception fault{};
	const int failed = kernel::kvm_read_guest_virt(&vcpu.kvm, address, data, size, &fault);

	if (!failed)
		return Step::good();
	return Step::ended(kernel::kvm_handle_memory_failure(&vcpu.kvm, failed, &fault));
}

/// Where the process has what the guest has at a linear address; within one page.
Step find_on_host(Vcpu &vcpu, Operand &operand, bool for_writing)
{
	kernel::x86_exception fault{};
	const u64 physical =
		for_writing ? kernel::kvm_mmu_gva_to_gpa_write(&vcpu.kvm, operand.guest, &fault)
			    : kernel::kvm_mmu_gva_to_gpa_read(&vcpu.kvm, operand.guest, &fault);

	if (physical == ~u64{0}) {
		kernel::kvm_inject_emulated_page_fault(&vcpu.kvm, &fault);
		return Step::ended(ExitAction::resume);
	}
	const unsigned long page = kernel::kvm_vcpu_gfn_to_hva(&vcpu.kvm, physical / sgx::page);

	// kvm.ko's error values lie in the kernel's half. No memory is no enclave memory either.
	if (static_cast<long>(page) < 0)
		return refused_by_memory(vcpu, operand.guest);
	operand.host = page + physical % sgx::page;
	return Step::good();
}

Step find_secs(Vcpu &vcpu, Operand &secs)
{
	const Step located = locate(vcpu, rcx, sgx::page, sgx::page, secs.guest);

	return located.done ? find_on_host(vcpu, secs, true) : located;
}

/// What the kernel's ECREATE and EINIT answer below 0.
Step failed(Vcpu &vcpu, int error, int trap, u64 secs)
{
	if (error == -kernel::EFAULT)
		return trap == vector::pf ? refused_by_memory(vcpu, secs)
					  : general_protection(vcpu);
	return Step::ended(error);
}

/// As far as CPUID limits it to less than the CPU can.
bool within_limits(Vcpu &vcpu, const sgx::Secs &secs)
{
	const auto *zero = kernel::kvm_find_cpuid_entry_index(&vcpu.kvm, 0x12, 0);
	const auto *one = kernel::kvm_find_cpuid_entry_index(&vcpu.kvm, 0x12, 1);

	if (!zero || !one)
		return false;
	return sgx::Limits::decode({zero->eax, zero->ebx, zero->ecx, zero->edx},
				   {one->eax, one->ebx, one->ecx, one->edx})
		.allow(secs, vcpu.kvm.kvm->arch.sgx_provisioning_allowed);
}

/// What ECREATE reads, out of the guest's reach once it is here.
struct Source {
	sgx::Secs secs;
	u8 rest_of_secs[sgx::page - sizeof(sgx::Secs)];
	sgx::PageInfo info;
	u8 unused[32];
	sgx::SecurityInfo security;
};
static_assert(__builtin_offsetof(Source, info) % 32 == 0 &&
	      __builtin_offsetof(Source, security) % 64 == 0);

Step read_source(Vcpu &vcpu, Source &source)
{
	auto &info = source.info;
	u64 address;

	if (const Step step = locate(vcpu, rbx, sizeof(info), sizeof(info), address); !step.done)
		return step;
	if (const Step step = read_guest(vcpu, address, &info, sizeof(info)); !step.done)
		return step;
	if (info.linear_address || info.secs || info.source % sgx::page ||
	    info.security_info % sizeof(source.security) || !canonical_for(vcpu, info.source) ||
	    !canonical_for(vcpu, info.security_info))
		return general_protection(vcpu);
	if (const Step step =
		    read_guest(vcpu, info.security_info, &source.security, sizeof(source.security));
	    !step.done)
		return step;
	return read_guest(vcpu, info.source, &source.secs, sgx::page);
}

Step ecreate(Vcpu &vcpu, Source &source)
{
	Operand secs;

	if (const Step step = find_secs(vcpu, secs); !step.done)
		return step;
	if (const Step step = read_source(vcpu, source); !step.done)
		return step;
	if (!within_limits(vcpu, source.secs))
		return general_protection(vcpu);

	// The same instruction on the copies, by addresses of the kernel's.
	source.info.source = reinterpret_cast<u64>(&source.secs);
	source.info.security_info = reinterpret_cast<u64>(&source.security);
	int trap = 0;

	if (const int error = kernel::ecreate(&source.info, secs.host, trap))
		return failed(vcpu, error, trap, secs.guest);
	return Step::good();
}

int handle_ecreate(Vcpu &vcpu)
{
	// Begins with a page, so that its members are aligned as the instruction wants them.
	auto *source = static_cast<Source *>(kernel::allocate_contiguous(sizeof(Source)));

	if (!source)
		return -kernel::ENOMEM;
	const Step step = ecreate(vcpu, *source);

	kernel::free_contiguous(source, sizeof(Source));
	return step.done ? kernel::kvm_skip_emulated_instruction(&vcpu.kvm) : step.result;
}

/// The leaf's answer: RAX and ZF.
void answer(Vcpu &vcpu, u32 error)
{
	constexpr u64 arithmetic =
		rflags::cf | rflags::pf | rflags::af | rflags::zf | rflags::sf | rflags::of;

	set_gpr(vcpu, rax, error);
	set_rflags(&vcpu.kvm, (get_rflags(&vcpu.kvm) & ~arithmetic) | (error ? rflags::zf : 0));
}

Step einit(Vcpu &vcpu)
{
	Operand signature, token, secs;

	if (const Step step = locate(vcpu, rbx, sgx::signature_size, sgx::page, signature.guest);
	    !step.done)
		return step;
	if (const Step step = locate(vcpu, rdx, sgx::token_size, sgx::token_alignment, token.guest);
	    !step.done)
		return step;
	if (const Step step = find_secs(vcpu, secs); !step.done)
		return step;
	if (const Step step = find_on_host(vcpu, signature, false); !step.done)
		return step;
	if (const Step step = find_on_host(vcpu, token, false); !step.done)
		return step;

	int trap = 0;
	const int error =
		kernel::einit(signature.host, token.host, secs.host, vcpu.launch_key_hash, trap);

	if (error < 0)
		return failed(vcpu, error, trap, secs.guest);
	answer(vcpu, static_cast<u32>(error));
	return Step::good();
}

int handle_einit(Vcpu &vcpu)
{
	const Step step = einit(vcpu);

	return step.done ? kernel::kvm_skip_emulated_instruction(&vcpu.kvm) : step.result;
}

bool data_expands_down(Vcpu &vcpu)
{
	constexpr u8 code = 8, expand_down = 4;
	kernel::kvm_segment ds;

	if (in_64bit_code(vcpu))
		return false;
	get_segment(&vcpu.kvm, &ds, static_cast<int>(f::Segment::ds));
	return (ds.type & (code | expand_down)) == expand_down;
}

} // namespace

int handle_encls(Vcpu &vcpu)
{
	// In the order of the SDM's "ENCLS". The CPU has seen to protected mode and CPL 0.
	if (!sgx_visible(vcpu))
		return handle_undefined(vcpu);
	if (!sgx_usable(vcpu) || !paging(vcpu) || data_expands_down(vcpu))
		return general_protection(vcpu).result;

	switch (static_cast<Leaf>(static_cast<u32>(gpr(vcpu, rax)))) {
	case Leaf::ecreate:
		return handle_ecreate(vcpu);
	case Leaf::einit:
		return handle_einit(vcpu);
	default:
		// No other exits but those that the guest does not have.
		return general_protection(vcpu).result;
	}
}

} // namespace backend
