// SPDX-License-Identifier: GPL-2.0-only
#include "check_states.hpp"

using namespace unit;

namespace {

// clang-format off
constexpr Row rows[] = {
	{"host.cr0.fixed",           long_mode, [](State &s) { s.host.cr0 &= ~cr0::ne; }},
	{"host.cr0.fixed",           long_mode, [](State &s) { s.host.cr0 |= bit(32); }},
	{"host.cr4.fixed",           long_mode, [](State &s) { s.host.cr4 &= ~cr4::vmxe; }},
	{"host.cr4.fixed",           long_mode, [](State &s) { s.host.cr4 |= bit(30); }},
	{"host.cr4.cet_needs_wp",    long_mode, [](State &s) { s.host.cr4 |= cr4::cet; s.host.cr0 &= ~cr0::wp; }},
	{"host.cr3.width",           long_mode, [](State &s) { s.host.cr3 = bit(46); }},
	{"host.sysenter_esp",        long_mode, [](State &s) { s.host.sysenter_esp = bit(47); }},
	{"host.sysenter_eip",        long_mode, [](State &s) { s.host.sysenter_eip = bit(63); }},
	{"host.perf_global_ctrl",    long_mode, [](State &s) { s.host.perf_global_ctrl = bit(8); }},
	{"host.pat.types",           long_mode, [](State &s) { s.host.pat = 0x0307040600070406; }},
	{"host.pat.types",           long_mode, [](State &s) { s.host.pat = 0x0007040680070406; }},
	{"host.efer.reserved",       long_mode, [](State &s) { s.host.efer |= bit(1); }},
	{"host.efer.lma",            long_mode, [](State &s) { s.host.efer &= ~efer::lma; }},
	{"host.efer.lme",            long_mode, [](State &s) { s.host.efer &= ~efer::lme; }},
	{"host.efer.lma",            host_32bit, [](State &s) { s.host.efer |= efer::lma; }},
	{"host.efer.lme",            host_32bit, [](State &s) { s.host.efer |= efer::lme; }},
	{"host.s_cet.reserved",      long_mode, [](State &s) { s.host.s_cet = bit(6); }},
	{"host.s_cet.reserved",      long_mode, [](State &s) { s.host.s_cet = bit(10) | bit(11); }},
	{"host.ssp.alignment",       long_mode, [](State &s) { s.host.ssp |= 2; }},
	{"host.interrupt_ssp_table", long_mode, [](State &s) { s.host.interrupt_ssp_table = bit(50); }},
	{"host.pkrs",                long_mode, [](State &s) { s.host.pkrs = bit(32); }},

	{"host.es.rpl_ti",           long_mode, [](State &s) { s.host.es = 1; }},
	{"host.cs.rpl_ti",           long_mode, [](State &s) { s.host.cs |= 3; }},
	{"host.ss.rpl_ti",           long_mode, [](State &s) { s.host.ss |= 4; }},
	{"host.ds.rpl_ti",           long_mode, [](State &s) { s.host.ds = 4; }},
	{"host.fs.rpl_ti",           long_mode, [](State &s) { s.host.fs = 2; }},
	{"host.gs.rpl_ti",           long_mode, [](State &s) { s.host.gs = 0x33; }},
	{"host.tr.rpl_ti",           long_mode, [](State &s) { s.host.tr |= 4; }},
	{"host.cs.null",             long_mode, [](State &s) { s.host.cs = 0; }},
	{"host.tr.null",             long_mode, [](State &s) { s.host.tr = 0; }},
	{"host.ss.null",             host_32bit, [](State &s) { s.host.ss = 0; }},
	{"host.fs.base",             long_mode, [](State &s) { s.host.fs_base = bit(47); }},
	{"host.gs.base",             long_mode, [](State &s) { s.host.gs_base = bit(47); }},
	{"host.gdtr.base",           long_mode, [](State &s) { s.host.gdtr_base = bit(47); }},
	{"host.idtr.base",           long_mode, [](State &s) { s.host.idtr_base = bit(47); }},
	{"host.tr.base",             long_mode, [](State &s) { s.host.tr_base = bit(47); }},

	// A 64-bit guest of a hypervisor outside of IA-32e mode has to do without a 64-bit host, too.
	{"host.address_space.outside_guest", host_32bit, [](State &s) {
		s.entry |= entry::ia32e_mode_guest; s.efer |= efer::lma | efer::lme; },
	 {"host.address_space.guest"}},
	{"host.address_space.outside", host_32bit, [](State &s) {
		s.exit |= exit::host_address_space_size; s.host.efer |= efer::lme | efer::lma; }},
	{"host.address_space.inside", host_32bit, [](State &s) { s.now.ia32e = true; }},
	{"host.address_space.guest", host_32bit, [](State &s) {
		s.entry |= entry::ia32e_mode_guest; s.efer |= efer::lma | efer::lme; },
	 {"host.address_space.outside_guest"}},
	{"host.address_space.pcide", host_32bit, [](State &s) { s.host.cr4 |= cr4::pcide; }},
	{"host.address_space.rip_high", host_32bit, [](State &s) { s.host.rip = bit(32); }},
	{"host.address_space.s_cet_high", host_32bit, [](State &s) { s.host.s_cet = bit(32); }},
	{"host.address_space.ssp_high", host_32bit, [](State &s) { s.host.ssp = bit(32); }},
	{"host.address_space.pae",   long_mode, [](State &s) { s.host.cr4 &= ~cr4::pae; }},
	{"host.address_space.rip_canonical", long_mode, [](State &s) { s.host.rip = bit(47); }},
	{"host.address_space.s_cet_canonical", long_mode, [](State &s) { s.host.s_cet = bit(47); }},
	{"host.address_space.ssp_canonical", long_mode, [](State &s) { s.host.ssp = bit(47); }},
};

struct BasicRow : Row {
	Verdict verdict;
};

constexpr BasicRow basics[] = {
	{{"entry.vmcs.shadow",       long_mode, [](State &s) { s.now.shadow = true; }}, Verdict::fail_invalid()},
	{{"entry.blocked_by_mov_ss", long_mode, [](State &s) { s.now.mov_ss = true; }}, Verdict::fail_valid(26)},
	{{"entry.vmlaunch.clear",    long_mode, [](State &s) { s.now.launched = true; }}, Verdict::fail_valid(4)},
	{{"entry.vmresume.launched", long_mode, [](State &s) { s.now.vmlaunch = false; }}, Verdict::fail_valid(5)},
};
// clang-format on

} // namespace

TEST(each_row_broken_once)
{
	constexpr u32 invalid_host_state = 8;

	for (const Row &row : rows)
		expect_row(test, row, Verdict::Kind::fail_valid, invalid_host_state);
	for (const BasicRow &row : basics)
		expect_row(test, row, row.verdict.kind, row.verdict.number);
}

TEST(each_check_has_a_row_here)
{
	for_each_group([&](const Checks &checks) {
		if (checks.area == Area::host)
			expect_all_in(test, checks, rows);
		if (checks.area == Area::basic)
			expect_all_in(test, checks, basics);
	});
}

TEST(good_hosts_pass)
{
	State &s = start(host_32bit);
	expect_good(test, s, "32-bit host");
	start(long_mode);
	s.now = {.launched = true, .ia32e = true};
	s.host.ss = 0;
	expect_good(test, s, "VMRESUME, SS null");
	start(tpr_shadow);
	expect_good(test, s, "TPR shadow");
	s.now.virtual_tpr = 0x10;
	s.now.has_virtual_tpr = false;
	expect_good(test, s, "unknown VTPR");
}

TEST(the_first_of_several_decides)
{
	State &s = start(long_mode);
	s.pdptes[0] = all_ones;
	s.rip = bit(48);
	s.host.cs = 0;
	s.vpid = 0;
	s.now.mov_ss = true;
	EXPECT_STRING(check_entry(s, limits).check->id, "entry.blocked_by_mov_ss");
	s.now.mov_ss = false;
	EXPECT_STRING(check_entry(s, limits).check->id, "controls.vpid.zero");
	EXPECT_STRING(check_area<Area::host>(s, limits).check->id, "host.cs.null");
	s.vpid = 1;
	EXPECT_STRING(check_entry(s, limits).check->id, "host.cs.null");
	s.host.cs = 8;
	EXPECT_STRING(check_entry(s, limits).check->id, "guest.rip.identical");
	EXPECT(!check_area<Area::controls>(s, limits));
}

TEST(verdicts)
{
	const auto verdict = [](auto spoil, State (*good)()) {
		State &s = start(good);
		spoil(s);
		return check_entry(s, limits).verdict();
	};
	constexpr u32 failed_entry = 1U << 31;

	EXPECT(verdict([](State &s) { s.pdptes[0] |= 2; }, protected_mode) ==
	       (Verdict{Verdict::Kind::exit, 33 | failed_entry, 2}));
	EXPECT(verdict([](State &s) { s.link_pointer = 1; }, long_mode) ==
	       (Verdict{Verdict::Kind::exit, 33 | failed_entry, 4}));
	EXPECT(verdict(
		       [](State &s) {
			       s.rflags |= rflags::if_;
			       s.interruptibility = interruptibility::sti;
			       s.event = Interruption::make(EventType::nmi, vector::nmi);
		       },
		       long_mode) == (Verdict{Verdict::Kind::exit, 33 | failed_entry, 3}));
	EXPECT(verdict([](State &s) { s.rflags = 0; }, long_mode) ==
	       (Verdict{Verdict::Kind::exit, 33 | failed_entry, 0}));
	EXPECT(Verdict::msr_loading(2) == (Verdict{Verdict::Kind::exit, 34 | failed_entry, 2}));
	EXPECT(verdict([](State &) {}, long_mode) == Verdict{});
}

TEST(ids_are_different)
{
	for_each_group([&](const Checks &a) {
		for (const Check &one : a)
			for_each_group([&](const Checks &b) {
				for (const Check &other : b)
					if (&one != &other && same(one.id, other.id))
						test.fail("twice", 0, one.id);
			});
	});
}

SUITE(check_host, each_row_broken_once, each_check_has_a_row_here, good_hosts_pass,
      the_first_of_several_decides, verdicts, ids_are_different);
