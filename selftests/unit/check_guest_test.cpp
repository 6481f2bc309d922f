// SPDX-License-Identifier: GPL-2.0-only
#include "check_states.hpp"
#include "core/vmcs12/lookup.hpp"

using namespace unit;

namespace {

void unusable(State &s, field::Segment which)
{
	s[which].rights = rights::unusable;
}

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
	{"guest.ia32e.needs_pg",      long_mode, [](State &s) {
		s.secondary |= secondary::unrestricted_guest; s.cr0 &= ~cr0::pg; }},
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
	{"guest.efer.lma",            long_mode, [](State &s) { s.efer &= ~(efer::lma | efer::lme); }},
	{"guest.efer.lme",            long_mode, [](State &s) { s.efer &= ~efer::lme; }},
	{"guest.bndcfgs",             long_mode, [](State &s) { s.bndcfgs = bit(2); }},
	{"guest.rtit_ctl.reserved",   long_mode, [](State &s) { s.rtit_ctl = bit(16); }},
	{"guest.lbr_ctl.reserved",    long_mode, [](State &s) { s.lbr_ctl = bit(4); }},
	{"guest.uinv",                long_mode, [](State &s) { s.uinv = 0x100; }},
	{"guest.pkrs",                long_mode, [](State &s) { s.pkrs = bit(32); }},

	{"guest.tr.ti",               long_mode, [](State &s) { s[tr].selector |= 4; }},
	{"guest.ldtr.ti",             long_mode, [](State &s) { s[ldtr].selector |= 4; }},
	{"guest.ss.rpl",              long_mode, [](State &s) { s[cs].selector |= 3; }},
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
	SEGMENT_ROW("dpl_is_rpl", ss, long_mode, it.rights |= 0x60; s[cs].rights |= 4),
	SEGMENT_ROW("dpl_is_0", ss,   real_mode, it.rights |= 0x60; s[cs].rights |= 4),
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
	{"guest.rflags.vm",           virtual_8086, [](State &s) {
		s.entry |= entry::ia32e_mode_guest; s.efer = efer::lma | efer::lme; }},
	{"guest.rflags.vm",           virtual_8086, [](State &s) {
		s.secondary |= secondary::unrestricted_guest; s.cr0 &= ~(cr0::pe | cr0::pg); }},
	{"guest.rflags.if",           long_mode, [](State &s) {
		s.event = Interruption::make(EventType::external_interrupt, 0x20); }},
	{"guest.ssp",                 long_mode, [](State &s) { s.ssp |= 2; }},
	{"guest.ssp",                 protected_mode, [](State &s) { s.ssp = bit(32); }},

	{"guest.activity.supported",      long_mode, [](State &s) { s.activity = 4; }},
	{"guest.activity.hlt_privilege", long_mode, [](State &s) {
		s.activity = 1; s[ss].rights |= 0x60; s[ss].selector |= 3; s[cs].selector |= 3; s[cs].rights |= 4; }},
	{"guest.activity.blocking",   long_mode, [](State &s) {
		s.activity = 1; s.rflags |= rflags::if_; s.interruptibility = interruptibility::sti; }},
	{"guest.activity.event",      long_mode, [](State &s) {
		s.activity = 1; s.event = Interruption::make(EventType::hardware_exception, vector::gp, true); }},
	{"guest.activity.event",      long_mode, [](State &s) {
		s.activity = 2; s.event = Interruption::make(EventType::hardware_exception, vector::db); }},
	{"guest.activity.event",      long_mode, [](State &s) {
		s.activity = 3; s.event = Interruption::make(EventType::nmi, vector::nmi); }},
	{"guest.activity.smm",        in_smm, [](State &s) {
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
	{"guest.interruptibility.smi_entry", in_smm, [](State &s) { s.entry |= entry::entry_to_smm; }},
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
	{"guest.link_pointer.revision", linked,  [](State &s) { s.now.link_header ^= 1; }},
	{"guest.link_pointer.shadow", linked,    [](State &s) { s.now.link_header &= ~(1U << 31); }},
	{"guest.link_pointer.shadow", linked,    [](State &s) { s.secondary &= ~secondary::vmcs_shadowing; }},
	{"guest.link_pointer.current", linked,   [](State &s) { s.link_pointer = s.now.current_vmcs; }},
	{"guest.link_pointer.current", in_smm,   [](State &s) {
		s.entry |= entry::entry_to_smm; s.interruptibility = interruptibility::smi;
		s.link_pointer = s.now.current_vmcs; }},
	{"guest.link_pointer.executive", in_smm, [](State &s) { s.link_pointer = s.now.executive_vmcs; }},

	{"guest.pdptes.reserved",     protected_mode, [](State &s) { s.pdptes[3] = 3; }},
	{"guest.pdptes.reserved",     protected_mode, [](State &s) { s.pdptes[3] = 1 | bit(46); }},
	{"guest.pdptes.reserved",     shadow_paging, [](State &s) { s.now.has_pdptes = true; s.pdptes[3] = 3; }},
};
// clang-format on

/// As unit::start().
[[gnu::noinline]] const State &read(const VmcsSource &source)
{
	static constinit State s{};

	s = read_state(source);
	return s;
}

} // namespace

TEST(good_states_pass)
{
	expect_good(test, long_mode, "64-bit mode");
	expect_good(test, protected_mode, "protected mode");
	expect_good(test, virtual_8086, "virtual-8086 mode");
	expect_good(test, real_mode, "real mode");
	expect_good(test, shadow_paging, "shadow paging");
	expect_good(test, linked, "a linked VMCS");
	expect_good(test, in_smm, "SMM");
}

TEST(each_row_broken_once)
{
	constexpr u32 invalid_guest_state = 33 | 1U << 31;

	for (const Row &row : rows)
		expect_row(test, row, Verdict::Kind::exit, invalid_guest_state);
}

TEST(each_check_has_a_row_here)
{
	for_each_group([&](const Checks &checks) {
		if (checks.area == Area::guest)
			expect_all_in(test, checks, rows);
	});
}

TEST(what_is_not_loaded_is_not_checked)
{
	State &s = start(long_mode);

	s.secondary &= ~secondary::pt_use_gpa;
	s.entry = Entry{0x11fb} | entry::ia32e_mode_guest;
	s.rtit_ctl = s.lbr_ctl = all_ones;
	s.debugctl = s.dr7 = s.pat = s.efer = s.perf_global_ctrl = s.bndcfgs = s.pkrs = s.s_cet =
		s.interrupt_ssp_table = s.ssp = all_ones;
	s.uinv = 0xffff;
	expect_good(test, s, "nothing loaded");
}

TEST(unusable_segments_are_not_checked)
{
	State &s = start(long_mode);

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
	State &s = start(long_mode);

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
	State &s = start(long_mode);

	s.activity = static_cast<u32>(Activity::hlt);
	s.event = Interruption::make(EventType::hardware_exception, vector::mc);
	expect_good(test, s, "#MC into HLT");
	s.event = Interruption::make(EventType::other, 0);
	expect_good(test, s, "a pending monitor trap into HLT");
	start(long_mode);
	s.rflags |= rflags::if_ | rflags::tf;
	s.interruptibility = interruptibility::sti;
	s.pending_debug = dr6::bs;
	expect_good(test, s, "a single step in the shadow of STI");
	s.debugctl = debugctl::btf;
	s.pending_debug = 0;
	expect_good(test, s, "stepping on branches in the shadow of STI");
	start(long_mode);
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
	const State &s = read(source);

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

TEST(state_is_read_from_a_vmcs12)
{
	static constinit Vmcs12 vmcs12{};
	const VmcsSource source = {[](void *, u32 encoding, u64 &value) {
					   const vmcs12::Place place = vmcs12::find(encoding);
					   value = vmcs12::read(vmcs12, place);
					   return place.exists();
				   },
				   nullptr};
	static constinit State s{};

	// No two members have the same value, and every activating bit is set in one pass, clear in
	// the other.
	for (const u32 flip : {0U, ~0U}) {
		for (const vmcs12::Row &row : vmcs12::rows)
			if (row.encoding != vmcs12::no_encoding)
				vmcs12::write(vmcs12, vmcs12::find(row.encoding),
					      (row.encoding * 0x9e3779b97f4a7c15) ^ flip);
		for (const u32 controls :
		     {field::primary_controls.encoding, field::secondary_controls.encoding,
		      field::exit_controls.encoding})
			vmcs12::write(vmcs12, vmcs12::find(controls), flip);
		s = {};
		s.now.current_vmcs = 0x8000;
		read_controls(vmcs12, s);
		read_host(vmcs12, s);
		read_guest(vmcs12, s);
		EXPECT_EQ(s.now.current_vmcs, 0x8000u);
		EXPECT_EQ(s.secondary.empty(), flip == 0);
		s.now = {};
		EXPECT(s == read(source));
	}
}

SUITE(check_guest, good_states_pass, each_row_broken_once, each_check_has_a_row_here,
      what_is_not_loaded_is_not_checked, unusable_segments_are_not_checked, what_a_cpu_adds,
      states_between_instructions, state_is_read_from_a_vmcs, state_is_read_from_a_vmcs12);
