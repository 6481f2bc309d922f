// SPDX-License-Identifier: GPL-2.0-only
#pragma once

#include "backend/hw/vmcs.hpp"
#include "vmx/msr_entry.hpp"

namespace hw {

/// MSRs that VM entry loads with the guest's value and VM exit with the host's, for those without
/// controls of their own (SDM, "VM-Entry Controls for MSRs"). Costly: only what must be switched
/// so.
class MsrLists {
public:
	static constexpr u32 capacity = 8;

	/// At `physical`, the address of this object. Both lists are empty.
	void initialise(Current current, u64 physical)
	{
		count_ = 0;
		place(current, physical);
		write_counts(current);
	}

	/// The lists as they are, into another VMCS of the same guest: their address...
	void place(Current current, u64 physical) const
	{
		write(current, field::entry_msr_load_address,
		      physical + __builtin_offsetof(MsrLists, guest_));
		write(current, field::exit_msr_load_address,
		      physical + __builtin_offsetof(MsrLists, host_));
	}

	/// ...and how long they are.
	void write_counts(Current current) const
	{
		write(current, field::entry_msr_load_count, count_);
		write(current, field::exit_msr_load_count, count_);
	}

	/// @return false if there is no room, which none of the few users can cause.
	bool set(Current current, u32 msr, u64 guest, u64 host)
	{
		u32 i = find(msr);

		if (i == capacity)
			return false;
		guest_[i] = {msr, 0, guest};
		host_[i] = {msr, 0, host};
		if (i == count_) {
			++count_;
			write_counts(current);
		}
		return true;
	}

	void remove(Current current, u32 msr)
	{
		const u32 i = find(msr);

		if (i >= count_)
			return;
		--count_;
		guest_[i] = guest_[count_];
		host_[i] = host_[count_];
		write_counts(current);
	}

	const MsrEntry *guest() const { return guest_; }
	const MsrEntry *host() const { return host_; }
	u32 count() const { return count_; }

private:
	/// Where the MSR is, or would go.
	u32 find(u32 msr) const
	{
		u32 i = 0;

		while (i < count_ && guest_[i].msr != msr)
			++i;
		return i;
	}

	MsrEntry guest_[capacity];
	MsrEntry host_[capacity];
	u32 count_;
};

} // namespace hw
