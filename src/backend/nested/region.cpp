// SPDX-License-Identifier: GPL-2.0-only
#include "backend/nested/region.hpp"

#include "backend/nested/shadowing.hpp"
#include "core/nested/saved_state.hpp"
#include "kernel/user.hpp"

namespace backend::nested {

namespace {

/// Of the launch state in a region, bytes.
consteval u16 launch_state_slot(vmcs12::Layout layout)
{
	for (const vmcs12::Row &row : vmcs12::rows)
		if (row.member == offsetof(Vmcs12, launch_state))
			return slot(row, layout);
	return vmcs12::no_slot;
}

constexpr u16 launch_state_slot(vmcs12::Revision revision)
{
	using vmcs12::Layout;

	return revision == vmcs12::Revision::legacy ? launch_state_slot(Layout::legacy)
						    : launch_state_slot(Layout::enlightened);
}
static_assert(launch_state_slot(vmcs12::Revision::legacy) == 8);

int read_guest(Vcpu &vcpu, u64 address, void *to, u32 size)
{
	return kernel::kvm_vcpu_read_guest(&vcpu.kvm, address, to, size);
}

/// Into memory, over what `region` has between the fields.
void write_back(Vcpu &vcpu, u64 address, u32 word, const Vmcs12 &from, u8 *region)
{
	const auto revision = vmcs12::revision_of(word);

	vmcs12::write_revision_word(region, word);
	vmcs12::encode(revision, from, region);
	kernel::kvm_vcpu_write_guest(&vcpu.kvm, address, region, vmcs12::size_of(revision));
}

} // namespace

bool is_region_address(const Vcpu &vcpu, u64 address)
{
	return vmx::nested::is_region_address(address, static_cast<u8>(vcpu.kvm.arch.maxphyaddr));
}

bool read_word(Vcpu &vcpu, u64 address, u32 &word)
{
	return !read_guest(vcpu, address, &word, sizeof(word));
}

bool load(Vcpu &vcpu, u64 address, u32 &word, Vmcs12 &to)
{
	u8 *region = vcpu.nested.region;

	if (fetch(region, word, [&](u8 *to, u32 offset, u32 size) {
		    return read_guest(vcpu, address + offset, to, size);
	    }))
		return false;
	vmcs12::decode(vmcs12::revision_of(word), region, to);
	return true;
}

void store(Vcpu &vcpu, u64 address, u32 word, const Vmcs12 &from)
{
	u8 *region = vcpu.nested.region;

	// What lies between the fields is L1's.
	if (!read_guest(vcpu, address, region, vmcs12::size_of(vmcs12::revision_of(word))))
		write_back(vcpu, address, word, from, region);
}

void clear(Vcpu &vcpu, u64 address)
{
	// Both words are of one page, which is looked up once.
	const u64 page = address >> 12;
	const unsigned long memory = kernel::kvm_vcpu_gfn_to_hva(&vcpu.kvm, page);
	u32 word;

	// In a region that no VMCS has ever been in there is nothing to clear.
	if (kernel::is_error_address(memory) || kernel::read_user_word(memory, word) ||
	    !vmcs12::known_revision(word))
		return;
	if (!kernel::write_user_word(memory + launch_state_slot(vmcs12::revision_of(word)), 0))
		kernel::kvm_vcpu_mark_page_dirty(&vcpu.kvm, page);
}

void release_current(Vcpu &vcpu)
{
	Nested &nested = vcpu.nested;

	if (nested.pointer == Nested::none)
		return;
	take_from_shadow(vcpu);
	turn_shadowing_off(vcpu);
	write_back(vcpu, nested.pointer, nested.revision_word, *nested.vmcs12,
		   nested.current_region);
	nested.pointer = Nested::none;
}

void keep_region(Vcpu &vcpu)
{
	Nested &nested = vcpu.nested;
	u8 *const other = nested.current_region;

	nested.current_region = nested.region;
	nested.region = other;
}

} // namespace backend::nested
