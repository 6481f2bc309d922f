// SPDX-License-Identifier: GPL-2.0-only
#include "core/hyperv/capabilities.hpp"

#include "core/config/facts.hpp"
#include "core/vmcs12/evmcs_slot.hpp"

namespace vmx::hyperv {

namespace {

using config::Bit;
using config::Word;
namespace f = field;

/// A control, and the fields that only it makes a CPU look at.
struct Use {
	Bit control;
	u32 fields[3];
};

constexpr u32 none = vmcs12::no_encoding;

template <class... F> constexpr Use uses(Bit control, F... fields)
{
	Use use{control, {none, none, none}};
	u32 n = 0;

	((use.fields[n++] = fields.encoding), ...);
	return use;
}

// Those of the SDM's controls that have fields of their own. Of a pair both halves, since neither
// is of use alone.
//
// clang-format off
constexpr Use controls_with_fields[] = {
	uses(pin::preemption_timer,                 f::preemption_timer_value),
	uses(exit::save_preemption_timer,           f::preemption_timer_value),
	uses(pin::posted_interrupts,                f::posted_interrupt_notification_vector, f::posted_interrupt_descriptor_address),

	uses(primary::use_tsc_offsetting,           f::tsc_offset),
	uses(primary::use_tpr_shadow,               f::virtual_apic_page_address, f::tpr_threshold),
	uses(primary::use_io_bitmaps,               f::io_bitmap_a, f::io_bitmap_b),
	uses(primary::use_msr_bitmaps,              f::msr_bitmap),
	uses(primary::activate_secondary,           f::secondary_controls),
	uses(primary::activate_tertiary,            f::tertiary_controls),

	uses(secondary::virtualize_apic_accesses,   f::apic_access_address),
	uses(secondary::enable_ept,                 f::ept_pointer),
	uses(secondary::enable_vpid,                f::virtual_processor_id),
	uses(secondary::virtual_interrupt_delivery, f::guest_interrupt_status, f::eoi_exit_bitmap_0),
	uses(secondary::pause_loop_exiting,         f::ple_gap, f::ple_window),
	uses(secondary::enable_vmfunc,              f::vm_function_controls),
	uses(secondary::vmcs_shadowing,             f::vmread_bitmap, f::vmwrite_bitmap),
	uses(secondary::encls_exiting,              f::encls_exiting_bitmap),
	uses(secondary::enable_pml,                 f::pml_address, f::pml_index),
	uses(secondary::ept_violation_ve,           f::virtualization_exception_address, f::eptp_index),
	uses(secondary::enable_xsaves,              f::xss_exiting_bitmap),
	uses(secondary::pasid_translation,          f::low_pasid_directory_address, f::high_pasid_directory_address),
	uses(secondary::sub_page_write,             f::spp_table_pointer),
	uses(secondary::use_tsc_scaling,            f::tsc_multiplier),
	uses(secondary::enable_pconfig,             f::pconfig_exiting_bitmap),
	uses(secondary::enclv_exiting,              f::enclv_exiting_bitmap),
	uses(secondary::instruction_timeout,        f::notify_window),

	uses(exit::activate_secondary,              f::secondary_exit_controls),
	uses(entry::load_perf_global_ctrl,          f::guest_perf_global_ctrl),
	uses(exit::load_perf_global_ctrl,           f::host_perf_global_ctrl),
	uses(exit::save_perf_global_ctrl,           f::guest_perf_global_ctrl),
	uses(entry::load_pat,                       f::guest_pat),
	uses(exit::save_pat,                        f::guest_pat),
	uses(exit::load_pat,                        f::host_pat),
	uses(entry::load_efer,                      f::guest_efer),
	uses(exit::save_efer,                       f::guest_efer),
	uses(exit::load_efer,                       f::host_efer),
	uses(entry::load_bndcfgs,                   f::guest_bndcfgs),
	uses(exit::clear_bndcfgs,                   f::guest_bndcfgs),
	uses(entry::load_rtit_ctl,                  f::guest_rtit_ctl),
	uses(exit::clear_rtit_ctl,                  f::guest_rtit_ctl),
	uses(entry::load_guest_lbr_ctl,             f::guest_lbr_ctl),
	uses(exit::clear_lbr_ctl,                   f::guest_lbr_ctl),
	uses(entry::load_uinv,                      f::guest_uinv),
	uses(exit::clear_uinv,                      f::guest_uinv),
	uses(entry::load_cet,                       f::guest_s_cet, f::guest_ssp, f::guest_interrupt_ssp_table),
	uses(exit::load_cet,                        f::host_s_cet, f::host_ssp, f::host_interrupt_ssp_table),
	uses(entry::load_pkrs,                      f::guest_pkrs),
	uses(exit::load_pkrs,                       f::host_pkrs),
	// FRED's fields are not in the list of those that have names, nor in the page.
	uses(entry::load_fred,                      f::secondary_exit_controls),
};
// clang-format on

consteval bool is_carried(const Use &use)
{
	for (const u32 encoding : use.fields) {
		bool found = encoding == none;

		for (const vmcs12::Row &row : vmcs12::rows)
			found |= row.encoding == encoding && row.evmcs != vmcs12::no_slot;
		if (!found)
			return false;
	}
	return true;
}

/// The controls to do without, word by word.
struct Lacking {
	u64 masks[config::control_words]{};

	consteval Lacking()
	{
		for (const Use &use : controls_with_fields)
			if (!is_carried(use))
				masks[config::index(use.control.word)] |= use.control.mask;
	}
};

constexpr Lacking always_lacking;

constexpr bool is_perf_global_ctrl(Bit control)
{
	return control == Bit{entry::load_perf_global_ctrl} ||
	       control == Bit{exit::load_perf_global_ctrl} ||
	       control == Bit{exit::save_perf_global_ctrl};
}

u64 lacking(Word word, const Features &features)
{
	u64 mask = always_lacking.masks[config::index(word)];

	if (!features.perf_global_ctrl)
		for (const Use &use : controls_with_fields)
			if (use.control.word == word && is_perf_global_ctrl(use.control))
				mask |= use.control.mask;
	return mask;
}

/// The MSRs whose upper halves are the allowed-1 settings of a word.
struct Ruler {
	Word word;
	Msr msrs[2];
};

constexpr Ruler rulers[] = {
	{Word::pin, {Msr::pinbased_ctls, Msr::true_pinbased_ctls}},
	{Word::primary, {Msr::procbased_ctls, Msr::true_procbased_ctls}},
	{Word::secondary, {Msr::procbased_ctls2, Msr::procbased_ctls2}},
	{Word::exit, {Msr::exit_ctls, Msr::true_exit_ctls}},
	{Word::entry, {Msr::entry_ctls, Msr::true_entry_ctls}},
};

/// @return what has been taken away.
u64 forbid(VmxCapabilities &caps, Msr msr, u64 controls)
{
	if (!caps.has(msr))
		return 0;
	const u64 value = caps.get(msr);

	caps.set(msr, value & ~(controls << 32));
	return value >> 32 & controls;
}

} // namespace

VmxCapabilities carried_capabilities(const VmxCapabilities &caps, const Features &features,
				     const config::Sink &sink)
{
	VmxCapabilities carried = caps;
	config::Text text;

	for (const Ruler &ruler : rulers) {
		const u64 controls = lacking(ruler.word, features);
		u64 taken = 0;

		for (const Msr msr : ruler.msrs)
			taken |= forbid(carried, msr, controls);
		if (!taken)
			continue;
		text.clear();
		text << "not used, since an enlightened VMCS does not carry it: "
		     << config::info(ruler.word).name << ": ";
		config::append_names(text, ruler.word, taken);
		sink(config::Severity::info, text.c_str());
	}
	// What the words above would have activated; a rule of its own says they must be zero then.
	carried.forget(Msr::procbased_ctls3);
	carried.forget(Msr::exit_ctls2);
	if (!carried.secondary().allowed1.has(secondary::enable_vmfunc))
		carried.forget(Msr::vmfunc);
	return carried;
}

} // namespace vmx::hyperv
