// SPDX-License-Identifier: GPL-2.0-only
#include "backend/nested/msr_bitmap.hpp"

#include "backend/nested/evmcs.hpp"
#include "backend/nested/guest_mode.hpp"
#include "backend/vcpu/msr_passthrough.hpp"
#include "core/apic/x2apic_msrs.hpp"

namespace backend::nested {

namespace {

using Access = hw::MsrBitmap::Access;

constexpr u32 most_words = 8;

/// Where there is no memory the cache has none either, and looks again when memory slots change:
/// for this address, which kvm.ko's function keeps only if there is memory.
void find_bitmap(Vcpu &vcpu)
{
	auto &cache = vcpu.nested.msr_bitmap12;

	cache.gpa = vcpu.nested.vmcs12->msr_bitmap;
	cache.len = sizeof(hw::MsrBitmap);
	(void)kernel::kvm_gfn_to_hva_cache_init(vcpu.kvm.kvm, &cache, cache.gpa, cache.len);
}

/// Words of L1's bitmap as they are now, read once. Memory that is not there intercepts.
void read_words(Vcpu &vcpu, u32 first, u32 count, u64 *words)
{
	if (!kernel::kvm_read_guest_offset_cached(vcpu.kvm.kvm, &vcpu.nested.msr_bitmap12, words,
						  first * sizeof(u64), count * sizeof(u64)))
		return;
	for (u32 i = 0; i < count; ++i)
		words[i] = ~u64{0};
}

void merge_words(Vcpu &vcpu, u32 first, u32 count)
{
	hw::MsrBitmap &merged = *vcpu.nested.msr_bitmap;
	u64 words[most_words];

	read_words(vcpu, first, count, words);
	for (u32 i = 0; i < count; ++i)
		merged.set_word(first + i, vcpu.msr_bitmap->word(first + i) | words[i]);
}

/// With a virtual APIC of its own L2 may have the registers that the CPU virtualizes. L1's, which
/// L0's bitmap is about, it may never have.
void merge_x2apic(Vcpu &vcpu)
{
	constexpr u32 words = apic::x2apic_msr_count / 64;
	static_assert(words <= most_words);
	hw::MsrBitmap &merged = *vcpu.nested.msr_bitmap;
	const bool own = secondary12(vcpu).has(secondary::virtualize_x2apic);
	const bool registers =
		own && secondary12(vcpu).has(secondary::apic_register_virtualization);
	const bool delivery = own && secondary12(vcpu).has(secondary::virtual_interrupt_delivery);
	u64 reads[words];

	if (registers)
		read_words(vcpu, apic::x2apic_msrs / 64, words, reads);
	for (u32 i = 0; i < words; ++i) {
		const u32 at = apic::x2apic_msrs / 64 + i;

		merged.set_word(at, registers ? reads[i] : ~u64{0});
		merged.set_word(at + hw::MsrBitmap::write_words, ~u64{0});
	}

	auto allow = [&](u16 offset, Access access) {
		const u32 index = apic::x2apic_msrs + offset / 16;

		if (!l1_intercepts_msr(vcpu, index, access))
			merged.set(index, access, false);
	};

	if (own) {
		allow(apic::tpr, Access::read);
		allow(apic::tpr, Access::write);
	}
	if (delivery) {
		allow(apic::eoi, Access::write);
		allow(apic::self_ipi, Access::write);
	}
}

} // namespace

void merge_msr_bitmap(Vcpu &vcpu)
{
	if (!primary12(vcpu).has(primary::use_msr_bitmaps) || !vcpu.msr_bitmap)
		return;
	const bool changed = vcpu.nested.dirty & (dirty_controls | dirty_msr_bitmap);

	if (!changed && tells_of_msr_bitmap(vcpu))
		return;
	if (changed)
		find_bitmap(vcpu);
	// L0 lets go of few MSRs, all in a few words; the rest of the merged one is and stays ones.
	for (const BitmapWords &range : passthrough_words) {
		merge_words(vcpu, range.first, range.count);
		merge_words(vcpu, range.first + hw::MsrBitmap::write_words, range.count);
	}
	merge_x2apic(vcpu);
}

bool bit_in_guest(Vcpu &vcpu, u64 bitmap, u32 number)
{
	u8 byte;

	return kernel::kvm_vcpu_read_guest(&vcpu.kvm, bitmap + number / 8, &byte, 1) ||
	       byte >> (number % 8) & 1;
}

bool l1_intercepts_msr(Vcpu &vcpu, u32 msr, Access access)
{
	if (!primary12(vcpu).has(primary::use_msr_bitmaps))
		return true;
	const int at = hw::MsrBitmap::index(msr, access);

	return at < 0 || bit_in_guest(vcpu, vcpu.nested.vmcs12->msr_bitmap, static_cast<u32>(at));
}

} // namespace backend::nested
