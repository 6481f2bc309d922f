// SPDX-License-Identifier: GPL-2.0-only
#include "core/check/check.hpp"

#include "unit.hpp"

using namespace vmx;
using namespace vmx::check;
using enum vmx::field::Segment;

namespace {

constexpr u64 all_ones = ~u64{0};

/// A Skylake.
constexpr Limits limits = {.cr0_fixed0 = 0x80000021,
			   .cr0_fixed1 = 0xffffffff,
			   .cr4_fixed0 = 0x2000,
			   .cr4_fixed1 = 0xf767ff,
			   .perf_global_ctrl = 0x70000000f,
			   .physical_bits = 46,
			   .linear_bits = 48};

/// 64-bit code at CPL 0, everything loaded that can be, on a CPU without unrestricted guest.
State long_mode()
{
	constexpr u32 code = 0xa09b, data = 0xc093, tss = 0x8b, table = 0x82;
	State s{};

	s.pin = pin::virtual_nmis;
	s.primary = primary::activate_secondary;
	s.secondary = secondary::enable_ept;
	s.entry = entry::load_debug_controls | entry::ia32e_mode_guest | entry::load_pat |
		  entry::load_efer | entry::load_perf_global_ctrl | entry::load_bndcfgs |
		  entry::load_cet | entry::load_pkrs | entry::load_uinv;
	s.cr0 = cr0::pg | cr0::ne | cr0::pe | cr0::wp;
	s.cr3 = 0x1000;
	s.cr4 = cr4::vmxe | cr4::pae;
	s.dr7 = 0x400;
	s.pat = 0x0007040600070406;
	s.efer = efer::lme | efer::lma | efer::sce;
	s.sysenter_esp = s.sysenter_eip = 0xffffffff80000000;
	for (SegmentState &segment : s.segments)
		segment = {.base = 0,
			   .limit = all_ones & 0xffffffff,
			   .rights = data,
			   .selector = 0x10};
	s[cs].rights = code;
	s[fs].base = 0x00007fffffffffff;
	s[ldtr] = {.base = 0xffff800000000000, .limit = 0xfff, .rights = table, .selector = 0x20};
	s[tr] = {.base = 0xffff800000001000, .limit = 0x67, .rights = tss, .selector = 0x40};
	s.gdtr_base = s.idtr_base = 0xfffffe0000000000;
	s.gdtr_limit = s.idtr_limit = 0xffff;
	s.rip = 0xffffffff81000000;
	s.ssp = 0xffffffff82000000;
	s.rflags = rflags::fixed;
	s.link_pointer = all_ones;
	return s;
}

/// A 32-bit guest with PAE paging.
State protected_mode()
{
	State s = long_mode();

	s.entry &= ~entry::ia32e_mode_guest;
	s.efer = 0;
	s[cs].rights = 0xc09b;
	s.rip = 0x1000;
	s.ssp = 0x2000;
	s.pdptes[0] = 0x1001;
	// Bits mean nothing where P is 0.
	s.pdptes[1] = all_ones - 1;
	return s;
}

State virtual_8086()
{
	State s = protected_mode();

	s.rflags |= rflags::vm;
	for (const auto which : {es, cs, ss, ds, fs, gs}) {
		const u16 selector = static_cast<u16>(0x1230 + static_cast<u32>(which));
		s[which] = {.base = u64{selector} << 4,
			    .limit = 0xffff,
			    .rights = 0xf3,
			    .selector = selector};
	}
	return s;
}

/// As after INIT, which only an unrestricted guest can be.
State real_mode()
{
	State s = protected_mode();

	s.secondary |= secondary::unrestricted_guest;
	s.cr0 = cr0::ne;
	s.cr4 = cr4::vmxe;
	for (const auto which : {es, ss, ds, fs, gs})
		s[which] = {.base = 0, .limit = 0xffff, .rights = 0x93, .selector = 0};
	s[cs] = {.base = 0xffff0000, .limit = 0xffff, .rights = 0x9b, .selector = 0xf000};
	s.rip = 0xfff0;
	return s;
}

void unusable(State &s, field::Segment which)
{
	s[which].rights = rights::unusable;
}

struct Row {
	const char *id;
	State (*good)();
	void (*spoil)(State &s);
};

// A segment's rows, spoilt the same way for each register.
#define SEGMENT_ROW(id, which, good, statement)                                                    \
	{                                                                                          \
		"guest." #which "." id, good, [](State &s) {                                       \
			auto &it = s[which];                                                       \
			statement;                                                                 \
		}                                                                                  \
	}
#define ALL_SIX(id, good, statement)                                                               \
	SEGMENT_ROW(id, cs, good, statement), SEGMENT_ROW(id, ss, good, statement),                \
		SEGMENT_ROW(id, ds, good, statement), SEGMENT_ROW(id, es, good, statement),        \
		SEGMENT_ROW(id, fs, good, statement), SEGMENT_ROW(id, gs, good, statement)
#define DATA_FOUR(id, good, statement)                                                             \
	SEGMENT_ROW(id, ds, good, statement), SEGMENT_ROW(id, es, good, statement),                \
		SEGMENT_ROW(id, fs, good, statement), SEGMENT_ROW(id, gs, good, statement)
#define LOW_FOUR(id, good, statement)                                                              \
	SEGMENT_ROW(id, cs, good, statement), SEGMENT_ROW(id, ss, good, statement),                \
		SEGMENT_ROW(id, ds, good, statement), SEGMENT_ROW(id, es, good, statement)

// clang-format off
constexpr Row rows[] = {
	{"guest.cr0.fixed",           long_mode, [](State &s) { s.cr0 &= ~cr0::ne; }},
	{"guest.cr0.fixed",           long_mode, [](State &s) { s.cr0 |= bit(32); }},
	{"guest.cr0.pg_needs_pe",     real_mode, [](State &s) { s.cr0 |= cr0::pg; }},
	{"guest.cr4.fixed",           long_mode, [](State &s) { s.cr4 &= ~cr4::vmxe; }},
	{"guest.cr4.fixed",           long_mode, [](State &s) { s.cr4 |= bit(30); }},
	{"guest.cr4.cet_needs_wp",    long_mode, [](State &s) { s.cr4 |= cr4::cet; s.cr0 &= ~cr0::wp; }},
	{"guest.debugctl.reserved",   long_mode, [](State &s) { s.debugctl = bit(3); }},
	{"guest.ia32e.needs_pg",      long_mode, [](State &s) { s.cr0 &= ~cr0::pg; }},
	{"guest.ia32e.needs_pae",     long_mode, [](State &s) { s.cr4 &= ~cr4::pae; }},
	{"guest.cr4.pcide",           protected_mode, [](State &s) { s.cr4 |= cr4::pcide; }},
	{"guest.cr3.width",           long_mode, [](State &s) { s.cr3 = bit(46); }},
	{"guest.dr7.high",            long_mode, [](State &s) { s.dr7 |= bit(32); }},
	{"guest.sysenter_esp",        long_mode, [](State &s) { s.sysenter_esp = bit(47); }},
	{"guest.sysenter_eip",        long_mode, [](State &s) { s.sysenter_eip = bit(63); }},
	{"guest.s_cet",               long_mode, [](State &s) { s.s_cet = bit(6); }},
	{"guest.s_cet",               long_mode, [](State &s) { s.s_cet = bit(10) | bit(11); }},
	{"guest.interrupt_ssp_table", long_mode, [](State &s) { s.interrupt_ssp_table = bit(50); }},
	{"guest.perf_global_ctrl",    long_mode, [](State &s) { s.perf_global_ctrl = bit(8); }},
	{"guest.pat.types",           long_mode, [](State &s) { s.pat = 0x0207040600070406; }},
	{"guest.pat.types",           long_mode, [](State &s) { s.pat = 0x0007040600070408; }},
	{"guest.efer.reserved",       long_mode, [](State &s) { s.efer |= bit(1); }},
	{"guest.efer.lma",            long_mode, [](State &s) { s.efer &= ~efer::lma; }},
	{"guest.efer.lme",            long_mode, [](State &s) { s.efer &= ~efer::lme; }},
	{"guest.bndcfgs",             long_mode, [](State &s) { s.bndcfgs = bit(2); }},
	{"guest.uinv",                long_mode, [](State &s) { s.uinv = 0x100; }},
	{"guest.pkrs",                long_mode, [](State &s) { s.pkrs = bit(32); }},

	{"guest.tr.ti",               long_mode, [](State &s) { s[tr].selector |= 4; }},
	{"guest.ldtr.ti",             long_mode, [](State &s) { s[ldtr].selector |= 4; }},
	{"guest.ss.rpl",              long_mode, [](State &s) { s[ss].selector |= 3; }},
	ALL_SIX("base_8086",          virtual_8086, it.base++),
	SEGMENT_ROW("base", tr,       long_mode, it.base = bit(47)),
	SEGMENT_ROW("base", fs,       long_mode, it.base = bit(47); it.rights = rights::unusable),
	SEGMENT_ROW("base", gs,       long_mode, it.base = bit(47)),
	SEGMENT_ROW("base", ldtr,     long_mode, it.base = bit(47)),
	LOW_FOUR("base",              long_mode, it.base = bit(32)),
	ALL_SIX("limit_8086",         virtual_8086, it.limit--),
	ALL_SIX("rights_8086",        virtual_8086, it.rights = 0x93),
	SEGMENT_ROW("type", cs,       long_mode, it.rights &= ~1U),
	SEGMENT_ROW("type", cs,       protected_mode, it.rights = 0xc093),
	SEGMENT_ROW("type", ss,       long_mode, it.rights = 0xc091),
	DATA_FOUR("type",             long_mode, it.rights = 0xc092),
	DATA_FOUR("type",             long_mode, it.rights = 0xc099),
	ALL_SIX("s",                  long_mode, it.rights &= ~rights::s),
	SEGMENT_ROW("dpl", cs,        long_mode, it.rights |= 0x20),
	SEGMENT_ROW("dpl", cs,        long_mode, it.rights |= 0x24),
	SEGMENT_ROW("dpl", cs,        real_mode, it.rights = 0xb3),
	SEGMENT_ROW("dpl_is_rpl", ss, long_mode, it.rights |= 0x60),
	SEGMENT_ROW("dpl_is_0", ss,   real_mode, it.rights |= 0x60),
	DATA_FOUR("dpl",              long_mode, it.selector |= 3),
	ALL_SIX("present",            long_mode, it.rights &= ~rights::p),
	ALL_SIX("reserved",           long_mode, it.rights |= bit(8)),
	ALL_SIX("reserved",           long_mode, it.rights |= bit(17)),
	{"guest.cs.db",               long_mode, [](State &s) { s[cs].rights |= rights::db; }},
	ALL_SIX("granularity",        long_mode, it.limit &= ~0x800U),
	ALL_SIX("granularity",        long_mode, it.rights &= ~rights::g),
	SEGMENT_ROW("type", tr,       long_mode, it.rights = 0x83),
	SEGMENT_ROW("type", tr,       protected_mode, it.rights = 0x89),
	SEGMENT_ROW("s", tr,          long_mode, it.rights |= rights::s),
	SEGMENT_ROW("present", tr,    long_mode, it.rights &= ~rights::p),
	SEGMENT_ROW("reserved", tr,   long_mode, it.rights |= bit(11)),
	SEGMENT_ROW("granularity", tr, long_mode, it.rights |= rights::g),
	SEGMENT_ROW("usable", tr,     long_mode, it.rights |= rights::unusable),
	SEGMENT_ROW("type", ldtr,     long_mode, it.rights |= 1),
	SEGMENT_ROW("s", ldtr,        long_mode, it.rights |= rights::s),
	SEGMENT_ROW("present", ldtr,  long_mode, it.rights &= ~rights::p),
	SEGMENT_ROW("reserved", ldtr, long_mode, it.rights |= bit(31)),
	SEGMENT_ROW("granularity", ldtr, long_mode, it.limit = 1U << 20),

	{"guest.gdtr.base",           long_mode, [](State &s) { s.gdtr_base = bit(47); }},
	{"guest.idtr.base",           long_mode, [](State &s) { s.idtr_base = bit(47); }},
	{"guest.gdtr.limit",          long_mode, [](State &s) { s.gdtr_limit = 0x10000; }},
	{"guest.idtr.limit",          long_mode, [](State &s) { s.idtr_limit = 0x10000; }},

	{"guest.rip.high",            protected_mode, [](State &s) { s.rip = bit(32); }},
	{"guest.rip.identical",       long_mode, [](State &s) { s.rip = bit(48); }},
	{"guest.rflags.reserved",     long_mode, [](State &s) { s.rflags = 0; }},
	{"guest.rflags.reserved",     long_mode, [](State &s) { s.rflags |= bit(22); }},
	{"guest.rflags.reserved",     long_mode, [](State &s) { s.rflags |= bit(15); }},
	{"guest.rflags.vm",           long_mode, [](State &s) { s.rflags |= rflags::vm; }},
	{"guest.rflags.vm",           real_mode, [](State &s) { s.rflags |= rflags::vm; }},
	{"guest.rflags.if",           long_mode, [](State &s) {
		s.event = Interruption::make(EventType::external_interrupt, 0x20); }},
	{"guest.ssp",                 long_mode, [](State &s) { s.ssp |= 2; }},
	{"guest.ssp",                 protected_mode, [](State &s) { s.ssp = bit(32); }},

	{"guest.activity.known",      long_mode, [](State &s) { s.activity = 4; }},
	{"guest.activity.hlt_privilege", long_mode, [](State &s) {
		s.activity = 1; s[ss].rights |= 0x60; s[ss].selector |= 3; s[cs].selector |= 3; }},
	{"guest.activity.blocking",   long_mode, [](State &s) {
		s.activity = 1; s.rflags |= rflags::if_; s.interruptibility = interruptibility::sti; }},
	{"guest.activity.event",      long_mode, [](State &s) {
		s.activity = 1; s.event = Interruption::make(EventType::hardware_exception, vector::gp, true); }},
	{"guest.activity.event",      long_mode, [](State &s) {
		s.activity = 2; s.event = Interruption::make(EventType::hardware_exception, vector::db); }},
	{"guest.activity.event",      long_mode, [](State &s) {
		s.activity = 3; s.event = Interruption::make(EventType::nmi, vector::nmi); }},
	{"guest.activity.smm",        long_mode, [](State &s) {
		s.activity = 3; s.entry |= entry::entry_to_smm; s.interruptibility = interruptibility::smi; }},
	{"guest.interruptibility.reserved", long_mode, [](State &s) { s.interruptibility = 32; }},
	{"guest.interruptibility.sti_or_mov_ss", long_mode, [](State &s) {
		s.rflags |= rflags::if_; s.interruptibility = 3; }},
	{"guest.interruptibility.sti_needs_if", long_mode, [](State &s) {
		s.interruptibility = interruptibility::sti; }},
	{"guest.interruptibility.interrupt", long_mode, [](State &s) {
		s.rflags |= rflags::if_; s.interruptibility = interruptibility::mov_ss;
		s.event = Interruption::make(EventType::external_interrupt, 0x20); }},
	{"guest.interruptibility.nmi_mov_ss", long_mode, [](State &s) {
		s.interruptibility = interruptibility::mov_ss;
		s.event = Interruption::make(EventType::nmi, vector::nmi); }},
	{"guest.interruptibility.smi", long_mode, [](State &s) { s.interruptibility = interruptibility::smi; }},
	{"guest.interruptibility.smi", long_mode, [](State &s) { s.entry |= entry::entry_to_smm; }},
	{"guest.interruptibility.nmi_sti", long_mode, [](State &s) {
		s.rflags |= rflags::if_; s.interruptibility = interruptibility::sti;
		s.event = Interruption::make(EventType::nmi, vector::nmi); }},
	{"guest.interruptibility.nmi", long_mode, [](State &s) {
		s.interruptibility = interruptibility::nmi;
		s.event = Interruption::make(EventType::nmi, vector::nmi); }},
	{"guest.interruptibility.enclave", long_mode, [](State &s) {
		s.interruptibility = interruptibility::enclave; }},
	{"guest.pending_debug.reserved", long_mode, [](State &s) { s.pending_debug = bit(4); }},
	{"guest.pending_debug.reserved", long_mode, [](State &s) { s.pending_debug = bit(11); }},
	{"guest.pending_debug.reserved", long_mode, [](State &s) { s.pending_debug = bit(17); }},
	{"guest.pending_debug.single_step", long_mode, [](State &s) {
		s.rflags |= rflags::if_ | rflags::tf; s.interruptibility = interruptibility::sti; }},
	{"guest.pending_debug.single_step", long_mode, [](State &s) {
		s.interruptibility = interruptibility::mov_ss; s.pending_debug = dr6::bs; }},
	{"guest.pending_debug.rtm",   long_mode, [](State &s) { s.pending_debug = bit(16) | bit(12); }},
	{"guest.link_pointer.alignment", long_mode, [](State &s) { s.link_pointer = 0x1001; }},
	{"guest.link_pointer.width",  long_mode, [](State &s) { s.link_pointer = bit(46); }},

	{"guest.pdptes.reserved",     protected_mode, [](State &s) { s.pdptes[3] = 3; }},
	{"guest.pdptes.reserved",     protected_mode, [](State &s) { s.pdptes[3] = 1 | bit(46); }},
};
// clang-format on

/// What does not hold, by id: the expected one, and how many besides.
struct Found {
	bool expected;
	unsigned others;
	const char *other;
};

Found violations(const State &s, const char *expected, const Limits &l = limits)
{
	Found result{};

	find_violations(s, l, [&](const Check &check) {
		if (unit::same(check.id, expected))
			result.expected = true;
		else
			result.other = check.id, result.others++;
	});
	return result;
}

void expect_good(unit::Test &test, const State &s, const char *name, const Limits &l = limits)
{
	const Found found = violations(s, "", l);
	unit::Text text;

	if (!found.others)
		return;
	text << name << ": " << found.other << " does not hold";
	test.fail(__FILE__, __LINE__, text.c_str());
}

} // namespace

TEST(good_states_pass)
{
	expect_good(test, long_mode(), "64-bit mode");
	expect_good(test, protected_mode(), "protected mode");
	expect_good(test, virtual_8086(), "virtual-8086 mode");
	expect_good(test, real_mode(), "real mode");
}

TEST(each_row_broken_once)
{
	for (const Row &row : rows) {
		State s = row.good();
		row.spoil(s);
		if (violations(s, row.id).expected)
			continue;
		unit::Text text;
		text << row.id << " holds in a state that it must refuse";
		test.fail(__FILE__, __LINE__, text.c_str());
	}
}

TEST(each_check_has_a_row_here)
{
	for (const Checks &checks :
	     {control_register_checks(), segment_checks(), descriptor_table_checks(),
	      rip_rflags_checks(), non_register_checks(), pdpte_checks()}) {
		for (const Check &check : checks) {
			bool found = false;
			for (const Row &row : rows)
				found |= unit::same(row.id, check.id);
			if (!found)
				test.fail(__FILE__, __LINE__, check.id);
		}
	}
}

TEST(what_is_not_loaded_is_not_checked)
{
	State s = long_mode();

	s.entry = entry::ia32e_mode_guest;
	s.debugctl = s.dr7 = s.pat = s.efer = s.perf_global_ctrl = s.bndcfgs = s.pkrs = s.s_cet =
		s.interrupt_ssp_table = s.ssp = all_ones;
	s.uinv = 0xffff;
	expect_good(test, s, "nothing loaded");
}

TEST(unusable_segments_are_not_checked)
{
	State s = long_mode();

	for (const auto which : {es, ss, ds, ldtr})
		s[which] = {.base = all_ones,
			    .limit = 1U << 20,
			    .rights = rights::unusable,
			    .selector = 4};
	s[ss].selector = 0;
	expect_good(test, s, "unusable ES, SS, DS, LDTR");
	unusable(s, gs);
	s[gs].limit = 1U << 20;
	expect_good(test, s, "unusable GS with a base");
}

TEST(what_a_cpu_adds)
{
	Limits l = limits;
	State s = long_mode();

	l.sgx = l.rtm = l.bus_lock_detect = true;
	l.linear_bits = 57;
	s.interruptibility = interruptibility::enclave;
	s.pending_debug = bit(11);
	s.gdtr_base = bit(55);
	expect_good(test, s, "SGX, bus locks, 57 bits", l);
	s.pending_debug = bit(16) | bit(12);
	expect_good(test, s, "RTM", l);
}

TEST(states_between_instructions)
{
	State s = long_mode();

	s.activity = static_cast<u32>(Activity::hlt);
	s.event = Interruption::make(EventType::hardware_exception, vector::mc);
	expect_good(test, s, "#MC into HLT");
	s.event = Interruption::make(EventType::other, 0);
	expect_good(test, s, "a pending monitor trap into HLT");
	s = long_mode();
	s.rflags |= rflags::if_ | rflags::tf;
	s.interruptibility = interruptibility::sti;
	s.pending_debug = dr6::bs;
	expect_good(test, s, "a single step in the shadow of STI");
	s.debugctl = debugctl::btf;
	s.pending_debug = 0;
	expect_good(test, s, "stepping on branches in the shadow of STI");
	s = long_mode();
	s.link_pointer = 0x5000;
	expect_good(test, s, "a linked VMCS");
}

TEST(state_is_read_from_a_vmcs)
{
	// Every field's value is its encoding; VM-entry controls do not exist.
	const VmcsSource source = {[](void *, u32 encoding, u64 &value) {
		value = encoding;
		return encoding != field::entry_controls.encoding;
	}};
	const State s = read_state(source);

	EXPECT_EQ(s.entry, Entry{});
	EXPECT_EQ(s.secondary, Secondary{});
	EXPECT_EQ(s[tr].selector, 0x80e);
	EXPECT_EQ(s[tr].limit, 0x480eu);
	EXPECT_EQ(s[tr].rights, 0x4822u);
	EXPECT_EQ(s[tr].base, 0x6814u);
	EXPECT_EQ(s[es].selector, 0x800);
	EXPECT_EQ(s.rip, 0x681eu);
	EXPECT_EQ(s.pdptes[3], 0x2810u);
	EXPECT_EQ(s.link_pointer, 0x2800u);
}

SUITE(check_guest, good_states_pass, each_row_broken_once, each_check_has_a_row_here,
      what_is_not_loaded_is_not_checked, unusable_segments_are_not_checked, what_a_cpu_adds,
      states_between_instructions, state_is_read_from_a_vmcs);
