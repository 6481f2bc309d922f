// SPDX-License-Identifier: GPL-2.0-only
#pragma once

#include <concepts>

#include "backend/setup.hpp"
#include "core/vmcs12/evmcs.hpp"
#include "core/vmcs12/evmcs_slot.hpp"
#include "kernel/percpu.hpp"
#include "vmx/field.hpp"

/// Enlightened VMCSs: as a guest of Hyper-V a VMCS is a page that Hyper-V reads at VM entry and
/// writes at VM exit, and its fields are read and written as memory (TLFS, "Enlightened VMCS").
/// VMREAD and VMWRITE of the VMCS that is current come here (instructions.hpp).
namespace hw::enlightened {

using namespace vmx;

/// Whether VMCSs are. Decided at load, before there is one.
inline bool in_use()
{
	return setup().hyperv.enlightened_vmcs;
}

/// Of the VMCS that is current on this CPU. A task that moves to another CPU meanwhile takes its
/// VMCS along.
inline u8 *current_page()
{
	return static_cast<u8 *>(kernel::first_word_of_this_cpu());
}

/// A field that the page lacks: named in the log the first time.
void missing(u32 encoding, bool is_write);

// Page memory that Hyper-V writes while the guest runs: volatile, and of the field's type by
// -fno-strict-aliasing, with which the kernel is built.
template <class V> V load(const u8 *page, u32 offset)
{
	return *reinterpret_cast<const volatile V *>(page + offset);
}

template <class V> void store(u8 *page, u32 offset, std::same_as<V> auto value)
{
	*reinterpret_cast<volatile V *>(page + offset) = value;
}

/// Says that fields of these groups have changed. One instruction: a task that is moved in the
/// middle of three would bring back the clean fields of before the VMCS was cleared.
inline void make_dirty(u8 *page, u32 groups)
{
	asm volatile("andl %[keep], %[fields]"
		     : [fields] "+m"(*reinterpret_cast<u32 *>(page + vmcs12::evmcs::clean_fields))
		     : [keep] "ir"(~groups)
		     : "cc");
}

/// Of the current page, for encodings that are known at run time only, and this module's own;
/// fields.hpp has the others.
u64 read(u32 encoding);
void write(u32 encoding, u64 value);

/// For a field that the page may lack. @return false then; `value` is as it was.
[[nodiscard]] bool try_read(u32 encoding, u64 &value);

/// Whether the page lets Hyper-V handle the guest's TLB-flush hypercalls.
bool flushes_directly(const u8 *page);

/// The exit's reason, asked for once behind each exit: what was written before the entry has been
/// read, and all is clean.
u32 take_exit();

} // namespace hw::enlightened
