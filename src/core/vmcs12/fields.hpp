// SPDX-License-Identifier: GPL-2.0-only
#pragma once

#include "vmx/fields.hpp"

/// The one list of the fields of a vmcs12, the VMCS that L1 keeps for its guest. The canonical
/// form, the layouts in memory and the look-up for VMREAD and VMWRITE all come from it.
namespace vmx::vmcs12 {

/// Groups of fields of an enlightened VMCS that L1 marks as unchanged by a bit of its clean fields
/// (TLFS, "Clean Fields").
enum class Clean : u8 {
	io_bitmap,
	msr_bitmap,
	control_grp2,
	control_grp1,
	control_proc,
	control_event,
	control_entry,
	control_excpn,
	crdr,
	control_xlat,
	guest_basic,
	guest_grp1,
	guest_grp2,
	host_pointer,
	host_grp1,
	enlightenments_control,
	all,	///< clean only if every group is
	none,	///< never clean
	absent, ///< the enlightened VMCS has no such field
};

inline constexpr u16 no_slot = 0xffff;

// Offsets in bytes in the three layouts of layout.hpp: legacy, enlightened, eVMCS; the clean-field
// group. In the order of the legacy layout, so that its codec is a handful of copies. Offsets are
// ABI: rows may be added, never changed.
//
// clang-format off
#define VMCS12_FIELDS(X)                                                        \
	X(io_bitmap_a,                           40,  104,     104, io_bitmap)          \
	X(io_bitmap_b,                           48,  112,     112, io_bitmap)          \
	X(msr_bitmap,                            56,  120,     120, msr_bitmap)         \
	X(exit_msr_store_address,                64,  320,     320, all)                \
	X(exit_msr_load_address,                 72,  328,     328, all)                \
	X(entry_msr_load_address,                80,  336,     336, all)                \
	X(tsc_offset,                            88,  400,     400, control_grp2)       \
	X(virtual_apic_page_address,             96,  408,     408, control_grp2)       \
	X(apic_access_address,                  104, 2080, no_slot, absent)             \
	X(posted_interrupt_descriptor_address,  112, 2088, no_slot, absent)             \
	X(ept_pointer,                          120,  624,     624, control_xlat)       \
	X(eoi_exit_bitmap_0,                    128, 2104, no_slot, absent)             \
	X(eoi_exit_bitmap_1,                    136, 2112, no_slot, absent)             \
	X(eoi_exit_bitmap_2,                    144, 2120, no_slot, absent)             \
	X(eoi_exit_bitmap_3,                    152, 2128, no_slot, absent)             \
	X(xss_exiting_bitmap,                   160,  960,     960, control_grp2)       \
	X(guest_physical_address,               168,  680,     680, none)               \
	X(vmcs_link_pointer,                    176,  416,     416, guest_grp1)         \
	X(guest_debugctl,                       184,  424,     424, guest_grp1)         \
	X(guest_pat,                            192,  432,     432, guest_grp1)         \
	X(guest_efer,                           200,  440,     440, guest_grp1)         \
	X(guest_perf_global_ctrl,               208, 2152,     904, guest_grp1)         \
	X(guest_pdpte0,                         216,  448,     448, guest_grp1)         \
	X(guest_pdpte1,                         224,  456,     456, guest_grp1)         \
	X(guest_pdpte2,                         232,  464,     464, guest_grp1)         \
	X(guest_pdpte3,                         240,  472,     472, guest_grp1)         \
	X(guest_bndcfgs,                        248,  896,     896, guest_grp1)         \
	X(host_pat,                             256,   24,      24, host_grp1)          \
	X(host_efer,                            264,   32,      32, host_grp1)          \
	X(host_perf_global_ctrl,                272, 2160,     976, host_grp1)          \
	X(vmread_bitmap,                        280, 2168, no_slot, absent)             \
	X(vmwrite_bitmap,                       288, 2176, no_slot, absent)             \
	X(vm_function_controls,                 296, 2096, no_slot, absent)             \
	X(eptp_list_address,                    304, 2136, no_slot, absent)             \
	X(pml_address,                          312, 2144, no_slot, absent)             \
	X(encls_exiting_bitmap,                 320,  968,     968, control_grp2)       \
	X(tsc_multiplier,                       328,  984,     984, control_grp2)       \
	X(cr0_guest_host_mask,                  344,  512,     512, crdr)               \
	X(cr4_guest_host_mask,                  352,  520,     520, crdr)               \
	X(cr0_read_shadow,                      360,  528,     528, crdr)               \
	X(cr4_read_shadow,                      368,  536,     536, crdr)               \
	X(exit_qualification,                   408,  720,     720, none)               \
	X(guest_linear_address,                 416,  760,     760, none)               \
	X(guest_cr0,                            424,  544,     544, crdr)               \
	X(guest_cr3,                            432,  552,     552, crdr)               \
	X(guest_cr4,                            440,  560,     560, crdr)               \
	X(guest_es_base,                        448,  216,     216, guest_grp2)         \
	X(guest_cs_base,                        456,  224,     224, guest_grp2)         \
	X(guest_ss_base,                        464,  232,     232, guest_grp2)         \
	X(guest_ds_base,                        472,  240,     240, guest_grp2)         \
	X(guest_fs_base,                        480,  248,     248, guest_grp2)         \
	X(guest_gs_base,                        488,  256,     256, guest_grp2)         \
	X(guest_ldtr_base,                      496,  264,     264, guest_grp2)         \
	X(guest_tr_base,                        504,  272,     272, guest_grp2)         \
	X(guest_gdtr_base,                      512,  280,     280, guest_grp2)         \
	X(guest_idtr_base,                      520,  288,     288, guest_grp2)         \
	X(guest_dr7,                            528,  568,     568, crdr)               \
	X(guest_rsp,                            536,  768,     768, guest_basic)        \
	X(guest_rip,                            544,  816,     816, none)               \
	X(guest_rflags,                         552,  776,     776, guest_basic)        \
	X(guest_pending_debug_exceptions,       560,  480,     480, guest_grp1)         \
	X(guest_sysenter_esp,                   568,  488,     488, guest_grp1)         \
	X(guest_sysenter_eip,                   576,  496,     496, guest_grp1)         \
	X(host_cr0,                             584,   40,      40, host_grp1)          \
	X(host_cr3,                             592,   48,      48, host_grp1)          \
	X(host_cr4,                             600,   56,      56, host_grp1)          \
	X(host_fs_base,                         608,  576,     576, host_pointer)       \
	X(host_gs_base,                         616,  584,     584, host_pointer)       \
	X(host_tr_base,                         624,  592,     592, host_pointer)       \
	X(host_gdtr_base,                       632,  600,     600, host_pointer)       \
	X(host_idtr_base,                       640,  608,     608, host_pointer)       \
	X(host_sysenter_esp,                    648,   64,      64, host_grp1)          \
	X(host_sysenter_eip,                    656,   72,      72, host_grp1)          \
	X(host_rsp,                             664,  616,     616, host_pointer)       \
	X(host_rip,                             672,   80,      80, host_grp1)          \
	X(pin_controls,                         744,   92,      92, control_grp1)       \
	X(primary_controls,                     748,  788,     788, control_proc)       \
	X(exception_bitmap,                     752,  792,     792, control_excpn)      \
	X(page_fault_error_code_mask,           756,  376,     376, all)                \
	X(page_fault_error_code_match,          760,  380,     380, all)                \
	X(cr3_target_count,                     764,  384,     384, all)                \
	X(exit_controls,                        768,   96,      96, control_grp1)       \
	X(exit_msr_store_count,                 772,  388,     388, all)                \
	X(exit_msr_load_count,                  776,  392,     392, all)                \
	X(entry_controls,                       780,  796,     796, control_entry)      \
	X(entry_msr_load_count,                 784,  396,     396, all)                \
	X(entry_interruption_info,              788,  800,     800, control_event)      \
	X(entry_exception_error_code,           792,  804,     804, control_event)      \
	X(entry_instruction_length,             796,  808,     808, control_event)      \
	X(tpr_threshold,                        800,  812,     812, none)               \
	X(secondary_controls,                   804,  100,     100, control_grp1)       \
	X(instruction_error,                    808,  688,     688, none)               \
	X(exit_reason,                          812,  692,     692, none)               \
	X(exit_interruption_info,               816,  696,     696, none)               \
	X(exit_interruption_error_code,         820,  700,     700, none)               \
	X(idt_vectoring_info,                   824,  704,     704, none)               \
	X(idt_vectoring_error_code,             828,  708,     708, none)               \
	X(exit_instruction_length,              832,  712,     712, none)               \
	X(exit_instruction_info,                836,  716,     716, none)               \
	X(guest_es_limit,                       840,  144,     144, guest_grp2)         \
	X(guest_cs_limit,                       844,  148,     148, guest_grp2)         \
	X(guest_ss_limit,                       848,  152,     152, guest_grp2)         \
	X(guest_ds_limit,                       852,  156,     156, guest_grp2)         \
	X(guest_fs_limit,                       856,  160,     160, guest_grp2)         \
	X(guest_gs_limit,                       860,  164,     164, guest_grp2)         \
	X(guest_ldtr_limit,                     864,  168,     168, guest_grp2)         \
	X(guest_tr_limit,                       868,  172,     172, guest_grp2)         \
	X(guest_gdtr_limit,                     872,  176,     176, guest_grp2)         \
	X(guest_idtr_limit,                     876,  180,     180, guest_grp2)         \
	X(guest_es_access_rights,               880,  184,     184, guest_grp2)         \
	X(guest_cs_access_rights,               884,  188,     188, guest_grp2)         \
	X(guest_ss_access_rights,               888,  192,     192, guest_grp2)         \
	X(guest_ds_access_rights,               892,  196,     196, guest_grp2)         \
	X(guest_fs_access_rights,               896,  200,     200, guest_grp2)         \
	X(guest_gs_access_rights,               900,  204,     204, guest_grp2)         \
	X(guest_ldtr_access_rights,             904,  208,     208, guest_grp2)         \
	X(guest_tr_access_rights,               908,  212,     212, guest_grp2)         \
	X(guest_interruptibility,               912,  784,     784, guest_basic)        \
	X(guest_activity_state,                 916,  504,     504, guest_grp1)         \
	X(guest_sysenter_cs,                    920,  508,     508, guest_grp1)         \
	X(host_sysenter_cs,                     924,   88,      88, host_grp1)          \
	X(preemption_timer_value,               928, 2232, no_slot, absent)             \
	X(virtual_processor_id,                 960,  632,     632, control_xlat)       \
	X(posted_interrupt_notification_vector, 962, 2264, no_slot, absent)             \
	X(guest_es_selector,                    964,  128,     128, guest_grp2)         \
	X(guest_cs_selector,                    966,  130,     130, guest_grp2)         \
	X(guest_ss_selector,                    968,  132,     132, guest_grp2)         \
	X(guest_ds_selector,                    970,  134,     134, guest_grp2)         \
	X(guest_fs_selector,                    972,  136,     136, guest_grp2)         \
	X(guest_gs_selector,                    974,  138,     138, guest_grp2)         \
	X(guest_ldtr_selector,                  976,  140,     140, guest_grp2)         \
	X(guest_tr_selector,                    978,  142,     142, guest_grp2)         \
	X(guest_interrupt_status,               980, 2266, no_slot, absent)             \
	X(host_es_selector,                     982,    8,       8, host_grp1)          \
	X(host_cs_selector,                     984,   10,      10, host_grp1)          \
	X(host_ss_selector,                     986,   12,      12, host_grp1)          \
	X(host_ds_selector,                     988,   14,      14, host_grp1)          \
	X(host_fs_selector,                     990,   16,      16, host_grp1)          \
	X(host_gs_selector,                     992,   18,      18, host_grp1)          \
	X(host_tr_selector,                     994,   20,      20, host_grp1)          \
	X(pml_index,                            996, 2268, no_slot, absent)
// clang-format on

} // namespace vmx::vmcs12

namespace vmx {

/// A vmcs12 as L0 works on it, whatever layout it has in L1's memory: one member for each field
/// under its name in vmx/fields.hpp. Lives in memory that L1 cannot write.
struct Vmcs12 {
	u32 abort_indicator;
	u32 launch_state; ///< 0 after VMCLEAR, 1 after VMLAUNCH

#define VMCS12_MEMBER(name, ...) decltype(field::name)::value_type name;
	VMCS12_FIELDS(VMCS12_MEMBER)
#undef VMCS12_MEMBER
};

namespace vmcs12 {

/// A field, or one of the two words beside them, as data.
struct Row {
	u32 encoding;
	u16 member; ///< offset in Vmcs12
	u16 size;
	u16 legacy;
	u16 enlightened;
	u16 evmcs;
	Clean clean;
};

inline constexpr u32 no_encoding = ~u32{0};

inline constexpr Row rows[] = {
	{no_encoding, offsetof(Vmcs12, abort_indicator), 4, 4, 4, 4, Clean::none},
	{no_encoding, offsetof(Vmcs12, launch_state), 4, 8, 2048, no_slot, Clean::absent},
#define VMCS12_ROW(name, legacy, enlightened, evmcs, clean)                                        \
	{field::name.encoding, offsetof(Vmcs12, name),                                             \
	 sizeof(Vmcs12::name), legacy,                                                             \
	 enlightened,	       evmcs,                                                              \
	 Clean::clean},
	VMCS12_FIELDS(VMCS12_ROW)
#undef VMCS12_ROW
};

} // namespace vmcs12
} // namespace vmx
