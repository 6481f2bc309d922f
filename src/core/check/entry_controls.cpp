// SPDX-License-Identifier: GPL-2.0-only
#include "core/check/controls.hpp"

/// SDM, "VM-Entry Control Fields" of "Checks on VMX Controls".
namespace vmx::check {

namespace {

bool entry_reserved(const State &s, const Limits &l)
{
	return within(s.entry, l.entry);
}

bool event_type(const State &s, const Limits &l)
{
	constexpr auto reserved = static_cast<EventType>(1);

	return !s.event.is(reserved) && (!s.event.is(EventType::other) ||
					 l.primary.allowed1.has(primary::monitor_trap_flag));
}

bool event_nmi(const State &s, const Limits &)
{
	return !s.event.is(EventType::nmi) || s.event.vector() == vector::nmi;
}

bool event_exception(const State &s, const Limits &)
{
	return !s.event.is(EventType::hardware_exception) || s.event.vector() < 32;
}

bool event_other(const State &s, const Limits &)
{
	// A pending VM exit of the monitor trap flag.
	return !s.event.is(EventType::other) || s.event.vector() == 0;
}

/// The guest will be in protected mode: without unrestricted guest it cannot but be.
bool in_protected_mode(const State &s)
{
	return !s.unrestricted() || s.cr0 & cr0::pe;
}

constexpr u32 of(u8 exception)
{
	return u32{1} << exception;
}

/// Exceptions that push an error code.
constexpr u32 with_error_code = of(vector::df) | of(vector::ts) | of(vector::np) | of(vector::ss) |
				of(vector::gp) | of(vector::pf) | of(vector::ac);

bool pushes_error_code(Interruption event)
{
	return event.vector() < 32 && with_error_code >> event.vector() & 1;
}

bool error_code_missing(const State &s, const Limits &l)
{
	return !s.event.is(EventType::hardware_exception) || s.event.has_error_code() ||
	       !in_protected_mode(s) || l.basic.any_error_code() || !pushes_error_code(s.event);
}

bool error_code_unexpected(const State &s, const Limits &l)
{
	return !s.event.valid() || !s.event.has_error_code() ||
	       (s.event.type() == EventType::hardware_exception && in_protected_mode(s) &&
		(l.basic.any_error_code() || pushes_error_code(s.event)));
}

bool event_reserved(const State &s, const Limits &)
{
	constexpr u32 reserved = 0x7ffff000;

	return !s.event.valid() || !(s.event.raw & reserved);
}

bool error_code_reserved(const State &s, const Limits &)
{
	return !s.event.valid() || !s.event.has_error_code() || fits(s.event_error_code, 16);
}

bool instruction_length(const State &s, const Limits &l)
{
	if (!s.event.valid())
		return true;
	switch (s.event.type()) {
	case EventType::software_interrupt:
	case EventType::privileged_software_exception:
	case EventType::software_exception:
		return s.event_instruction_length ? s.event_instruction_length <= 15
						  : l.misc.has(misc::zero_length_inject);
	default:
		return true;
	}
}

constexpr Entry smm_controls = entry::entry_to_smm | entry::deactivate_dual_monitor;

bool smm_outside(const State &s, const Limits &)
{
	return s.now.smm || !s.entry.has_any(smm_controls);
}

bool smm_both(const State &s, const Limits &)
{
	return !s.entry.has(smm_controls);
}

constexpr const char *section = "VM-Entry Control Fields";

// clang-format off
constexpr Check table[] = {
	{"controls.entry.reserved",              section, entry_reserved},
	{"controls.event.type",                  section, event_type},
	{"controls.event.nmi_vector",            section, event_nmi},
	{"controls.event.exception_vector",      section, event_exception},
	{"controls.event.other_vector",          section, event_other},
	{"controls.event.error_code_missing",    section, error_code_missing},
	{"controls.event.error_code_unexpected", section, error_code_unexpected},
	{"controls.event.reserved",              section, event_reserved},
	{"controls.event_error_code.reserved",   section, error_code_reserved},
	{"controls.event_instruction_length",    section, instruction_length},
	MSR_AREA("entry_msr_load", entry_load, section),
	{"controls.smm.outside",                 section, smm_outside},
	{"controls.smm.both",                    section, smm_both},
};
// clang-format on

} // namespace

VMX_DEFINE_GROUP(controls, entry_control, table)

} // namespace vmx::check
