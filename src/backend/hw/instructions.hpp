// SPDX-License-Identifier: GPL-2.0-only
#pragma once

#include "backend/hw/enlightened.hpp"
#include "kernel/alternative.hpp"
#include "kernel/bindings.hpp"
#include "kernel/extable.hpp"
#include "vmx/field.hpp"

/// The VMX instructions. Each may fault when a reboot turns VMX off under it (the exception-table
/// entry then leads to kvm.ko's kvm_spurious_fault(), which is fatal unless kvm_rebooting is set).
namespace hw {

using namespace vmx;

/// What a VMX instruction says of itself (SDM, "Conventions" of the VMX instruction reference).
enum class [[nodiscard]] VmxResult : u8{succeed, fail};

void vmread_failed(u32 encoding);
void vmwrite_failed(u32 encoding, u64 value);

// `asm goto` with outputs: no flag materialised, no branch on the way of success.
[[gnu::always_inline]] inline u64 vmread(u64 encoding)
{
	u64 value;

	asm volatile goto("1:	vmread %[encoding], %[value]\n"
			  "	jbe %l[failed]\n" KVMXX_EXTABLE("1b", "%l[faulted]")
			  : [value] "=rm"(value)
			  : [encoding] "r"(encoding)
			  : "cc"
			  : failed, faulted);
	return value;

failed:
	vmread_failed(static_cast<u32>(encoding));
	return 0;
faulted:
	kernel::kvm_spurious_fault();
	return 0;
}

/// VMREAD, or `instead()` where VMCSs are enlightened. Under a hypervisor of any kind a jump takes
/// the instruction's place, and asks; on bare metal there is nothing to ask. For the few reads that
/// need more than their field.
template <class Instead> [[gnu::always_inline]] inline u64 vmread_or(u64 encoding, Instead instead)
{
	u64 value;

	asm volatile goto(
		"1:	vmread %[encoding], %[value]\n"
		"	jbe %l[failed]\n"
		"2:\n" KVMXX_EXTABLE("1b", "%l[faulted]")
			KVMXX_JUMP_IF_CPU_HAS("%c[hypervisor]", "1b", "2b", "%l[under_hypervisor]")
		: [value] "=rm"(value)
		: [encoding] "r"(encoding), [hypervisor] "i"(kernel::X86_FEATURE_HYPERVISOR)
		: "cc"
		: failed, faulted, under_hypervisor);
	return value;

under_hypervisor:
	__attribute__((cold));
	return enlightened::in_use() ? instead() : vmread(encoding);
failed:
	vmread_failed(static_cast<u32>(encoding));
	return 0;
faulted:
	kernel::kvm_spurious_fault();
	return 0;
}

/// For a field that the CPU may lack. @return false then; `value` is as it was.
[[nodiscard]] inline bool try_vmread(u64 encoding, u64 &value)
{
	u64 found;

	asm volatile goto("1:	vmread %[encoding], %[found]\n"
			  "	jbe %l[missing]\n" KVMXX_EXTABLE("1b", "%l[missing]")
			  : [found] "=rm"(found)
			  : [encoding] "r"(encoding)
			  : "cc"
			  : missing);
	value = found;
	return true;
missing:
	return false;
}

[[gnu::always_inline]] inline void vmwrite(u64 encoding, u64 value)
{
	asm volatile goto("1:	vmwrite %[value], %[encoding]\n"
			  "	jbe %l[failed]\n" KVMXX_EXTABLE("1b", "%l[faulted]")
			  :
			  : [encoding] "r"(encoding), [value] "rm"(value)
			  : "cc"
			  : failed, faulted);
	return;

failed:
	vmwrite_failed(static_cast<u32>(encoding), value);
	return;
faulted:
	kernel::kvm_spurious_fault();
}

/// VMWRITE, or `instead()`: see vmread_or().
template <class Instead>
[[gnu::always_inline]] inline void vmwrite_or(u64 encoding, u64 value, Instead instead)
{
	asm volatile goto("1:	vmwrite %[value], %[encoding]\n"
			  "	jbe %l[failed]\n"
			  "2:\n" KVMXX_EXTABLE("1b", "%l[faulted]") KVMXX_JUMP_IF_CPU_HAS(
				  "%c[hypervisor]", "1b", "2b", "%l[under_hypervisor]")
			  :
			  : [encoding] "r"(encoding), [value] "rm"(value),
			    [hypervisor] "i"(kernel::X86_FEATURE_HYPERVISOR)
			  : "cc"
			  : failed, faulted, under_hypervisor);
	return;

under_hypervisor:
	__attribute__((cold));
	if (enlightened::in_use())
		instead();
	else
		vmwrite(encoding, value);
	return;
failed:
	vmwrite_failed(static_cast<u32>(encoding), value);
	return;
faulted:
	kernel::kvm_spurious_fault();
}

// The four instructions below differ in mnemonic and operand only; asm needs both as literals.
#define KVMXX_VMX_INSTRUCTION(text, ...)                                                           \
	asm volatile goto("1:	" text "\n"                                                        \
			  "	jbe %l[failed]\n" KVMXX_EXTABLE("1b", "%l[faulted]")               \
			  :                                                                        \
			  : __VA_ARGS__                                                            \
			  : "cc", "memory"                                                         \
			  : failed, faulted);                                                      \
	return VmxResult::succeed;                                                                 \
	failed:                                                                                    \
	return VmxResult::fail;                                                                    \
	faulted:                                                                                   \
	kernel::kvm_spurious_fault();                                                              \
	return VmxResult::succeed /* rebooting: nothing is left that could go wrong */

/// `region` is a physical address, the operand of the instruction is its location in memory.
inline VmxResult vmclear(u64 region)
{
	KVMXX_VMX_INSTRUCTION("vmclear %[region]", [region] "m"(region));
}

inline VmxResult vmptrld(u64 region)
{
	KVMXX_VMX_INSTRUCTION("vmptrld %[region]", [region] "m"(region));
}

struct alignas(16) InvalidationDescriptor {
	u64 low, high;
};

inline VmxResult invept(u64 type, InvalidationDescriptor descriptor)
{
	KVMXX_VMX_INSTRUCTION(
		"invept %[descriptor], %[type]", [type] "r"(type), [descriptor] "m"(descriptor));
}

inline VmxResult invvpid(u64 type, InvalidationDescriptor descriptor)
{
	KVMXX_VMX_INSTRUCTION(
		"invvpid %[descriptor], %[type]", [type] "r"(type), [descriptor] "m"(descriptor));
}

#undef KVMXX_VMX_INSTRUCTION

/// False if VMXON faulted or failed: VMX is locked out, or already on.
[[nodiscard]] inline bool vmxon(u64 region)
{
	asm volatile goto("1:	vmxon %[region]\n"
			  "	jbe %l[failed]\n" KVMXX_EXTABLE("1b", "%l[failed]")
			  :
			  : [region] "m"(region)
			  : "cc", "memory"
			  : failed);
	return true;
failed:
	return false;
}

/// False if VMX was off already, which a concurrent emergency shutdown may have done.
[[nodiscard]] inline bool vmxoff()
{
	asm volatile goto("1:	vmxoff\n" KVMXX_EXTABLE("1b", "%l[faulted]")
			  :
			  :
			  : "cc", "memory"
			  : faulted);
	return true;
faulted:
	return false;
}

} // namespace hw
