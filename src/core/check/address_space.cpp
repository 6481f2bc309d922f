// SPDX-License-Identifier: GPL-2.0-only
#include "core/check/rows.hpp"

/// SDM, "Checks Related to Address-Space Size".
namespace vmx::check {

namespace {

bool outside_guest(const State &s, const Limits &)
{
	return s.now.ia32e || !s.ia32e();
}

bool outside_host(const State &s, const Limits &)
{
	return s.now.ia32e || !s.host_64bit();
}

bool inside_host(const State &s, const Limits &)
{
	return !s.now.ia32e || s.host_64bit();
}

bool guest_ia32e(const State &s, const Limits &)
{
	return s.host_64bit() || !s.ia32e();
}

bool pcide(const State &s, const Limits &)
{
	return s.host_64bit() || !(s.host.cr4 & cr4::pcide);
}

bool rip_high(const State &s, const Limits &)
{
	return s.host_64bit() || fits(s.host.rip, 32);
}

bool loads_cet(const State &s, bool host_64bit)
{
	return s.exit.has(exit::load_cet) && s.host_64bit() == host_64bit;
}

bool s_cet_high(const State &s, const Limits &)
{
	return !loads_cet(s, false) || fits(s.host.s_cet, 32);
}

bool ssp_high(const State &s, const Limits &)
{
	return !loads_cet(s, false) || fits(s.host.ssp, 32);
}

bool pae(const State &s, const Limits &)
{
	return !s.host_64bit() || s.host.cr4 & cr4::pae;
}

bool rip_canonical(const State &s, const Limits &l)
{
	return !s.host_64bit() || canonical(s.host.rip, l.linear_bits);
}

bool s_cet_canonical(const State &s, const Limits &l)
{
	return !loads_cet(s, true) || canonical(s.host.s_cet, l.linear_bits);
}

bool ssp_canonical(const State &s, const Limits &l)
{
	return !loads_cet(s, true) || canonical(s.host.ssp, l.linear_bits);
}

constexpr const char *section = "Checks Related to Address-Space Size";

// clang-format off
constexpr Check table[] = {
	{"host.address_space.outside_guest",   section, outside_guest},
	{"host.address_space.outside",         section, outside_host},
	{"host.address_space.inside",          section, inside_host},
	{"host.address_space.guest",           section, guest_ia32e},
	{"host.address_space.pcide",           section, pcide},
	{"host.address_space.rip_high",        section, rip_high},
	{"host.address_space.s_cet_high",      section, s_cet_high},
	{"host.address_space.ssp_high",        section, ssp_high},
	{"host.address_space.pae",             section, pae},
	{"host.address_space.rip_canonical",   section, rip_canonical},
	{"host.address_space.s_cet_canonical", section, s_cet_canonical},
	{"host.address_space.ssp_canonical",   section, ssp_canonical},
};
// clang-format on

} // namespace

VMX_DEFINE_GROUP(host, address_space, table)

} // namespace vmx::check
