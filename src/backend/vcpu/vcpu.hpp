// SPDX-License-Identifier: GPL-2.0-only
#pragma once

#include "backend/hw/msr_bitmap.hpp"
#include "backend/hw/msr_list.hpp"
#include "backend/hw/vmcs.hpp"
#include "backend/nested/state.hpp"
#include "core/apic/x2apic_msrs.hpp"
#include "core/check/state.hpp"
#include "kernel/bindings.hpp"
#include "kernel/cpu.hpp"
#include "vmx/arch.hpp"
#include "vmx/exit_reason.hpp"
#include "vmx/interruption.hpp"
#include "vmx/posted_interrupt.hpp"

namespace backend {

using namespace vmx;
using hw::Current;
namespace f = vmx::field;

/// A machine as kvm.ko sees it, and what is ours of it. kvm.ko allocates it zeroed.
struct Vm {
	kernel::kvm kvm;

	u64 identity_map_address; ///< guest-physical; 0 until chosen
	u32 tss_address;	  ///< guest-physical, of real mode's virtual-8086 task
	bool has_identity_map;
	bool has_tss;		///< userspace has placed it
	bool has_apic_page;	///< under the lock of the memory slots
	bool gave_up_apic_page; ///< for good: it is gone, or about to be
	/// Of all vCPUs' posted-interrupt descriptors, by vCPU id (ipi_virtualization.hpp).
	u64 *pid_table;
	u64 pid_table_size; ///< bytes
	u64 l2_flushes;	    ///< how often an L2 has had its TLB flushed on all vCPUs
};

/// Segment fields read from the VMCS since the last exit, so that asking twice costs no VMREAD.
struct SegmentCache {
	check::SegmentState entries[8];
	u32 valid; ///< a bit for each field of each segment

	void forget() { valid = 0; }
};

/// On a CPU without unrestricted guest: real_mode.hpp.
struct RealMode {
	/// As the architecture has them, while active; selectors and bases but TR's go stale, since
	/// the guest loads them in the VMCS.
	check::SegmentState segments[8];
	u64 flags;   ///< VM and IOPL of the guest's RFLAGS, while active
	bool active; ///< CR0.PE is clear
	bool checked,
		enterable; ///< whether VM entry takes the segments, if that has been looked at
};

/// On a CPU without virtual NMIs: whether the guest handles one.
struct NmiBlocking {
	u64 ticks; ///< of the TSC that the guest has run since
	bool blocked;
};

/// How far the last attempt to run the guest came.
enum class Launch : u8 {
	done,
	failed,	   ///< VMLAUNCH or VMRESUME itself failed
	not_tried, ///< VM entry would refuse the guest: the emulator has to run it
};

/// What the last exit says of itself.
struct ExitInfo {
	ExitReason reason;
	Interruption
		interruption; ///< of exception_nmi and external_interrupt exits; else not valid
	Interruption idt_vectoring;
	Launch launch; ///< unless done, nothing else here means anything
};

/// The guest's value of an MSR that the host gets back on its way to userspace (user_return.hpp).
struct UserReturnMsr {
	u64 data;
	bool load;
};
inline constexpr unsigned user_return_msrs = 6;

/// Segment registers and the like that the host gets back when the vCPU leaves the CPU, not at
/// every exit.
struct HostRegisters {
	kernel::kvmxx_host_segments segments;
	bool saved;
};

/// A vCPU as kvm.ko sees it, and what is ours of it. kvm.ko allocates it zeroed.
struct Vcpu {
	kernel::kvm_vcpu kvm;

	hw::Vmcs vmcs01;
	hw::Vmcs *loaded; ///< what the guest runs on: vmcs01, or vmcs02 while it is L2
	hw::MsrBitmap *msr_bitmap;
	u64 *dirty_log; ///< guest-physical addresses that the CPU wrote down; null without PML
	/// kvm.ko's slab has it in the direct map, so that it has a physical address.
	hw::MsrLists msr_lists;

	ExitInfo exit;
	SegmentCache segments;
	HostRegisters host;
	RealMode real_mode;
	NmiBlocking nmi_blocking;

	u64 rflags;
	u64 guest_kernel_gs_base;
	u64 spec_ctrl;
	u64 feature_control;
	u32 umwait_control;
	u64 launch_key_hash[4]; ///< of SGX enclaves
	u64 entry_flags;	///< KVMXX_ENTRY_ bits that are the same at every entry
	u64 debugctl;
	u64 timer_deadline; ///< of the guest's APIC timer, in the host's TSC; 0 is none
	UserReturnMsr user_return[user_return_msrs];
	bool guest_msrs_loaded;
	bool initialised;	   ///< the VMCS has been written once
	bool requeued_int1;	   ///< what was requeued last came from INT1
	bool pause_window_changed; ///< the VMCS does not know yet
	u32 pause_window;	   ///< how long the guest may spin, in TSC cycles
	u16 vpid;

	/// A bit for each row of the table of MSRs that may go without an exit: what the guest's
	/// CPUID and state would allow. Userspace's filter may take it away.
	u64 free_reads, free_writes;

	u64 apic_page; ///< physical address of the APIC-access page; 0 is none
	vmx::apic::X2apicVirtualization x2apic; ///< what the MSR bitmap says

	/// Aligned, and in the direct map as all of this.
	PostedInterruptDescriptor posted;
	hw::Link waiting; ///< in hw::Cpu::waiting of waiting_cpu
	int waiting_cpu;
	int posting_cpu; ///< where the descriptor sends notifications to
	bool is_waiting;

	Nested nested;

	hw::Vmcs &vmcs() { return *loaded; }
	const hw::Vmcs &vmcs() const { return *loaded; }
	Current current() const { return loaded->current(); }
};

static_assert(__builtin_offsetof(Vcpu, kvm) == 0 && __builtin_offsetof(Vm, kvm) == 0);

// kvm.ko hands back the pointer to the first member of what it allocated at our size.
inline Vcpu &vcpu_of(kernel::kvm_vcpu *kvm)
{
	return *reinterpret_cast<Vcpu *>(kvm);
}

inline Vm &vm_of(kernel::kvm *kvm)
{
	return *reinterpret_cast<Vm *>(kvm);
}

inline Vm &vm_of(const Vcpu &vcpu)
{
	return vm_of(vcpu.kvm.kvm);
}

} // namespace backend
