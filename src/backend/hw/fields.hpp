// SPDX-License-Identifier: GPL-2.0-only
#pragma once

#include "backend/hw/instructions.hpp"
#include "core/vmcs12/evmcs.hpp"

/// Reads and writes of a field of the current VMCS, which may be an enlightened one. On bare metal
/// each is its instruction and nothing else. Under a hypervisor of any kind a jump takes the
/// instruction's place, to code that lies aside and asks; that stays within the statement, so that
/// the compiler sees no more than the instruction.
namespace hw {

// clang-format off

// Behind the instruction: what the fault of one leads to, and the way aside where 5 is.
#define KVMXX_ASIDE(instruction, otherwise)                                                        \
	"2:\n"                                                                                     \
	KVMXX_EXTABLE("1b", "%l[faulted]")                                                         \
	KVMXX_EXTABLE("7f", "%l[faulted]")                                                         \
	KVMXX_JUMP_IF_CPU_HAS("%c[hypervisor]", "1b", "2b", "5f")                                  \
	".pushsection .text.unlikely, \"ax\"\n"                                                    \
	"5:	cmpb $0, %[in_use]\n"                                                              \
	"	jne 6f\n"                                                                          \
	"7:	" instruction "\n"                                                                 \
	"	jbe %l[failed]\n"                                                                  \
	"	jmp 2b\n"                                                                          \
	"6:	" otherwise "\n"                                                                   \
	".popsection\n"

#define KVMXX_READ_FIELD(otherwise)                                                                \
	asm volatile inline goto(                                                                  \
		"1:	vmread %[field], %[value]\n"                                               \
		"	jbe %l[failed]\n"                                                          \
		KVMXX_ASIDE("vmread %[field], %[value]", otherwise)                                \
		: [value] "=r"(value)                                                              \
		: [field] "r"(u64{encoding}), [offset] "i"(slot.offset),                           \
		  [hypervisor] "i"(kernel::X86_FEATURE_HYPERVISOR),                                \
		  [in_use] "m"(backend::chosen_setup.hyperv.enlightened_vmcs)                      \
		: "cc"                                                                             \
		: failed, faulted)

#define KVMXX_LOAD(instruction, width)                                                             \
	"mov %%gs:kvmxx_cpu_data, %[value]\n"                                                      \
	instruction " %c[offset](%[value]), %" width "[value]\n"                                   \
	"jmp 2b"

template <u32 encoding> [[gnu::always_inline]] inline u64 read_field()
{
	constexpr vmcs12::EvmcsSlot slot = vmcs12::evmcs_slot(encoding);
	u64 value;

	if constexpr (!slot.exists())
		KVMXX_READ_FIELD("jmp %l[failed]");
	else if constexpr (slot.size == 2)
		KVMXX_READ_FIELD(KVMXX_LOAD("movzwl", "k"));
	else if constexpr (slot.size == 4)
		KVMXX_READ_FIELD(KVMXX_LOAD("movl", "k"));
	else
		KVMXX_READ_FIELD(KVMXX_LOAD("movq", "q"));
	return value;

failed:
	vmread_failed(encoding);
	return 0;
faulted:
	kernel::kvm_spurious_fault();
	return 0;
}

#define KVMXX_WRITE_FIELD(otherwise)                                                               \
	asm volatile inline goto(                                                                  \
		"1:	vmwrite %[value], %[field]\n"                                              \
		"	jbe %l[failed]\n"                                                          \
		KVMXX_ASIDE("vmwrite %[value], %[field]", otherwise)                               \
		: [field] "+&r"(field)                                                             \
		: [value] "r"(value), [offset] "i"(slot.offset),                                   \
		  [clean_fields] "i"(vmcs12::evmcs::clean_fields),                                 \
		  [keep] "i"(static_cast<int>(~slot.clean)),                                       \
		  [hypervisor] "i"(kernel::X86_FEATURE_HYPERVISOR),                                \
		  [in_use] "m"(backend::chosen_setup.hyperv.enlightened_vmcs)                      \
		: "cc"                                                                             \
		: failed, faulted)

// Hyper-V need not read anew what is as it was. The clean fields in one instruction: see
// enlightened::make_dirty().
#define KVMXX_STORE(width)                                                                         \
	"mov %%gs:kvmxx_cpu_data, %[field]\n"                                                      \
	"cmp %" width "[value], %c[offset](%[field])\n"                                            \
	"je 2b\n"                                                                                  \
	"mov %" width "[value], %c[offset](%[field])\n"                                            \
	"andl %[keep], %c[clean_fields](%[field])\n"                                               \
	"jmp 2b"

// What an event field holds has been used up, whether or not it is still there.
#define KVMXX_STORE_EVENT                                                                          \
	"mov %%gs:kvmxx_cpu_data, %[field]\n"                                                      \
	"mov %k[value], %c[offset](%[field])\n"                                                    \
	"andl %[keep], %c[clean_fields](%[field])\n"                                               \
	"jmp 2b"

template <u32 encoding> [[gnu::always_inline]] inline void write_field(u64 value)
{
	constexpr vmcs12::EvmcsSlot slot = vmcs12::evmcs_slot(encoding);
	constexpr bool is_event = slot.clean == vmcs12::clean_bits(vmcs12::Clean::control_event);
	u64 field = encoding;

	if constexpr (!slot.exists())
		KVMXX_WRITE_FIELD("jmp %l[failed]");
	else if constexpr (is_event)
		KVMXX_WRITE_FIELD(KVMXX_STORE_EVENT);
	else if constexpr (slot.size == 2)
		KVMXX_WRITE_FIELD(KVMXX_STORE("w"));
	else if constexpr (slot.size == 4)
		KVMXX_WRITE_FIELD(KVMXX_STORE("k"));
	else
		KVMXX_WRITE_FIELD(KVMXX_STORE("q"));
	static_assert(!is_event || slot.size == 4);
	return;

failed:
	vmwrite_failed(encoding, value);
	return;
faulted:
	kernel::kvm_spurious_fault();
}

#undef KVMXX_ASIDE
#undef KVMXX_READ_FIELD
#undef KVMXX_LOAD
#undef KVMXX_WRITE_FIELD
#undef KVMXX_STORE
#undef KVMXX_STORE_EVENT

// clang-format on

} // namespace hw
