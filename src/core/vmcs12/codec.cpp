// SPDX-License-Identifier: GPL-2.0-only
#include "core/vmcs12/codec.hpp"

#include "core/vmcs12/copy.hpp"

namespace vmx::vmcs12 {

namespace {

constexpr auto every = [](const Row &) { return true; };

constexpr Runs<Layout::legacy> legacy{every};
constexpr Runs<Layout::enlightened> enlightened{every};

} // namespace

u32 read_revision_word(const u8 *region)
{
	u32 word;

	__builtin_memcpy(&word, region, sizeof(word));
	return word;
}

void write_revision_word(u8 *region, u32 word)
{
	__builtin_memcpy(region, &word, sizeof(word));
}

void decode(Revision revision, const u8 *region, Vmcs12 &to)
{
	if (revision == Revision::legacy)
		load<legacy>(to, region);
	else
		load<enlightened>(to, region);
}

void encode(Revision revision, const Vmcs12 &from, u8 *region)
{
	if (revision == Revision::legacy)
		store<legacy>(from, region);
	else
		store<enlightened>(from, region);
}

} // namespace vmx::vmcs12
