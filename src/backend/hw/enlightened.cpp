// SPDX-License-Identifier: GPL-2.0-only
#include "backend/hw/enlightened.hpp"

#include "kernel/print.hpp"
#include "vmx/exit_reason.hpp"
#include "vmx/field_list.hpp"
#include "vmx/fields.hpp"
#include "vmx/interruption.hpp"

namespace hw::enlightened {

namespace {

/// A bit for each field of the list that has been named.
constinit u64 named[(field::count + 63) / 64];

bool first_time(u32 n)
{
	const u64 mask = bit(n % 64);

	return !(__atomic_fetch_or(&named[n / 64], mask, __ATOMIC_RELAXED) & mask);
}

u64 load_slot(const u8 *page, const vmcs12::EvmcsSlot &slot)
{
	switch (slot.size) {
	case 2:
		return load<u16>(page, slot.offset);
	case 4:
		return load<u32>(page, slot.offset);
	default:
		return load<u64>(page, slot.offset);
	}
}

} // namespace

void missing(u32 encoding, bool is_write)
{
	for (u32 n = 0; n < field::count; ++n) {
		if (field::list[n].encoding != encoding)
			continue;
		if (first_time(n))
			kernel::warn("an enlightened VMCS has no field %s: this %s is lost\n",
				     field::list[n].name, is_write ? "write" : "read");
		return;
	}
}

u64 read(u32 encoding)
{
	u64 value = 0;

	if (!try_read(encoding, value))
		missing(encoding, false);
	return value;
}

bool try_read(u32 encoding, u64 &value)
{
	const vmcs12::EvmcsSlot slot = vmcs12::find_evmcs_slot(encoding);

	if (!slot.exists())
		return false;
	value = load_slot(current_page(), slot);
	return true;
}

void write(u32 encoding, u64 value)
{
	const vmcs12::EvmcsSlot slot = vmcs12::find_evmcs_slot(encoding);
	u8 *const page = current_page();

	if (!slot.exists()) {
		missing(encoding, true);
		return;
	}
	if (load_slot(page, slot) == value)
		return;
	switch (slot.size) {
	case 2:
		store<u16>(page, slot.offset, static_cast<u16>(value));
		break;
	case 4:
		store<u32>(page, slot.offset, static_cast<u32>(value));
		break;
	default:
		store<u64>(page, slot.offset, value);
		break;
	}
	make_dirty(page, slot.clean);
}

bool flushes_directly(const u8 *page)
{
	return load<u32>(page, vmcs12::evmcs::enlightenments_control) &
	       vmcs12::evmcs::nested_flush_hypercall;
}

u32 take_exit()
{
	constexpr u16 injection =
		vmcs12::evmcs_slot(field::entry_interruption_info.encoding).offset;
	u8 *const page = current_page();
	const ExitReason reason{
		load<u32>(page, vmcs12::evmcs_slot(field::exit_reason.encoding).offset)};
	const u32 event = load<u32>(page, injection);

	// What a failed entry has read is not said.
	if (reason.entry_failed())
		return reason.raw;
	store<u32>(page, vmcs12::evmcs::clean_fields, vmcs12::evmcs::all_clean);
	// VM exit takes the valid bit away (SDM, "Recording VM-Exit Information and Updating
	// VM-entry Control Fields"); should that be left to us, Hyper-V must see it gone.
	if (Interruption{event}.valid()) {
		store<u32>(page, injection, event & ~Interruption::valid_bit);
		make_dirty(page, vmcs12::clean_bits(vmcs12::Clean::control_event));
	}
	return reason.raw;
}

} // namespace hw::enlightened
