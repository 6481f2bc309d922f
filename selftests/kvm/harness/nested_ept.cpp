// SPDX-License-Identifier: GPL-2.0-only
#include "nested_ept.hpp"

namespace kvm {

namespace {

constexpr std::uint32_t pdpt_page = 1, directory_page = 2, table_page = 6;

} // namespace

Ept::Ept(const L1 &l1, std::uint32_t address) : vm_(l1.vm()), address_(address)
{
	pml4() = (address_ + pdpt_page * page_size) | all;
	for (std::uint64_t gib = 0; gib < 4; gib++)
		pdpt(gib << 30) = (address_ + (directory_page + gib) * page_size) | all;
	for (std::uint64_t i = 0; i < 4 * 512; i++)
		directory(i << 21) = i << 21 | all | write_back | large;
	directory(0) = (address_ + table_page * page_size) | all;
	for (std::uint64_t i = 0; i < 512; i++)
		page(i << 12) = i << 12 | all | write_back;
}

volatile std::uint64_t &Ept::page(std::uint64_t gpa) const
{
	return vm_.at<std::uint64_t>(address_ + table_page * page_size + (gpa >> 12) * 8);
}

volatile std::uint64_t &Ept::directory(std::uint64_t gpa) const
{
	return vm_.at<std::uint64_t>(address_ + directory_page * page_size + (gpa >> 21) * 8);
}

volatile std::uint64_t &Ept::pdpt(std::uint64_t gpa) const
{
	return vm_.at<std::uint64_t>(address_ + pdpt_page * page_size + (gpa >> 30) * 8);
}

volatile std::uint64_t &Ept::pml4() const
{
	return vm_.at<std::uint64_t>(address_);
}

void use(L1 &l1, const Ept &ept)
{
	l1.set(vmx::secondary::enable_ept);
	l1.write(vmx::field::ept_pointer, ept.pointer());
}

} // namespace kvm
