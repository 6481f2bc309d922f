// SPDX-License-Identifier: GPL-2.0-only
#include "core/nested/saved_state.hpp"

#include "vmx/controls.hpp"

namespace vmx::nested {

namespace {

/// Flags that contradict each other, or the mode that the vCPU is in.
bool flags_agree(const SavedHeader &header, const Receiver &receiver)
{
	constexpr u16 in_smm = saved_smm_guest_mode | saved_smm_vmx_on;

	if (header.flags & saved_evmcs && !receiver.evmcs)
		return false;
	if (header.flags & saved_run_pending && !(header.flags & saved_guest_mode))
		return false;
	if (header.smm_flags & ~in_smm || header.vmx_flags & ~u32{saved_timer_deadline})
		return false;
	if (header.smm_flags & saved_smm_guest_mode &&
	    (header.flags & saved_guest_mode || !(header.smm_flags & saved_smm_vmx_on)))
		return false;
	// In SMM L2 waits for RSM; out of it there is nothing that waits.
	return receiver.in_smm ? !(header.flags & (saved_guest_mode | saved_run_pending))
			       : !header.smm_flags;
}

/// A VMCS of either kind and its image, or neither.
bool vmcs_agrees(const SavedHeader &header, const Receiver &receiver)
{
	const bool evmcs = header.flags & saved_evmcs;

	if (!has_images(header, 1))
		return header.vmcs_pointer == no_pointer && !evmcs &&
		       !(header.flags & saved_guest_mode) &&
		       !(header.smm_flags & saved_smm_guest_mode);
	if (header.vmcs_pointer == no_pointer)
		return evmcs;
	return !evmcs && header.vmcs_pointer != header.vmxon_pointer &&
	       is_region_address(header.vmcs_pointer, receiver.physical_bits);
}

} // namespace

bool accept_header(const SavedHeader &header, const Receiver &receiver, SavedState &state)
{
	state = {};
	if (header.format != saved_format_vmx || !flags_agree(header, receiver))
		return false;
	if (header.vmxon_pointer == no_pointer)
		return !header.smm_flags && !(header.flags & ~saved_evmcs) &&
		       header.vmcs_pointer == no_pointer;
	if (!receiver.offers_vmx ||
	    !is_region_address(header.vmxon_pointer, receiver.physical_bits) ||
	    !vmcs_agrees(header, receiver))
		return false;
	state = {
		.vmx_on = true,
		.in_smm = !!(header.smm_flags & saved_smm_vmx_on),
		.smm_guest_mode = !!(header.smm_flags & saved_smm_guest_mode),
		.guest_mode = !!(header.flags & saved_guest_mode),
		.run_pending = !!(header.flags & saved_run_pending),
		.mtf_pending = !!(header.flags & saved_mtf_pending),
		.has_deadline = !!(header.vmx_flags & saved_timer_deadline),
		.has_image = has_images(header, 1),
		.evmcs = !!(header.flags & saved_evmcs),
		.vmxon_pointer = header.vmxon_pointer,
		.vmcs_pointer = header.vmcs_pointer,
		.timer_deadline = header.timer_deadline,
	};
	return true;
}

bool accept_image(const u8 *image, u32 &word, Vmcs12 &vmcs12)
{
	word = vmcs12::read_revision_word(image);
	if (!vmcs12::known_revision(word))
		return false;
	vmcs12::decode(vmcs12::revision_of(word), image, vmcs12);
	return true;
}

bool uses_shadow(const Vmcs12 &vmcs12)
{
	return Primary{vmcs12.primary_controls}.has(primary::activate_secondary) &&
	       Secondary{vmcs12.secondary_controls}.has(secondary::vmcs_shadowing) &&
	       vmcs12.vmcs_link_pointer != no_pointer;
}

bool accept_shadow(const u8 *image, u32 &word, Vmcs12 &shadow)
{
	return accept_image(image, word, shadow) && vmcs12::is_shadow(word);
}

} // namespace vmx::nested
