// SPDX-License-Identifier: GPL-2.0-only
#pragma once

#include "vmx/mask.hpp"

// The VMX control words and their bits, after the SDM's chapter "Virtual Machine Control
// Structures", sections "VM-Execution Control Fields", "VM-Exit Control Fields" and "VM-Entry
// Control Fields".
namespace vmx {

using Pin = Mask<struct PinWord, u32>;	       ///< pin-based VM-execution controls
using Primary = Mask<struct PrimaryWord, u32>; ///< primary processor-based VM-execution controls
using Secondary =
	Mask<struct SecondaryWord, u32>; ///< secondary processor-based VM-execution controls
using Tertiary = Mask<struct TertiaryWord, u64>; ///< tertiary processor-based VM-execution controls
using Exit = Mask<struct ExitWord, u32>;	 ///< primary VM-exit controls
using Exit2 = Mask<struct Exit2Word, u64>;	 ///< secondary VM-exit controls
using Entry = Mask<struct EntryWord, u32>;	 ///< VM-entry controls
using VmFunc = Mask<struct VmFuncWord, u64>;	 ///< VM-function controls

// clang-format off
namespace pin {
inline constexpr Pin external_interrupt_exiting   {1u << 0};
inline constexpr Pin nmi_exiting                  {1u << 3};
inline constexpr Pin virtual_nmis                 {1u << 5};
inline constexpr Pin preemption_timer             {1u << 6};
inline constexpr Pin posted_interrupts            {1u << 7};
/// Bits that read as 1 in a word computed from the non-TRUE capability MSR (SDM, "Reserved
/// Controls and Default Settings"). The same for the three words below.
inline constexpr Pin default1                     {0x00000016u};
} // namespace pin

namespace primary {
inline constexpr Primary interrupt_window_exiting {1u << 2};
inline constexpr Primary use_tsc_offsetting       {1u << 3};
inline constexpr Primary hlt_exiting              {1u << 7};
inline constexpr Primary invlpg_exiting           {1u << 9};
inline constexpr Primary mwait_exiting            {1u << 10};
inline constexpr Primary rdpmc_exiting            {1u << 11};
inline constexpr Primary rdtsc_exiting            {1u << 12};
inline constexpr Primary cr3_load_exiting         {1u << 15};
inline constexpr Primary cr3_store_exiting        {1u << 16};
inline constexpr Primary activate_tertiary        {1u << 17};
inline constexpr Primary cr8_load_exiting         {1u << 19};
inline constexpr Primary cr8_store_exiting        {1u << 20};
inline constexpr Primary use_tpr_shadow           {1u << 21};
inline constexpr Primary nmi_window_exiting       {1u << 22};
inline constexpr Primary mov_dr_exiting           {1u << 23};
inline constexpr Primary unconditional_io_exiting {1u << 24};
inline constexpr Primary use_io_bitmaps           {1u << 25};
inline constexpr Primary monitor_trap_flag        {1u << 27};
inline constexpr Primary use_msr_bitmaps          {1u << 28};
inline constexpr Primary monitor_exiting          {1u << 29};
inline constexpr Primary pause_exiting            {1u << 30};
inline constexpr Primary activate_secondary       {1u << 31};
inline constexpr Primary default1                 {0x0401e172u};
} // namespace primary

namespace secondary {
inline constexpr Secondary virtualize_apic_accesses     {1u << 0};
inline constexpr Secondary enable_ept                   {1u << 1};
inline constexpr Secondary descriptor_table_exiting     {1u << 2};
inline constexpr Secondary enable_rdtscp                {1u << 3};
inline constexpr Secondary virtualize_x2apic            {1u << 4};
inline constexpr Secondary enable_vpid                  {1u << 5};
inline constexpr Secondary wbinvd_exiting               {1u << 6};
inline constexpr Secondary unrestricted_guest           {1u << 7};
inline constexpr Secondary apic_register_virtualization {1u << 8};
inline constexpr Secondary virtual_interrupt_delivery   {1u << 9};
inline constexpr Secondary pause_loop_exiting           {1u << 10};
inline constexpr Secondary rdrand_exiting               {1u << 11};
inline constexpr Secondary enable_invpcid               {1u << 12};
inline constexpr Secondary enable_vmfunc                {1u << 13};
inline constexpr Secondary vmcs_shadowing               {1u << 14};
inline constexpr Secondary encls_exiting                {1u << 15};
inline constexpr Secondary rdseed_exiting               {1u << 16};
inline constexpr Secondary enable_pml                   {1u << 17};
inline constexpr Secondary ept_violation_ve             {1u << 18};
inline constexpr Secondary conceal_vmx_from_pt          {1u << 19};
inline constexpr Secondary enable_xsaves                {1u << 20};
inline constexpr Secondary pasid_translation            {1u << 21};
inline constexpr Secondary mode_based_execute_ept       {1u << 22};
inline constexpr Secondary sub_page_write               {1u << 23};
inline constexpr Secondary pt_use_gpa                   {1u << 24};
inline constexpr Secondary use_tsc_scaling              {1u << 25};
inline constexpr Secondary enable_user_wait_pause       {1u << 26};
inline constexpr Secondary enable_pconfig               {1u << 27};
inline constexpr Secondary enclv_exiting                {1u << 28};
inline constexpr Secondary bus_lock_detection           {1u << 30};
inline constexpr Secondary instruction_timeout          {1u << 31};
} // namespace secondary

namespace tertiary {
inline constexpr Tertiary loadiwkey_exiting             {1ull << 0};
inline constexpr Tertiary enable_hlat                   {1ull << 1};
inline constexpr Tertiary ept_paging_write              {1ull << 2};
inline constexpr Tertiary guest_paging_verification     {1ull << 3};
inline constexpr Tertiary ipi_virtualization            {1ull << 4};
inline constexpr Tertiary enable_msr_list               {1ull << 6};
inline constexpr Tertiary virtualize_spec_ctrl          {1ull << 7};
} // namespace tertiary

namespace exit {
inline constexpr Exit save_debug_controls     {1u << 2};
inline constexpr Exit host_address_space_size {1u << 9};
inline constexpr Exit load_perf_global_ctrl   {1u << 12};
inline constexpr Exit ack_interrupt_on_exit   {1u << 15};
inline constexpr Exit save_pat                {1u << 18};
inline constexpr Exit load_pat                {1u << 19};
inline constexpr Exit save_efer               {1u << 20};
inline constexpr Exit load_efer               {1u << 21};
inline constexpr Exit save_preemption_timer   {1u << 22};
inline constexpr Exit clear_bndcfgs           {1u << 23};
inline constexpr Exit conceal_vmx_from_pt     {1u << 24};
inline constexpr Exit clear_rtit_ctl          {1u << 25};
inline constexpr Exit clear_lbr_ctl           {1u << 26};
inline constexpr Exit clear_uinv              {1u << 27};
inline constexpr Exit load_cet                {1u << 28};
inline constexpr Exit load_pkrs               {1u << 29};
inline constexpr Exit save_perf_global_ctrl   {1u << 30};
inline constexpr Exit activate_secondary      {1u << 31};
inline constexpr Exit default1                {0x00036dffu};
} // namespace exit

namespace exit2 {
inline constexpr Exit2 save_fred {1ull << 0};
inline constexpr Exit2 load_fred {1ull << 1};
} // namespace exit2

namespace entry {
inline constexpr Entry load_debug_controls     {1u << 2};
inline constexpr Entry ia32e_mode_guest        {1u << 9};
inline constexpr Entry entry_to_smm            {1u << 10};
inline constexpr Entry deactivate_dual_monitor {1u << 11};
inline constexpr Entry load_perf_global_ctrl   {1u << 13};
inline constexpr Entry load_pat                {1u << 14};
inline constexpr Entry load_efer               {1u << 15};
inline constexpr Entry load_bndcfgs            {1u << 16};
inline constexpr Entry conceal_vmx_from_pt     {1u << 17};
inline constexpr Entry load_rtit_ctl           {1u << 18};
inline constexpr Entry load_uinv               {1u << 19};
inline constexpr Entry load_cet                {1u << 20};
inline constexpr Entry load_guest_lbr_ctl      {1u << 21};
inline constexpr Entry load_pkrs               {1u << 22};
inline constexpr Entry load_fred               {1u << 23};
inline constexpr Entry default1                {0x000011ffu};
} // namespace entry

namespace vmfunc {
inline constexpr VmFunc eptp_switching {1ull << 0};
} // namespace vmfunc
// clang-format on

} // namespace vmx
