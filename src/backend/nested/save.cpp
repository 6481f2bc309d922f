// SPDX-License-Identifier: GPL-2.0-only
#include "backend/nested/save.hpp"

#include "backend/nested/capabilities.hpp"
#include "backend/nested/enter.hpp"
#include "backend/nested/entry_checks.hpp"
#include "backend/nested/evmcs.hpp"
#include "backend/nested/guest_mode.hpp"
#include "backend/nested/guest_state.hpp"
#include "backend/nested/instructions.hpp"
#include "backend/nested/leave.hpp"
#include "backend/nested/lifecycle.hpp"
#include "backend/nested/mmu.hpp"
#include "backend/nested/pages.hpp"
#include "backend/nested/region.hpp"
#include "backend/nested/shadowing.hpp"
#include "core/nested/saved_state.hpp"
#include "kernel/errno.hpp"
#include "kernel/requests.hpp"
#include "kernel/user.hpp"

namespace backend::nested {

namespace {

namespace saved = vmx::nested;
using Header = kernel::kvm_nested_state;
using saved::image_size;

constexpr u32 header_size = sizeof(Header);
constexpr u32 largest = header_size + 2 * image_size;

u8 *image(Header *user, u32 number)
{
	return reinterpret_cast<u8 *>(user) + header_size + number * image_size;
}

/// The shadow VMCS that L2 uses is part of what L2 is.
bool has_live_shadow(const Vcpu &vcpu)
{
	return in_guest_mode(vcpu) && vcpu.nested.has_shadow &&
	       secondary12(vcpu).has(secondary::vmcs_shadowing);
}

Header describe(const Vcpu &vcpu)
{
	const Nested &nested = vcpu.nested;
	Header header{};
	auto &vmx = header.hdr.vmx;

	header.format = kernel::KVM_STATE_NESTED_FORMAT_VMX;
	header.size = header_size;
	vmx.vmxon_pa = vmx.vmcs12_pa = Nested::none;
	if (!nested.vmx_on && !nested.smm.vmx_on)
		return header;

	vmx.vmxon_pa = nested.vmxon_pointer;
	vmx.vmcs12_pa = nested.pointer;
	if (nested.has_vmcs())
		header.size += image_size;
	if (nested.has_evmcs())
		header.flags |= kernel::KVM_STATE_NESTED_EVMCS;
	if (has_live_shadow(vcpu))
		header.size += image_size;
	if (nested.smm.vmx_on)
		vmx.smm.flags |= kernel::KVM_STATE_NESTED_SMM_VMXON;
	if (nested.smm.guest_mode)
		vmx.smm.flags |= kernel::KVM_STATE_NESTED_SMM_GUEST_MODE;
	if (!in_guest_mode(vcpu))
		return header;

	header.flags |= kernel::KVM_STATE_NESTED_GUEST_MODE;
	if (nested.entry_pending)
		header.flags |= kernel::KVM_STATE_NESTED_RUN_PENDING;
	if (nested.mtf_pending)
		header.flags |= kernel::KVM_STATE_NESTED_MTF_PENDING;
	if (pin12(vcpu).has(pin::preemption_timer) && nested.timer.has_deadline) {
		vmx.flags |= kernel::KVM_STATE_VMX_PREEMPTION_TIMER_DEADLINE;
		vmx.preemption_timer_deadline = nested.timer.deadline;
	}
	return header;
}

/// An image in its own layout, over the region that it was read from.
bool copy_image_out(Header *user, u32 number, u32 word, const Vmcs12 &vmcs12, u8 *region)
{
	vmcs12::write_revision_word(region, word);
	vmcs12::encode(vmcs12::revision_of(word), vmcs12, region);
	return !kernel::copy_page_to_user(image(user, number), region);
}

/// Userspace's image, copied once, as far as `accept` takes it. @return 0, -EFAULT or -EINVAL.
int copy_image_in(Vcpu &vcpu, Header *user, u32 number, u32 &word, Vmcs12 &vmcs12,
		  bool (*accept)(const u8 *image, u32 &word, Vmcs12 &vmcs12))
{
	u8 *region = vcpu.nested.region;
	const u8 *from = image(user, number);

	if (const int error = fetch(region, word, [&](u8 *to, u32 offset, u32 size) {
		    return kernel::copy_from_user(to, from + offset, size);
	    }))
		return error;
	return accept(region, word, vmcs12) ? 0 : -kernel::EINVAL;
}

/// The header in the words of the pure half, which has the ABI's layout.
saved::SavedHeader words_of(const Header &header)
{
	saved::SavedHeader words;

	static_assert(sizeof(words) == sizeof(header));
	__builtin_memcpy(&words, &header, sizeof(words));
	return words;
}

/// L2 as it was. @return 0 or -errno.
int go_on_with_l2(Vcpu &vcpu, Header *user, const saved::SavedHeader &header,
		  const saved::SavedState &state)
{
	Nested &nested = vcpu.nested;

	nested.has_shadow = false;
	if (saved::uses_shadow(*nested.vmcs12)) {
		if (!saved::has_images(header, 2))
			return -kernel::EINVAL;
		if (const int error = copy_image_in(vcpu, user, 1, nested.shadow_word,
						    *nested.shadow, saved::accept_shadow))
			return error;
		nested.has_shadow = true;
	}
	if (!may_go_on(vcpu, state.run_pending))
		return -kernel::EINVAL;
	if (state.has_deadline) {
		nested.timer.has_deadline = true;
		nested.timer.deadline = state.timer_deadline;
	}
	nested.mtf_pending = state.mtf_pending;
	nested.dirty = dirty_all;
	return enter(vcpu, state.run_pending ? By::pending_entry : By::restoration) == Entered::yes
		       ? 0
		       : -kernel::EINVAL;
}

} // namespace

int get_state(kernel::kvm_vcpu *kvm, Header *user, unsigned size)
{
	if (!kvm)
		return largest;

	Vcpu &vcpu = vcpu_of(kvm);
	Nested &nested = vcpu.nested;
	const Header header = describe(vcpu);

	if (size < header.size)
		return static_cast<int>(header.size);
	if (kernel::copy_nested_state_to_user(user, &header))
		return -kernel::EFAULT;
	if (header.size == header_size)
		return static_cast<int>(header.size);
	if (in_guest_mode(vcpu))
		save_guest_state(vcpu);
	else
		take_from_shadow(vcpu);
	if (!copy_image_out(user, 0, nested.revision_word, *nested.vmcs12, nested.current_region))
		return -kernel::EFAULT;
	// While L2 runs, nothing else has been read since its shadow VMCS.
	if (has_live_shadow(vcpu) &&
	    !copy_image_out(user, 1, nested.shadow_word, *nested.shadow, nested.region))
		return -kernel::EFAULT;
	return static_cast<int>(header.size);
}

int set_state(kernel::kvm_vcpu *kvm, Header *user, Header *header)
{
	Vcpu &vcpu = vcpu_of(kvm);
	Nested &nested = vcpu.nested;
	const saved::SavedHeader words = words_of(*header);
	saved::SavedState state;

	if (!saved::accept_header(words,
				  {.offers_vmx = offers_vmx(vcpu),
				   .in_smm = !!(kvm->arch.hflags & kernel::HF_SMM_MASK),
				   .evmcs = nested.evmcs.enabled,
				   .physical_bits = static_cast<u8>(kvm->arch.maxphyaddr)},
				  state))
		return -kernel::EINVAL;
	leave_nested(kvm);
	if (!state.vmx_on)
		return 0;
	if (const int error = start_vmx_operation(vcpu))
		return error;
	nested.vmxon_pointer = state.vmxon_pointer;

	if (state.has_image) {
		if (const int error = copy_image_in(vcpu, user, 0, nested.revision_word,
						    *nested.vmcs12, saved::accept_image))
			return error;
		keep_region(vcpu);
		nested.dirty = dirty_all;
	}
	if (state.vmcs_pointer != Nested::none) {
		nested.pointer = state.vmcs_pointer;
	} else if (state.evmcs) {
		if (vmcs12::is_shadow(nested.revision_word))
			return -kernel::EINVAL;
		// Which one it is stands in memory, and may not be there yet.
		nested.evmcs.pending = nested.evmcs.restored = true;
		kernel::make_request(vcpu.kvm, kernel::KVM_REQ_GET_NESTED_STATE_PAGES);
	}
	if (state.in_smm) {
		nested.smm.vmx_on = true;
		nested.vmx_on = false;
		nested.smm.guest_mode = state.smm_guest_mode;
	}
	if (!state.guest_mode) {
		give_to_shadow(vcpu);
		return 0;
	}
	return go_on_with_l2(vcpu, user, words, state);
}

bool find_memory(Vcpu &vcpu)
{
	const bool found = find_saved_evmcs(vcpu);

	// L1 may still name the one that it goes on with.
	if (!in_guest_mode(vcpu) || !vcpu.nested.restored)
		return true;
	if (!found || !map_pages(vcpu) || !load_pdptes(vcpu))
		return false;
	vcpu.nested.restored = false;
	// A notification that came before the state was saved is not part of it.
	vcpu.nested.posted = true;
	return true;
}

bool get_nested_state_pages(kernel::kvm_vcpu *kvm)
{
	Vcpu &vcpu = vcpu_of(kvm);

	if (find_memory(vcpu))
		return true;
	// kvm.ko has taken the request back: userspace may run the vCPU again.
	kernel::make_request(vcpu.kvm, kernel::KVM_REQ_GET_NESTED_STATE_PAGES);
	(void)report_missing_pages(vcpu);
	return false;
}

} // namespace backend::nested
