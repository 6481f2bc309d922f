// SPDX-License-Identifier: GPL-2.0-only
#pragma once

#include "vmx/types.hpp"

/// Registers of the x86 architecture as far as a VMX backend names their bits (SDM, volumes 3 and
/// 4).
namespace vmx {

namespace cr0 {
inline constexpr u64 pe = bit(0), mp = bit(1), em = bit(2), ts = bit(3), et = bit(4), ne = bit(5),
		     wp = bit(16), am = bit(18), nw = bit(29), cd = bit(30), pg = bit(31);
/// VM entries and VM exits leave them as they are (SDM, "Loading Guest Control Registers").
inline constexpr u64 kept_by_vmx = et | nw | cd;
} // namespace cr0

namespace cr4 {
inline constexpr u64 vme = bit(0), pvi = bit(1), tsd = bit(2), de = bit(3), pse = bit(4),
		     pae = bit(5), mce = bit(6), pge = bit(7), pce = bit(8), osfxsr = bit(9),
		     osxmmexcpt = bit(10), umip = bit(11), la57 = bit(12), vmxe = bit(13),
		     smxe = bit(14), fsgsbase = bit(16), pcide = bit(17), osxsave = bit(18),
		     smep = bit(20), smap = bit(21), pke = bit(22), cet = bit(23);
}

namespace rflags {
inline constexpr u64 cf = bit(0), fixed = bit(1), pf = bit(2), af = bit(4), zf = bit(6),
		     sf = bit(7), of = bit(11), tf = bit(8), if_ = bit(9), iopl = bit(12) | bit(13),
		     rf = bit(16), vm = bit(17), ac = bit(18);
}

namespace efer {
inline constexpr u64 sce = bit(0), lme = bit(8), lma = bit(10), nx = bit(11);
}

namespace dr6 {
inline constexpr u64 bs = bit(14), bd = bit(13), bt = bit(15), trap_bits = 0xf;
/// Bits that read as 1 or are active low (RTM, bus lock): what DR6 holds after reset.
inline constexpr u64 active_low = 0xffff0ff0;
} // namespace dr6

/// Of the pending debug exceptions in a VMCS, what DR6 has no bit for.
namespace pending_debug {
inline constexpr u64 enabled_breakpoint = bit(12);
}

namespace dr7 {
inline constexpr u64 gd = bit(13), fixed = bit(10), enables = 0xff;
}

namespace debugctl {
inline constexpr u64 lbr = bit(0), btf = bit(1), bus_lock_detect = bit(2), freeze_in_smm = bit(14),
		     rtm_debug = bit(15);
}

namespace msr {
// clang-format off
inline constexpr u32 platform_id      = 0x00000017, apic_base         = 0x0000001b,
		     feature_control  = 0x0000003a, tsc_adjust        = 0x0000003b,
		     spec_ctrl        = 0x00000048, pred_cmd          = 0x00000049,
		     xfd              = 0x000001c4, xfd_err           = 0x000001c5,
		     bios_updt_trig   = 0x00000079, bios_sign_id      = 0x0000008b,
		     smm_monitor_ctl  = 0x0000009b, smbase            = 0x0000009e,
		     umwait_control   = 0x000000e1, arch_capabilities = 0x0000010a,
		     flush_cmd        = 0x0000010b, tsx_ctrl          = 0x00000122,
		     mcg_ext_ctl      = 0x000004d0, sgx_launch_key_hash = 0x0000008c,
		     sysenter_cs      = 0x00000174, sysenter_esp      = 0x00000175,
		     sysenter_eip     = 0x00000176, misc_enable       = 0x000001a0,
		     debugctl         = 0x000001d9, pat               = 0x00000277,
		     tsc              = 0x00000010, perf_capabilities = 0x00000345,
		     perf_global_ctrl = 0x0000038f, pebs_enable       = 0x000003f1,
		     core_c1_res      = 0x00000660,
		     core_c3_res      = 0x000003fc, core_c6_res       = 0x000003fd,
		     core_c7_res      = 0x000003fe,
		     vmx_basic        = 0x00000480, vmx_vmfunc        = 0x00000491,
		     bndcfgs          = 0x00000d90, xss               = 0x00000da0,
		     efer             = 0xc0000080, star              = 0xc0000081,
		     lstar            = 0xc0000082, cstar             = 0xc0000083,
		     syscall_mask     = 0xc0000084, fs_base           = 0xc0000100,
		     gs_base          = 0xc0000101, kernel_gs_base    = 0xc0000102,
		     tsc_aux          = 0xc0000103;
// clang-format on
} // namespace msr

namespace feature_control {
inline constexpr u64 locked = bit(0), vmxon_in_smx = bit(1), vmxon_outside_smx = bit(2),
		     sgx_launch_control = bit(17), sgx = bit(18), lmce = bit(20);
}

/// Segment access rights in the VMCS (SDM, "Format of Access Rights").
namespace rights {
inline constexpr u32 s = 1U << 4, p = 1U << 7, avl = 1U << 12, l = 1U << 13, db = 1U << 14,
		     g = 1U << 15, unusable = 1U << 16;
/// What VM entry wants of each segment in virtual-8086 mode: accessed data that can be written, DPL
/// 3, present (SDM, "Checks on Guest Segment Registers").
inline constexpr u32 virtual_8086 = 0xf3, virtual_8086_limit = 0xffff;

constexpr u32 type(u32 ar)
{
	return ar & 0xf;
}
constexpr u32 dpl(u32 ar)
{
	return ar >> 5 & 3;
}
} // namespace rights

/// Bits 63:n-1 are all equal: a linear address of n bits (SDM, "Canonical Addressing").
constexpr bool canonical(u64 address, unsigned n)
{
	const s64 top = static_cast<s64>(address) >> (n - 1);

	return top == 0 || top == -1;
}

} // namespace vmx
