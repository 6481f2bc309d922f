// SPDX-License-Identifier: GPL-2.0-only
#pragma once

#include "backend/hw/msr_bitmap.hpp"
#include "backend/hw/vmcs.hpp"
#include "core/check/state.hpp"
#include "core/nested/capabilities.hpp"
#include "core/vmcs12/layout.hpp"
#include "kernel/timer.hpp"

/// What a vCPU has of VMX as its guest, L1, knows it.
namespace backend {

using namespace vmx;

/// A page of L1's memory that the CPU uses while L2 runs: mapped for as long.
struct GuestPage {
	kernel::kvm_host_map map;

	[[nodiscard]] bool mapped() const { return map.hva; }
	[[nodiscard]] u64 physical() const { return u64{map.pfn} << 12; }
	template <class T> [[nodiscard]] T *as() const { return static_cast<T *>(map.hva); }
};

/// Groups of fields of the current vmcs12, by what has to be done when L1 has changed one.
enum Dirty : u32 {
	dirty_controls = 1,   ///< controls, masks and addresses
	dirty_guest = 2,      ///< guest state that L1 seldom writes
	dirty_msr_bitmap = 4, ///< L1's MSR bitmap, or L0's, or where L1's is
	dirty_all = dirty_controls | dirty_guest | dirty_msr_bitmap,
};

/// The enlightened VMCS of a Hyper-V L1, which is a page of L1's memory.
struct Evmcs {
	bool enabled;  ///< userspace lets L1 have them
	bool pending;  ///< saved state had one in use: which, L1's VP assist page says
	bool restored; ///< what the page has is not known since
	u64 pointer;   ///< of the one in use, or Nested::none
	kernel::gfn_to_hva_cache page;
	u8 *image;	  ///< what an entry has fetched of the page; from the first VMXON on
	u32 clean_fields; ///< as the last entry found them
	u32 enlightenments;
	u64 partition_assist_page; ///< where L1 locks L2's TLB
	check::Limits limits;	   ///< what may be asked for in one
};

struct Nested {
	/// What L1 is shown; userspace may take away.
	vmx::nested::Capabilities capabilities;

	static constexpr u64 none = ~u64{0};

	bool vmx_on;
	u64 vmxon_pointer; ///< `none` outside of VMX operation
	u64 pointer;	   ///< of the current VMCS, or `none`
	u32 revision_word; ///< of its region
	Evmcs evmcs;	   ///< in use instead of a current VMCS, never beside it

	/// The current VMCS, and the one that its link pointer leads to while L2 runs. All of it
	/// from the first VMXON on.
	Vmcs12 *vmcs12, *shadow;
	/// A page each, for the codec: the region that was read last, and that of the current VMCS
	/// as it was read. What lies between fields is L1's, what lies behind them is zeros.
	u8 *region, *current_region;
	check::State *state; ///< the vmcs12 as the checks see it
	check::Limits limits;
	bool has_shadow;
	u32 shadow_word;	     ///< revision word of the shadow's region
	hw::Region *hardware_shadow; ///< vmcs01's, which has L1's frequent fields (shadowing.hpp)

	hw::Vmcs vmcs02;
	hw::MsrBitmap *msr_bitmap;	       ///< L2's
	kernel::gfn_to_hva_cache msr_bitmap12; ///< L1's for L2
	bool vmcs02_written;		       ///< its constant part
	u32 dirty;			       ///< of Dirty: what vmcs02 does not hold yet

	u64 l2_flushes; ///< of Vm::l2_flushes, those that vpid02 has seen

	u16 vpid02;
	u16 last_vpid12; ///< whose mappings are tagged with vpid02

	/// VMLAUNCH or VMRESUME has been emulated, and L2 has not run yet: no event may bring it
	/// back to L1 before.
	bool entry_pending;
	bool page_log_full; ///< L1's: an exit has to come of it
	bool mtf_pending;
	bool apic_page_moved; ///< L0's own
	bool restored;	      ///< L1's pages have to be found again before L2 runs on

	/// L1's notification vector for L2 while L2 takes posted interrupts, else none; whether it
	/// has come. Other CPUs read the one and set the other.
	static constexpr u16 no_vector = 0xffff;
	u16 notification_vector;
	bool posted;

	GuestPage apic_access, virtual_apic, posted_descriptor;
	bool unlogged; ///< the CPU may have written to them since they were logged

	// What L2's entry does not load it takes over from L1.
	u64 l1_debugctl, l1_dr7, l1_bndcfgs;

	struct {
		kernel::Timer host;
		u64 deadline; ///< in L1's TSC
		bool has_deadline;
		bool expired; ///< set by the host's interrupt
	} timer;

	/// `vmcs12` is one of L1's: the current VMCS, or the enlightened one in use.
	[[nodiscard]] bool has_vmcs() const { return pointer != none || has_evmcs(); }
	[[nodiscard]] bool has_evmcs() const { return evmcs.pending || evmcs.pointer != none; }
	/// Of whichever it is.
	[[nodiscard]] u64 vmcs_pointer() const { return has_evmcs() ? evmcs.pointer : pointer; }

	struct {
		bool vmx_on;	 ///< before the SMI
		bool guest_mode; ///< it came while L2 ran
	} smm;
};

} // namespace backend
