// SPDX-License-Identifier: GPL-2.0-only
#include "core/nested/saved_state.hpp"
#include "unit.hpp"
#include "vmx/controls.hpp"

using namespace vmx;
using namespace vmx::nested;

namespace {

constexpr u64 vmxon = 0x1000, vmcs = 0x2000;
constexpr u32 alone = sizeof(SavedHeader), with_vmcs = alone + image_size;
constexpr Receiver outside{.offers_vmx = true,
			   .in_smm = false,
			   .evmcs = false,
			   .physical_bits = 40};
constexpr Receiver in_smm{.offers_vmx = true, .in_smm = true, .evmcs = false, .physical_bits = 40};
constexpr Receiver no_vmx{.offers_vmx = false,
			  .in_smm = false,
			  .evmcs = false,
			  .physical_bits = 40};
constexpr Receiver hyperv{.offers_vmx = true, .in_smm = false, .evmcs = true, .physical_bits = 40};

constexpr SavedHeader header(u16 flags, u32 size, u64 vmxon_pointer, u64 vmcs_pointer,
			     u16 smm_flags = 0)
{
	SavedHeader it{};

	it.flags = flags;
	it.format = saved_format_vmx;
	it.size = size;
	it.vmxon_pointer = vmxon_pointer;
	it.vmcs_pointer = vmcs_pointer;
	it.smm_flags = smm_flags;
	return it;
}

constexpr SavedHeader in_format(u16 format)
{
	SavedHeader it = header(0, alone, no_pointer, no_pointer);

	it.format = format;
	return it;
}

constexpr SavedHeader with_vmx_flags(u32 flags)
{
	SavedHeader it = header(saved_guest_mode, with_vmcs, vmxon, vmcs);

	it.vmx_flags = flags;
	it.timer_deadline = 77;
	return it;
}

struct Case {
	const char *what;
	bool accepted;
	SavedHeader header;
	Receiver receiver = outside;
};

constexpr u16 smm_l1 = saved_smm_vmx_on, smm_l2 = saved_smm_vmx_on | saved_smm_guest_mode;

// clang-format off
constexpr Case cases[] = {
	{"outside of VMX operation",      true,  header(0, alone, no_pointer, no_pointer)},
	{"the same without CPUID",        true,  header(0, alone, no_pointer, no_pointer), no_vmx},
	{"another format",                false, in_format(1)},
	{"VMCS without VMXON",            false, header(0, alone, no_pointer, vmcs)},
	{"flags without VMXON",           false, header(saved_mtf_pending, alone, no_pointer, no_pointer)},
	{"SMM flags without VMXON",       false, header(0, alone, no_pointer, no_pointer, smm_l1), in_smm},
	{"VMXON",                         true,  header(0, alone, vmxon, no_pointer)},
	{"VMXON without CPUID",           false, header(0, alone, vmxon, no_pointer), no_vmx},
	{"VMXON unaligned",               false, header(0, alone, vmxon + 8, no_pointer)},
	{"VMXON beyond memory",           false, header(0, alone, bit(40), no_pointer)},
	{"VMXON at the end",              true,  header(0, alone, bit(40) - 4096, no_pointer)},
	{"a VMCS",                        true,  header(0, with_vmcs, vmxon, vmcs)},
	{"a VMCS without its image",      false, header(0, alone, vmxon, vmcs)},
	{"half an image",                 false, header(0, with_vmcs - 1, vmxon, vmcs)},
	{"an image without its VMCS",     false, header(0, with_vmcs, vmxon, no_pointer)},
	{"VMCS is the VMXON region",      false, header(0, with_vmcs, vmxon, vmxon)},
	{"VMCS unaligned",                false, header(0, with_vmcs, vmxon, vmcs + 1)},
	{"VMCS beyond memory",            false, header(0, with_vmcs, vmxon, bit(40))},
	{"a size of 4 GiB",               true,  header(0, ~u32{0}, vmxon, vmcs)},
	{"L2",                            true,  header(saved_guest_mode, with_vmcs, vmxon, vmcs)},
	{"L2 about to be entered",        true,  header(saved_guest_mode | saved_run_pending, with_vmcs, vmxon, vmcs)},
	{"about to be entered, no L2",    false, header(saved_run_pending, with_vmcs, vmxon, vmcs)},
	{"L2 without image",              false, header(saved_guest_mode, alone, vmxon, no_pointer)},
	{"an enlightened VMCS",           true,  header(saved_evmcs, with_vmcs, vmxon, no_pointer), hyperv},
	{"L2 on an enlightened VMCS",     true,  header(saved_guest_mode | saved_evmcs, with_vmcs, vmxon, no_pointer), hyperv},
	{"the same, not enabled",         false, header(saved_guest_mode | saved_evmcs, with_vmcs, vmxon, no_pointer)},
	{"enlightened without image",     false, header(saved_evmcs, alone, vmxon, no_pointer), hyperv},
	{"enlightened without VMXON",     true,  header(saved_evmcs, alone, no_pointer, no_pointer), hyperv},
	{"VMCSs of both kinds",           false, header(saved_evmcs, with_vmcs, vmxon, vmcs), hyperv},
	{"L2 in SMM",                     false, header(saved_guest_mode, with_vmcs, vmxon, vmcs), in_smm},
	{"SMM over L1",                   true,  header(0, with_vmcs, vmxon, vmcs, smm_l1), in_smm},
	{"SMM over L2",                   true,  header(0, with_vmcs, vmxon, vmcs, smm_l2), in_smm},
	{"SMM over L2 without image",     false, header(0, alone, vmxon, no_pointer, smm_l2), in_smm},
	{"SMM over L2, out of SMM",       false, header(0, with_vmcs, vmxon, vmcs, smm_l2)},
	{"SMM over L1, out of SMM",       false, header(0, with_vmcs, vmxon, vmcs, smm_l1)},
	{"SMM over L2 without VMXON's",   false, header(0, with_vmcs, vmxon, vmcs, saved_smm_guest_mode), in_smm},
	{"L2 and SMM over L2",            false, header(saved_guest_mode, with_vmcs, vmxon, vmcs, smm_l2), in_smm},
	{"an unknown SMM flag",           false, header(0, with_vmcs, vmxon, vmcs, 4), in_smm},
	{"a deadline",                    true,  with_vmx_flags(saved_timer_deadline)},
	{"an unknown VMX flag",           false, with_vmx_flags(2)},
};
// clang-format on

} // namespace

TEST(headers)
{
	for (const Case &one : cases) {
		SavedState state;
		const bool accepted = accept_header(one.header, one.receiver, state);

		EXPECT_STRING(accepted == one.accepted ? "as expected" : one.what, "as expected");
		EXPECT_EQ(state.vmx_on, accepted && one.header.vmxon_pointer != no_pointer);
	}
}

TEST(what_a_header_says)
{
	SavedState state;

	EXPECT(accept_header(with_vmx_flags(saved_timer_deadline), outside, state));
	EXPECT(state.guest_mode && state.has_deadline && !state.run_pending && !state.in_smm);
	EXPECT_EQ(state.timer_deadline, 77u);
	EXPECT_EQ(state.vmxon_pointer, vmxon);
	EXPECT_EQ(state.vmcs_pointer, vmcs);
	EXPECT(accept_header(header(0, with_vmcs, vmxon, vmcs, smm_l2), in_smm, state));
	EXPECT(state.in_smm && state.smm_guest_mode && !state.guest_mode);
}

TEST(images)
{
	static u8 image[image_size];
	static Vmcs12 from, to;
	u32 word;

	from = {};
	from.tsc_offset = 0x123456789abcdef;
	for (const auto revision : {vmcs12::Revision::legacy, vmcs12::Revision::enlightened}) {
		for (const bool shadow : {false, true}) {
			vmcs12::write_revision_word(image, vmcs12::revision_word(revision, shadow));
			vmcs12::encode(revision, from, image);
			to = {};
			EXPECT(accept_image(image, word, to));
			EXPECT_EQ(word, vmcs12::revision_word(revision, shadow));
			EXPECT_EQ(to.tsc_offset, from.tsc_offset);
			EXPECT_EQ(accept_shadow(image, word, to), shadow);
		}
	}
	vmcs12::write_revision_word(image, 1);
	EXPECT(!accept_image(image, word, to));
}

TEST(shadow_is_needed)
{
	Vmcs12 vmcs12{};

	vmcs12.vmcs_link_pointer = 0x3000;
	vmcs12.secondary_controls = secondary::vmcs_shadowing.bits;
	EXPECT(!uses_shadow(vmcs12));
	vmcs12.primary_controls = primary::activate_secondary.bits;
	EXPECT(uses_shadow(vmcs12));
	vmcs12.vmcs_link_pointer = no_pointer;
	EXPECT(!uses_shadow(vmcs12));
}

SUITE(saved_state, headers, what_a_header_says, images, shadow_is_needed);
