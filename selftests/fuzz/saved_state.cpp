// SPDX-License-Identifier: GPL-2.0-only
// KVM_SET_NESTED_STATE's bytes: what is accepted names no memory and no image that is not there,
// and contradicts neither itself nor the vCPU; images of any content are taken as far as the codec
// goes.
#include "core/nested/saved_state.hpp"
#include "core/check/check.hpp"
#include "core/check/state.hpp"
#include "fuzz.hpp"

namespace fuzz {

namespace {

using namespace vmx::nested;

/// As userspace hands it over: the header, and so many bytes behind it.
struct Buffer {
	SavedHeader header;
	u8 images[2][image_size];
};

/// Values between which the header's checks decide are drawn more often than by chance.
u64 pointer(Input &input)
{
	switch (input.take<u8>() % 4) {
	case 0:
		return no_pointer;
	case 1:
		return u64{input.take<u16>()} << 12;
	case 2:
		return input.take<u64>() & ~u64{0xfff};
	default:
		return input.take<u64>();
	}
}

void fill(Input &input, Buffer &buffer)
{
	SavedHeader &header = buffer.header;
	const u8 shape = input.take<u8>();

	input.fill(&header, sizeof(header));
	if (shape & 1)
		header.format = saved_format_vmx;
	if (shape & 2)
		header.size = static_cast<u32>(sizeof(header)) + image_size * (shape >> 6);
	if (shape & 4)
		header.flags &= 0xf;
	if (shape & 8)
		header.smm_flags &= 3;
	if (shape & 16)
		header.vmx_flags &= 1;
	if (shape & 32) {
		header.vmxon_pointer = pointer(input);
		header.vmcs_pointer = pointer(input);
	}
	for (auto &image : buffer.images) {
		const u8 revision = input.take<u8>();

		if (revision & 8)
			input.expand(image, image_size);
		else
			input.fill(image, image_size);
		if (revision & 1)
			vmcs12::write_revision_word(
				image,
				vmcs12::revision_word(revision & 2 ? vmcs12::Revision::legacy
								   : vmcs12::Revision::enlightened,
						      revision & 4));
	}
}

void must_agree(const SavedHeader &header, const Receiver &receiver, const SavedState &state)
{
	if (!state.vmx_on) {
		MUST(!state.in_smm && !state.guest_mode && !state.run_pending);
		MUST(header.vmxon_pointer == no_pointer);
		return;
	}
	MUST(receiver.offers_vmx);
	MUST(is_region_address(state.vmxon_pointer, receiver.physical_bits));
	MUST(state.vmcs_pointer != state.vmxon_pointer);
	MUST(state.has_image == has_images(header, 1));
	MUST(state.has_image == ((state.vmcs_pointer != no_pointer) != state.evmcs));
	MUST(!state.evmcs || (receiver.evmcs && state.vmcs_pointer == no_pointer));
	MUST(state.vmcs_pointer == no_pointer ||
	     is_region_address(state.vmcs_pointer, receiver.physical_bits));
	MUST(!state.run_pending || state.guest_mode);
	MUST(!state.guest_mode || (has_images(header, 1) && !receiver.in_smm));
	MUST(!state.smm_guest_mode || (has_images(header, 1) && state.in_smm));
	MUST(!state.in_smm || (receiver.in_smm && !state.guest_mode));
}

/// What the header does not say must not count.
void padding_is_nothing(SavedHeader header, const Receiver &receiver, bool accepted)
{
	SavedState state;

	std::memset(header.unused, 0xa5, sizeof(header.unused));
	header.pad = 0x5a5a;
	MUST(accept_header(header, receiver, state) == accepted);
}

void look_at(const u8 *image)
{
	static Vmcs12 vmcs12;
	static check::State state;
	u32 word = 0;
	const bool accepted = accept_image(image, word, vmcs12);

	MUST(accepted == vmcs12::known_revision(word));
	MUST(accept_shadow(image, word, vmcs12) == (accepted && vmcs12::is_shadow(word)));
	if (!accepted)
		return;
	// What goes on with it judges it as an entry's.
	check::read_controls(vmcs12, state);
	check::read_host(vmcs12, state);
	check::read_guest(vmcs12, state);
	(void)check::check_entry(state, check::Limits{});
	(void)uses_shadow(vmcs12);
}

} // namespace

void fuzz(Input input)
{
	static Buffer buffer;
	const u8 vcpu = input.take<u8>();
	const Receiver receiver{.offers_vmx = !!(vcpu & 1),
				.in_smm = !!(vcpu & 2),
				.evmcs = !!(vcpu & 4),
				.physical_bits = static_cast<u8>(32 + (vcpu >> 3) % 21)};
	SavedState state, same;

	fill(input, buffer);
	const bool accepted = accept_header(buffer.header, receiver, state);

	MUST(accept_header(buffer.header, receiver, same) == accepted);
	MUST(state == same);
	padding_is_nothing(buffer.header, receiver, accepted);
	if (!accepted) {
		MUST(!state.vmx_on && !state.guest_mode);
		return;
	}
	must_agree(buffer.header, receiver, state);
	for (u32 n = 0; n < 2; n++)
		if (has_images(buffer.header, n + 1))
			look_at(buffer.images[n]);
}

} // namespace fuzz
