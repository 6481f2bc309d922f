// SPDX-License-Identifier: GPL-2.0-only
#pragma once

#include <concepts>

#include "backend/hw/fields.hpp"
#include "vmx/controls.hpp"
#include "vmx/fields.hpp"

namespace hw {

/// "The VMCS that this code means is current on this CPU": a token of zero size that only the owner
/// of a Vmcs hands out. It is good between vcpu_load and vcpu_put, preemption included: kvm.ko's
/// preempt notifiers put and load again.
class Current {
	constexpr Current() = default;
	friend class Vmcs;
};

template <AnyField F> [[gnu::always_inline]] inline typename F::value_type read(Current, F)
{
	return static_cast<typename F::value_type>(read_field<F::encoding>());
}

/// The reason of the exit that has just been: read once, and before anything is written.
[[gnu::always_inline]] inline u32 read_exit_reason(Current)
{
	return static_cast<u32>(vmread_or(field::exit_reason.encoding,
					  [] { return u64{enlightened::take_exit()}; }));
}

/// Fields whose encodings are computed.
inline u64 read_encoded(Current, u32 encoding)
{
	return vmread_or(encoding, [=] { return enlightened::read(encoding); });
}

inline void write_encoded(Current, u32 encoding, u64 value)
{
	vmwrite_or(encoding, value, [=] { enlightened::write(encoding, value); });
}

/// For a field that the CPU may lack. @return false then; `value` is as it was.
[[nodiscard]] inline bool try_read(u32 encoding, u64 &value)
{
	return enlightened::in_use() ? enlightened::try_read(encoding, value)
				     : try_vmread(encoding, value);
}

/// Takes exactly the value type of the field, so that neither a field nor a value of another width
/// fits.
template <WritableField F, std::same_as<typename F::value_type> V>
[[gnu::always_inline]] inline void write(Current, F, V value)
{
	write_field<F::encoding>(value);
}

/// A control word and what the VMCS holds of it: changing nothing costs no VMWRITE.
template <class Mask, u32 Encoding> class CachedControl {
public:
	Mask get() const { return value_; }

	void set(Current current, Mask value)
	{
		if (value == value_)
			return;
		value_ = value;
		write(current, Field<Encoding>{}, value.bits);
	}

	void add(Current current, Mask wanted) { set(current, value_ | wanted); }
	void remove(Current current, Mask unwanted) { set(current, value_ & ~unwanted); }

	/// For a VMCS that has just been cleared: its content is unknown.
	void initialise(Current current, Mask value)
	{
		value_ = value;
		write(current, Field<Encoding>{}, value.bits);
	}

private:
	Mask value_{};
};

/// A field that nobody but its owner changes, and what the VMCS holds of it: the same again costs
/// no VMWRITE.
template <WritableField F> class CachedField {
public:
	using Value = typename F::value_type;

	void set(Current current, Value value)
	{
		if (known_ && value == value_)
			return;
		known_ = true;
		value_ = value;
		write(current, F{}, value);
	}

private:
	Value value_{};
	bool known_ = false;
};

/// What the host-state area holds that may change from one entry to the next.
struct HostStateCache {
	u64 cr3, cr4;
	u64 fs_base, gs_base;
	u64 rsp;
	/// Where entry.S puts it instead, if the VMCS is enlightened; else null.
	u8 *enlightened_page;
	u16 fs_selector, gs_selector, ldt_selector;
};

struct Link {
	Link *next = this;
	Link *previous = this;

	void insert_after(Link &head)
	{
		next = head.next;
		previous = &head;
		next->previous = this;
		// Last, for whoever walks the list forwards from an NMI.
		__atomic_store_n(&head.next, this, __ATOMIC_RELEASE);
	}

	void unlink()
	{
		next->previous = previous;
		previous->next = next;
		next = previous = this;
	}
};

/// The first two words of a VMCS region; the rest belongs to the CPU.
struct Region {
	u32 revision;
	u32 abort_indicator;
};

/// One page for a VMXON or VMCS region, zeroed, with this CPU's revision; null when out of memory.
Region *allocate_region();
void free_region(Region *region);

class Cpu;

/// One VMCS and where it lives: at most on one CPU at a time.
class Vmcs {
public:
	/// A region of its own; the object is zeroed memory before. @return 0 or -ENOMEM.
	[[nodiscard]] int create();

	/// Clears the VMCS wherever it is loaded, and frees it. May sleep.
	void destroy();

	/// Makes this VMCS current on `cpu`, which runs this, with preemption off.
	/// Clears it on the CPU it was on before. @return true if the CPU has changed.
	bool load(int cpu);

	/// The same for another VMCS of the same guest: what one has trained may be used by the
	/// other, or whoever calls sees to it.
	bool load_beside(int cpu);

	/// Clears it on whichever CPU has it.
	void clear();

	/// The page of an enlightened VMCS, of which fields.hpp has no more than the fields; null
	/// before create() and where VMCSs are the CPU's own.
	u8 *enlightened_page() const { return host.enlightened_page; }

	/// Tells Hyper-V what it is told when an enlightened VMCS becomes current, if this is the
	/// one. Preemption may be on.
	void tell_again();

	Current current() const { return Current{}; }

	u64 physical() const { return physical_; }
	u32 revision() const { return region_->revision; }

	CachedControl<Pin, 0x4000> pin;
	CachedControl<Primary, 0x4002> primary;
	CachedControl<Secondary, 0x401e> secondary;
	CachedControl<Tertiary, 0x2034> tertiary;
	CachedControl<Exit, 0x400c> exit;
	CachedControl<Entry, 0x4012> entry;
	CachedField<decltype(vmx::field::exception_bitmap)> exception_bitmap;
	CachedField<decltype(vmx::field::tsc_offset)> tsc_offset;
	CachedField<decltype(vmx::field::tsc_multiplier)> tsc_multiplier;
	CachedField<decltype(vmx::field::cr0_guest_host_mask)> cr0_guest_host_mask;
	CachedField<decltype(vmx::field::cr4_guest_host_mask)> cr4_guest_host_mask;
	CachedField<decltype(vmx::field::cr0_read_shadow)> cr0_read_shadow;
	CachedField<decltype(vmx::field::cr4_read_shadow)> cr4_read_shadow;
	HostStateCache host{};
	bool launched = false;

	/// Physical address of the shadow VMCS that its link pointer may lead to, or 0. A VM entry
	/// makes that active as well (SDM, "Virtual Machine Control Structures: Overview"): it is
	/// cleared with this one.
	u64 shadow = 0;

private:
	friend class Cpu;

	bool load_on(Cpu &here, int cpu);
	static void clear_on_this_cpu(void *vmcs);

	Region *region_ = nullptr;
	u64 physical_ = 0;
	int cpu_ = -1;
	Link link_;
};

} // namespace hw
