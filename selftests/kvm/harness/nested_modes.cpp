// SPDX-License-Identifier: GPL-2.0-only
#include "nested_modes.hpp"

namespace kvm {

namespace field = vmx::field;

void write_segment(L1 &l1, field::Segment which, std::uint16_t selector, std::uint64_t base,
		   std::uint32_t limit, std::uint32_t rights)
{
	const std::uint32_t offset = static_cast<std::uint32_t>(which) * 2;
	l1.write_field(field::guest_es_selector.encoding + offset, selector);
	l1.write_field(field::guest_es_base.encoding + offset, base);
	l1.write_field(field::guest_es_limit.encoding + offset, limit);
	l1.write_field(field::guest_es_access_rights.encoding + offset, rights);
}

void leave_long_mode(L1 &l1)
{
	constexpr std::uint64_t directories = page_tables_address + 2 * page_size;
	for (std::uint64_t i = 0; i < 4; i++)
		l1.at<std::uint64_t>(pae_tables + i * 8) = (directories + i * page_size) | 1;
	l1.write(field::guest_cr3, pae_tables);
	l1.clear(vmx::entry::ia32e_mode_guest);
	l1.write(field::guest_cs_access_rights, 0xc09b);
	l1.write(field::guest_cs_selector, selector_code32);
}

void use_legacy_paging(L1 &l1)
{
	constexpr std::uint32_t present_writable_user_large = 0x87;
	for (std::uint32_t i = 0; i < 1024; i++)
		l1.at<std::uint32_t>(legacy_tables + i * 4) = i << 22 | present_writable_user_large;
	l1.write(field::guest_cr3, legacy_tables);
	l1.write(field::guest_cr4, (l1.read(field::guest_cr4) & ~cr4_pae) | cr4_pse);
}

void use_no_paging(L1 &l1, const Ept &ept)
{
	use(l1, ept);
	l1.set(vmx::secondary::unrestricted_guest);
	l1.write(field::guest_cr0, l1.read(field::guest_cr0) & ~cr0_pg);
	l1.write(field::guest_cr4, l1.read(field::guest_cr4) & ~cr4_pae);
}

void enter_real_mode(L1 &l1, const Ept &ept)
{
	leave_long_mode(l1);
	use_no_paging(l1, ept);
	l1.write(field::guest_cr0, l1.read(field::guest_cr0) & ~cr0_pe);
	using enum field::Segment;
	for (const field::Segment which : {es, ss, ds, fs, gs})
		write_segment(l1, which, 0, 0, 0xffff, 0x93);
	write_segment(l1, cs, l2_code_address >> 4, l2_code_address, 0xffff, 0x9b);
	l1.write(field::guest_rip, 0);
	l1.write(field::guest_rsp, 0x8000);
}

void free_msrs(L1 &l1)
{
	l1.set(vmx::primary::use_msr_bitmaps);
	l1.write(field::msr_bitmap, msr_bitmap_address);
}

} // namespace kvm
