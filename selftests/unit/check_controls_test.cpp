// SPDX-License-Identifier: GPL-2.0-only
#include "check_states.hpp"

using namespace unit;

namespace {

Interruption event(u32 type, u8 vector)
{
	return Interruption::make(static_cast<EventType>(type), vector);
}

constexpr Interruption general_protection =
	Interruption::make(EventType::hardware_exception, vector::gp, true);

// The two rows of a page's address.
#define PAGE_ROWS(name)                                                                            \
	{"controls." #name ".alignment", long_mode, [](State &s) { s.name |= 0x800; }},            \
	{                                                                                          \
		"controls." #name ".width", long_mode, [](State &s) { s.name = bit(46); }          \
	}
// The three rows of a list of MSRs.
#define AREA_ROWS(id, area)                                                                        \
	{"controls." id ".alignment", long_mode, [](State &s) { s.area.address |= 8; }},           \
		{"controls." id ".width",                                                          \
		 long_mode,                                                                        \
		 [](State &s) { s.area.address = bit(46); },                                       \
		 {"controls." id ".last"}},                                                        \
		{"controls." id ".last", long_mode,                                                \
		 [](State &s) { s.area.address = bit(46) - 32; }},                                 \
	{                                                                                          \
		"controls." id ".last", long_mode,                                                 \
			[](State &s) { s.area.address = all_ones - 15; },                          \
		{                                                                                  \
			"controls." id ".width"                                                    \
		}                                                                                  \
	}

// clang-format off
constexpr Row execution[] = {
	{"controls.pin.reserved",       long_mode, [](State &s) { s.pin |= Pin{1U << 8}; }},
	{"controls.pin.reserved",       long_mode, [](State &s) { s.pin &= ~Pin{1U << 1}; }},
	{"controls.primary.reserved",   long_mode, [](State &s) { s.primary |= Primary{1U << 0}; }},
	{"controls.primary.reserved",   long_mode, [](State &s) { s.primary &= ~Primary{1U << 26}; }},
	{"controls.secondary.reserved", long_mode, [](State &s) { s.secondary |= Secondary{1U << 29}; }},
	{"controls.tertiary.reserved",  long_mode, [](State &s) { s.tertiary |= Tertiary{bit(5)}; }},
	{"controls.tertiary.reserved",  long_mode, [](State &s) { s.tertiary |= Tertiary{bit(63)}; }},
	{"controls.cr3_target_count",   long_mode, [](State &s) { s.cr3_target_count = 5; }},
	PAGE_ROWS(io_bitmap_a),
	PAGE_ROWS(io_bitmap_b),
	PAGE_ROWS(msr_bitmap),
	PAGE_ROWS(virtual_apic_page),
	{"controls.tpr_threshold.reserved", tpr_shadow, [](State &s) { s.tpr_threshold |= 16; }},
	{"controls.tpr_threshold.vtpr", tpr_shadow, [](State &s) { s.tpr_threshold = 3; }},
	{"controls.virtual_nmis.nmi_exiting", long_mode, [](State &s) { s.pin &= ~pin::nmi_exiting; }},
	{"controls.nmi_window.virtual_nmis", long_mode, [](State &s) { s.pin &= ~pin::virtual_nmis; }},
	PAGE_ROWS(apic_access),
	{"controls.x2apic.tpr_shadow",  tpr_shadow, [](State &s) {
		s.secondary |= secondary::virtualize_x2apic; s.primary &= ~primary::use_tpr_shadow; }},
	{"controls.apic_registers.tpr_shadow", tpr_shadow, [](State &s) {
		s.secondary |= secondary::apic_register_virtualization; s.primary &= ~primary::use_tpr_shadow; }},
	{"controls.interrupt_delivery.tpr_shadow", tpr_shadow, [](State &s) {
		s.secondary |= secondary::virtual_interrupt_delivery; s.primary &= ~primary::use_tpr_shadow; }},
	{"controls.ipi_virtualization.tpr_shadow", tpr_shadow, [](State &s) {
		s.tertiary |= tertiary::ipi_virtualization; s.primary &= ~primary::use_tpr_shadow; }},
	{"controls.x2apic.apic_accesses", long_mode, [](State &s) { s.secondary |= secondary::virtualize_x2apic; }},
	{"controls.interrupt_delivery.exiting", long_mode, [](State &s) {
		s.pin &= ~pin::external_interrupt_exiting; }},
	{"controls.posted_interrupts.delivery", long_mode, [](State &s) {
		s.secondary &= ~secondary::virtual_interrupt_delivery; }},
	{"controls.posted_interrupts.acknowledge", long_mode, [](State &s) {
		s.exit &= ~exit::ack_interrupt_on_exit; }},
	{"controls.posted_interrupts.vector", long_mode, [](State &s) { s.notification_vector = 0x100; }},
	{"controls.posted_descriptor.alignment", long_mode, [](State &s) { s.posted_descriptor = 0x1020; }},
	{"controls.posted_descriptor.width", long_mode, [](State &s) { s.posted_descriptor = bit(46); }},
	{"controls.vpid.zero",          long_mode, [](State &s) { s.vpid = 0; }},
	{"controls.eptp.memory_type",   long_mode, [](State &s) { s.eptp = (s.eptp & ~u64{7}) | 1; }},
	{"controls.eptp.walk_length",   long_mode, [](State &s) { s.eptp += 1 << 3; }},
	{"controls.eptp.walk_length",   long_mode, [](State &s) { s.eptp -= 1 << 3; }},
	{"controls.eptp.shadow_stack",  long_mode, [](State &s) { s.eptp |= bit(7); }},
	{"controls.eptp.reserved",      long_mode, [](State &s) { s.eptp |= bit(11); }},
	{"controls.eptp.reserved",      long_mode, [](State &s) { s.eptp |= bit(46); }},
	{"controls.pml.ept",            shadow_paging, [](State &s) { s.secondary |= secondary::enable_pml; }},
	PAGE_ROWS(pml),
	{"controls.unrestricted_guest.ept", shadow_paging, [](State &s) {
		s.secondary |= secondary::unrestricted_guest; }},
	{"controls.mode_based_execute.ept", shadow_paging, [](State &s) {
		s.secondary |= secondary::mode_based_execute_ept; }},
	{"controls.sub_page_write.ept", shadow_paging, [](State &s) { s.secondary |= secondary::sub_page_write; }},
	PAGE_ROWS(spp_table),
	{"controls.vm_functions.reserved", long_mode, [](State &s) { s.vm_functions = {bit(1)}; }},
	{"controls.eptp_list.ept",      shadow_paging, [](State &s) {
		s.secondary |= secondary::enable_vmfunc; s.vm_functions = vmfunc::eptp_switching; }},
	PAGE_ROWS(eptp_list),
	PAGE_ROWS(vmread_bitmap),
	PAGE_ROWS(vmwrite_bitmap),
	PAGE_ROWS(ve_info),
	{"controls.tracing.load_rtit_ctl", long_mode, [](State &s) { s.now.tracing = true; }},
	{"controls.pt_guest_physical.ept", shadow_paging, [](State &s) { s.secondary |= secondary::pt_use_gpa; }},
	{"controls.pt_guest_physical.load_rtit_ctl", long_mode, [](State &s) { s.entry &= ~entry::load_rtit_ctl; }},
	{"controls.pt_guest_physical.clear_rtit_ctl", long_mode, [](State &s) { s.exit &= ~exit::clear_rtit_ctl; }},
	{"controls.tsc_multiplier.zero", long_mode, [](State &s) { s.tsc_multiplier = 0; }},
	PAGE_ROWS(low_pasid_directory),
	PAGE_ROWS(high_pasid_directory),
	{"controls.hlat.ept",           shadow_paging, [](State &s) { s.tertiary |= tertiary::enable_hlat; }},
	{"controls.hlat.reserved",      long_mode, [](State &s) { s.hlat_pointer |= bit(5); }},
	{"controls.hlat.reserved",      long_mode, [](State &s) { s.hlat_pointer |= bit(46); }},
	{"controls.ept_paging_write.ept", shadow_paging, [](State &s) { s.tertiary |= tertiary::ept_paging_write; }},
	{"controls.paging_verification.ept", shadow_paging, [](State &s) {
		s.tertiary |= tertiary::guest_paging_verification; }},
	{"controls.pid_table.alignment", long_mode, [](State &s) { s.pid_table = 4; }},
	{"controls.pid_table.width",    long_mode, [](State &s) { s.pid_table = bit(46); }, {"controls.pid_table.last"}},
	{"controls.pid_table.last",     long_mode, [](State &s) { s.pid_table = bit(46) - 8 * 0xffff; }},
	{"controls.pid_table.last",     long_mode, [](State &s) { s.pid_table = all_ones - 7; },
	 {"controls.pid_table.width"}},
};

constexpr Row transitions[] = {
	{"controls.exit.reserved",      long_mode, [](State &s) { s.exit &= ~Exit{1U << 0}; }},
	{"controls.exit2.reserved",     long_mode, [](State &s) { s.exit2 = {bit(2)}; }},
	{"controls.save_preemption_timer.timer", long_mode, [](State &s) { s.pin &= ~pin::preemption_timer; }},
	AREA_ROWS("exit_msr_store", exit_store),
	AREA_ROWS("exit_msr_load", exit_load),
	{"controls.entry.reserved",     long_mode, [](State &s) { s.entry |= Entry{1U << 31}; }},
	{"controls.entry.reserved",     long_mode, [](State &s) { s.entry &= ~Entry{1U << 12}; }},
	{"controls.event.type",         long_mode, [](State &s) { s.event = event(1, 0); }},
	{"controls.event.nmi_vector",   long_mode, [](State &s) { s.event = event(2, 3); }},
	{"controls.event.exception_vector", long_mode, [](State &s) { s.event = event(3, 32); }},
	{"controls.event.other_vector", long_mode, [](State &s) { s.event = event(7, 1); }},
	{"controls.event.error_code_missing", long_mode, [](State &s) { s.event = event(3, vector::gp); }},
	{"controls.event.error_code_missing", long_mode, [](State &s) { s.event = event(3, vector::df); }},
	{"controls.event.error_code_missing", long_mode, [](State &s) { s.event = event(3, vector::ac); }},
	{"controls.event.error_code_unexpected", long_mode, [](State &s) {
		s.event = Interruption::make(EventType::hardware_exception, vector::ud, true); }},
	{"controls.event.error_code_unexpected", long_mode, [](State &s) {
		s.event = Interruption::make(EventType::hardware_exception, 31, true); }},
	{"controls.event.error_code_unexpected", long_mode, [](State &s) {
		s.event = Interruption::make(EventType::software_interrupt, vector::gp, true);
		s.event_instruction_length = 2; }},
	{"controls.event.error_code_unexpected", real_mode, [](State &s) { s.event = general_protection; }},
	{"controls.event.reserved",     long_mode, [](State &s) { s.event = {event(3, vector::ud).raw | 1U << 12}; }},
	{"controls.event.reserved",     long_mode, [](State &s) { s.event = {event(3, vector::ud).raw | 1U << 30}; }},
	{"controls.event_error_code.reserved", long_mode, [](State &s) {
		s.event = general_protection; s.event_error_code = 0x10000; }},
	{"controls.event_instruction_length", long_mode, [](State &s) {
		s.event = event(4, 0x80); s.event_instruction_length = 16; }},
	{"controls.event_instruction_length", long_mode, [](State &s) {
		s.event = event(5, vector::db); s.event_instruction_length = 16; }},
	{"controls.event_instruction_length", long_mode, [](State &s) {
		s.event = event(6, vector::bp); s.event_instruction_length = 0x80000001; }},
	AREA_ROWS("entry_msr_load", entry_load),
	{"controls.smm.outside",        long_mode, [](State &s) {
		s.entry |= entry::entry_to_smm; s.interruptibility = interruptibility::smi; },
	 {"guest.interruptibility.smi"}},
	{"controls.smm.outside",        long_mode, [](State &s) { s.entry |= entry::deactivate_dual_monitor; }},
	{"controls.smm.both",           in_smm, [](State &s) {
		s.interruptibility = interruptibility::smi;
		s.entry |= entry::entry_to_smm | entry::deactivate_dual_monitor; }},
};
// clang-format on

/// `limits` with one thing less, and the row that finds that the baseline needs it.
struct LessCapable {
	const char *id;
	void (*take_away)(Limits &l);
	void (*prepare)(State &s);
};

constexpr auto as_it_is = [](State &) {};

// clang-format off
constexpr LessCapable less[] = {
	{"controls.eptp.memory_type",   [](Limits &l) { l.ept_vpid &= ~ept_vpid_cap::memory_wb; }, as_it_is},
	{"controls.eptp.memory_type",   [](Limits &l) { l.ept_vpid &= ~ept_vpid_cap::memory_uc; },
	 [](State &s) { s.eptp &= ~u64{7}; }},
	{"controls.eptp.walk_length",   [](Limits &l) { l.ept_vpid &= ~ept_vpid_cap::page_walk_4; }, as_it_is},
	{"controls.eptp.accessed_dirty", [](Limits &l) { l.ept_vpid &= ~ept_vpid_cap::accessed_dirty; }, as_it_is},
	{"controls.event.type",         [](Limits &l) { l.primary.allowed1 &= ~primary::monitor_trap_flag; },
	 [](State &s) { s.event = event(7, 0); }},
	{"controls.event_instruction_length", [](Limits &l) { l.misc &= ~misc::zero_length_inject; },
	 [](State &s) { s.event = event(4, 0x80); }},
	{"controls.io_bitmap_a.width",  [](Limits &l) { l.basic.bits |= bit(48); },
	 [](State &s) { s.io_bitmap_a = bit(32); }},
	{"controls.exit2.reserved",     [](Limits &l) { l.exit2 = {}; }, [](State &s) { s.exit2 = exit2::load_fred; }},
	{"guest.activity.supported",    [](Limits &l) { l.misc &= ~misc::activity_hlt; },
	 [](State &s) { s.activity = 1; }},
	{"guest.activity.supported",    [](Limits &l) { l.misc &= ~misc::activity_shutdown; },
	 [](State &s) { s.activity = 2; }},
	{"guest.activity.supported",    [](Limits &l) { l.misc &= ~misc::activity_wait_sipi; },
	 [](State &s) { s.activity = 3; }},
	{"guest.efer.reserved",         [](Limits &l) { l.efer &= ~efer::nx; }, [](State &s) {
		s.efer |= efer::nx; s.host.efer &= ~efer::nx; }},
};
// clang-format on

} // namespace

TEST(each_row_broken_once)
{
	constexpr u32 invalid_controls = 7;

	for (const Row &row : execution)
		expect_row(test, row, Verdict::Kind::fail_valid, invalid_controls);
	for (const Row &row : transitions)
		expect_row(test, row, Verdict::Kind::fail_valid, invalid_controls);
}

TEST(each_check_has_a_row_here)
{
	for_each_group([&](const Checks &checks) {
		if (checks.area == Area::controls)
			expect_all_in(test, checks, execution, transitions, less);
	});
}

TEST(less_capable_processors)
{
	for (const LessCapable &one : less) {
		Limits l = limits;
		State &s = start(long_mode);

		one.prepare(s);
		expect_good(test, s, one.id);
		one.take_away(l);
		const Failure failure = check_entry(s, l);
		EXPECT_STRING(failure ? failure.check->id : "none", one.id);
	}
}

TEST(what_is_not_activated_is_not_checked)
{
	State &s = start(long_mode);

	s.pin = Pin{0x16};
	s.primary = Primary{0x04006172};
	s.secondary = {};
	s.tertiary = {};
	s.vm_functions = {};
	s.exit = Exit{0x36dfb} | exit::host_address_space_size;
	s.exit2 = {};
	s.entry = Entry{0x11fb} | entry::ia32e_mode_guest;
	s.io_bitmap_a = s.io_bitmap_b = s.msr_bitmap = s.vmread_bitmap = s.vmwrite_bitmap =
		s.virtual_apic_page = s.apic_access = s.posted_descriptor = s.eptp = s.eptp_list =
			s.pml = s.spp_table = s.hlat_pointer = s.ve_info = s.low_pasid_directory =
				s.high_pasid_directory = s.pid_table = all_ones;
	s.tsc_multiplier = s.vpid = 0;
	s.tpr_threshold = s.event_error_code = s.event_instruction_length = ~u32{0};
	s.notification_vector = s.last_pid_index = 0xffff;
	s.exit_store = s.exit_load = s.entry_load = {.address = all_ones, .count = 0};
	s.event = {~static_cast<u32>(bit(31))};
	s.host.pat = s.host.efer = s.host.perf_global_ctrl = s.host.pkrs = s.host.s_cet =
		s.host.ssp = s.host.interrupt_ssp_table = all_ones;
	expect_good(test, s, "nothing activated");
}

TEST(events_that_may_be_injected)
{
	State &s = start(long_mode);
	Limits l = limits;
	s.event = general_protection;
	s.event_error_code = 0xffff;
	expect_good(test, s, "#GP with an error code");
	s.event = event(4, 0xff);
	s.event_instruction_length = 15;
	expect_good(test, s, "INT 0xff");
	s.event_instruction_length = 0;
	expect_good(test, s, "INT 0xff without a length");
	s.event = event(7, 0);
	expect_good(test, s, "a pending monitor trap");
	s.event = event(2, 2);
	expect_good(test, s, "an NMI");
	l.basic.bits |= bit(56);
	s.event = event(3, vector::gp);
	expect_good(test, s, "#GP without an error code", l);
	s.event = Interruption::make(EventType::hardware_exception, 21, true);
	expect_good(test, s, "#CP with an error code", l);
	start(real_mode);
	s.event = event(3, vector::gp);
	expect_good(test, s, "#GP in real mode");
	s.event.raw |= Interruption::deliver_error_code;
	EXPECT_STRING(check_entry(s, l).check->id, "controls.event.error_code_unexpected");
}

TEST(the_last_address_of_a_list)
{
	State &s = start(long_mode);

	s.entry_load.address = bit(46) - 48;
	expect_good(test, s, "a list to the end of memory");
	s.entry_load = {.address = 0, .count = ~u32{0}};
	expect_good(test, s, "the longest list");
	s.pid_table = bit(46) - 8 * 0x10000;
	expect_good(test, s, "a PID-pointer table to the end of memory");
}

SUITE(check_controls, each_row_broken_once, each_check_has_a_row_here, less_capable_processors,
      what_is_not_activated_is_not_checked, events_that_may_be_injected,
      the_last_address_of_a_list);
