// SPDX-License-Identifier: GPL-2.0-only
#include "backend/nested/evmcs.hpp"

#include "backend/nested/entry_checks.hpp"
#include "backend/nested/region.hpp"
#include "backend/nested/vp_assist.hpp"
#include "core/vmcs12/evmcs.hpp"
#include "core/vmcs12/evmcs_slot.hpp"
#include "kernel/parameters.hpp"
#include "kernel/slots.hpp"
#include "kernel/user.hpp"

namespace backend::nested {

namespace {

namespace page = vmcs12::evmcs;
using vmcs12::Clean;
using vmcs12::clean_bits;

constexpr u16 versions = vmcs12::evmcs_version << 8 | vmcs12::evmcs_version;

/// Groups behind what vmcs02 keeps (Dirty). All else is written at each entry.
constexpr u32 behind_controls = clean_bits(Clean::control_grp1) | clean_bits(Clean::control_grp2) |
				clean_bits(Clean::control_proc) | clean_bits(Clean::control_xlat);
constexpr u32 behind_guest = clean_bits(Clean::guest_grp1) | clean_bits(Clean::guest_grp2);
constexpr u32 behind_msr_bitmap = clean_bits(Clean::msr_bitmap);

u32 dirtied_by_groups(u32 dirty)
{
	return (dirty & behind_controls ? u32{dirty_controls} : 0) |
	       (dirty & behind_guest ? u32{dirty_guest} : 0) |
	       (dirty & behind_msr_bitmap ? u32{dirty_msr_bitmap} : 0);
}

template <class Word> Word word_at(const u8 *image, u16 at)
{
	Word word;

	__builtin_memcpy(&word, image + at, sizeof(word));
	return word;
}

/// For single words; spans cost less by the run.
bool read_page(Vcpu &vcpu, u16 at, u16 size, void *to)
{
	return !kernel::kvm_read_guest_offset_cached(vcpu.kvm.kvm, &vcpu.nested.evmcs.page, to, at,
						     size);
}

/// Without its memory L1 loses what it has given up itself.
void write_page(Vcpu &vcpu, u16 at, u16 size, void *from)
{
	(void)kernel::kvm_write_guest_offset_cached(vcpu.kvm.kvm, &vcpu.nested.evmcs.page, from, at,
						    size);
}

bool find_page(Vcpu &vcpu, u64 address)
{
	return !kernel::kvm_gfn_to_hva_cache_init(vcpu.kvm.kvm, &vcpu.nested.evmcs.page, address,
						  page::page_size);
}

/// The page as the kernel reaches it, if memory slots are still what they were when it was found,
/// or it is found again. What is no address of userspace's (kvm.ko's KVM_HVA_ERR_BAD) faults.
void *page_in_user(Vcpu &vcpu)
{
	const auto &cache = vcpu.nested.evmcs.page;

	if (cache.generation != kernel::slots_generation(*vcpu.kvm.kvm) &&
	    !find_page(vcpu, cache.gpa))
		return nullptr;
	return reinterpret_cast<void *>(cache.hva);
}

kernel::UserSpans spans_of(void *user, page::Spans spans)
{
	using Span = kernel::kvmxx_span;
	static_assert(sizeof(page::Span) == sizeof(Span) && offsetof(page::Span, at) == 0 &&
		      offsetof(Span, at) == 0);
	// The same two numbers under either name.
	return {user, page::page_size, reinterpret_cast<const Span *>(spans.first), spans.count};
}

bool fetch(Vcpu &vcpu, page::Spans spans)
{
	void *const user = page_in_user(vcpu);

	return user && !kernel::gather_from_user(vcpu.nested.evmcs.image, spans_of(user, spans));
}

bool fetch_head(Vcpu &vcpu)
{
	return fetch(vcpu, {&page::head, 1});
}

/// What of the head is no field of a VMCS.
void take_words(Evmcs &evmcs)
{
	evmcs.clean_fields = word_at<u32>(evmcs.image, page::clean_fields);
	evmcs.enlightenments = word_at<u32>(evmcs.image, page::enlightenments_control);
	evmcs.partition_assist_page = word_at<u64>(evmcs.image, page::partition_assist_page);
}

/// Another one is in use from here on.
Taken switch_evmcs(Vcpu &vcpu, u64 address)
{
	Nested &nested = vcpu.nested;
	const u32 revision = nested.capabilities.shown.basic().revision();
	u32 word;

	drop_evmcs(vcpu);
	release_current(vcpu);
	if (!find_page(vcpu, address) || !read_page(vcpu, 0, sizeof(word), &word))
		return Taken::no_memory;
	if (word != vmcs12::evmcs_version && word != revision)
		return Taken::bad_version;
	nested.evmcs.pointer = address;
	nested.revision_word = revision;
	*nested.vmcs12 = {};
	// Saved state has nothing of another VMCS's region between the fields.
	if (vmcs12::read_revision_word(nested.current_region))
		__builtin_memset(nested.current_region, 0, vmcs12::region_size);
	return Taken::yes;
}

} // namespace

int enable_evmcs(kernel::kvm_vcpu *kvm, u16 *supported)
{
	Vcpu &vcpu = vcpu_of(kvm);

	vcpu.nested.evmcs.enabled = true;
	update_limits(vcpu);
	if (supported)
		*supported = get_evmcs_version(kvm);
	return 0;
}

u16 get_evmcs_version(kernel::kvm_vcpu *kvm)
{
	return parameter_nested && (!kvm || vcpu_of(kvm).nested.evmcs.enabled) ? versions : 0;
}

Taken take_evmcs(Vcpu &vcpu, bool vmlaunch)
{
	Nested &nested = vcpu.nested;
	const VpAssist assist = read_vp_assist(vcpu);

	if (!assist.enlightened) {
		drop_evmcs(vcpu);
		return Taken::no_evmcs;
	}

	// What saved state had is not what the page has: L1 may have written to it since.
	const bool is_new = nested.evmcs.restored || nested.evmcs.pointer != assist.evmcs;

	if (is_new)
		if (const Taken taken = switch_evmcs(vcpu, assist.evmcs); taken != Taken::yes)
			return taken;
	if (!fetch_head(vcpu)) {
		drop_evmcs(vcpu);
		return Taken::no_memory;
	}
	take_words(nested.evmcs);

	// Windows keeps them up between VM entries only.
	const u32 clean = is_new || vmlaunch ? 0 : nested.evmcs.clean_fields & page::all_clean;

	if (!page::fetch_dirty(clean, [&](page::Spans spans) { return fetch(vcpu, spans); })) {
		drop_evmcs(vcpu);
		return Taken::no_memory;
	}
	vmcs12::decode_evmcs(nested.evmcs.image, clean, *nested.vmcs12);
	nested.dirty |= clean ? dirtied_by_groups(~clean) : u32{dirty_all};
	return Taken::yes;
}

void write_back_evmcs(Vcpu &vcpu)
{
	Nested &nested = vcpu.nested;
	u8 *image = nested.evmcs.image;

	if (!nested.has_evmcs() || !find_saved_evmcs(vcpu))
		return;
	vmcs12::encode_evmcs(*nested.vmcs12, image);
	// L0 has what the page has, until L1 changes it.
	const u32 clean = nested.evmcs.clean_fields | page::all_clean;

	__builtin_memcpy(image + page::clean_fields, &clean, sizeof(clean));
	// Without its memory L1 loses what it has given up itself.
	void *const user = page_in_user(vcpu);

	if (!user || kernel::scatter_to_user(image, spans_of(user, page::written_on_exit())))
		return;
	kernel::mark_page_dirty_in_slot(vcpu.kvm.kvm, nested.evmcs.page.memslot,
					nested.evmcs.page.gpa >> 12);
}

void write_back_failure(Vcpu &vcpu)
{
	Vmcs12 &vmcs12 = *vcpu.nested.vmcs12;

	if (!vcpu.nested.has_evmcs() || !find_saved_evmcs(vcpu))
		return;
	write_page(vcpu, vmcs12::evmcs_slot(f::exit_reason.encoding).offset,
		   sizeof(vmcs12.exit_reason), &vmcs12.exit_reason);
	write_page(vcpu, vmcs12::evmcs_slot(f::exit_qualification.encoding).offset,
		   sizeof(vmcs12.exit_qualification), &vmcs12.exit_qualification);
}

void write_back_error(Vcpu &vcpu)
{
	u32 &error = vcpu.nested.vmcs12->instruction_error;

	if (vcpu.nested.has_evmcs() && find_saved_evmcs(vcpu))
		write_page(vcpu, vmcs12::evmcs_slot(f::instruction_error.encoding).offset,
			   sizeof(error), &error);
}

void drop_evmcs(Vcpu &vcpu)
{
	auto &evmcs = vcpu.nested.evmcs;

	evmcs.pending = evmcs.restored = false;
	evmcs.pointer = Nested::none;
}

bool find_saved_evmcs(Vcpu &vcpu)
{
	Nested &nested = vcpu.nested;

	if (!nested.evmcs.pending)
		return true;
	const VpAssist assist = read_vp_assist(vcpu);

	if (!assist.enlightened || !find_page(vcpu, assist.evmcs) || !fetch_head(vcpu))
		return false;
	// The image of a VMCS has no room for them.
	take_words(nested.evmcs);
	nested.evmcs.pending = false;
	nested.evmcs.pointer = assist.evmcs;
	return true;
}

bool read_evmcs(Vcpu &vcpu, vmcs12::Place place, u64 &value)
{
	const u16 slot = page::slot_of_member(place.offset);

	value = 0;
	return slot != vmcs12::no_slot && find_saved_evmcs(vcpu) &&
	       read_page(vcpu, slot, place.size, &value);
}

bool delegates_flushes(const Vcpu &vcpu)
{
	return vcpu.nested.has_evmcs() &&
	       vcpu.nested.evmcs.enlightenments & page::nested_flush_hypercall;
}

bool tells_of_msr_bitmap(const Vcpu &vcpu)
{
	return vcpu.nested.has_evmcs() &&
	       vcpu.nested.evmcs.enlightenments & page::enlightened_msr_bitmap;
}

} // namespace backend::nested
