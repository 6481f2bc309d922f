// SPDX-License-Identifier: GPL-2.0-only
#include "core/config/facts.hpp"
#include "core/dump/dump.hpp"
#include "core/dump/values.hpp"
#include "vmx/field_list.hpp"

namespace vmx::dump {

namespace {

using config::Bit;
using config::Column;
using config::Hex;
using config::Severity;
using config::Word;

constexpr unsigned value_column = 38, words_column = 58;

/// How a field's value reads in words.
struct Decoder {
	u32 encoding;
	void (*append)(Text &text, u64 value);
};

template <auto append, class Value> void as(Text &text, u64 value)
{
	append(text, static_cast<Value>(value));
}

void interruption(Text &text, u64 value)
{
	append_interruption(text, {static_cast<u32>(value)});
}

void link(Text &text, u64 value)
{
	text << (value == ~u64{0} ? "none" : "a shadow VMCS");
}

// clang-format off
constexpr Decoder decoders[] = {
	{field::exception_bitmap.encoding,               as<append_exceptions, u32>},
	{field::ept_pointer.encoding,                    append_eptp},
	{field::cr0_guest_host_mask.encoding,            append_cr0},
	{field::cr4_guest_host_mask.encoding,            append_cr4},
	{field::cr0_read_shadow.encoding,                append_cr0},
	{field::cr4_read_shadow.encoding,                append_cr4},
	{field::entry_interruption_info.encoding,        interruption},
	{field::exit_interruption_info.encoding,         interruption},
	{field::idt_vectoring_info.encoding,             interruption},
	{field::guest_cr0.encoding,                      append_cr0},
	{field::guest_cr4.encoding,                      append_cr4},
	{field::guest_rflags.encoding,                   append_rflags},
	{field::guest_efer.encoding,                     append_efer},
	{field::guest_pat.encoding,                      append_pat},
	{field::guest_debugctl.encoding,                 append_debugctl},
	{field::guest_interruptibility.encoding,         as<append_interruptibility, u32>},
	{field::guest_activity_state.encoding,           as<append_activity, u32>},
	{field::guest_pending_debug_exceptions.encoding, append_pending_debug},
	{field::guest_interrupt_status.encoding,         as<append_interrupt_status, u16>},
	{field::vmcs_link_pointer.encoding,              link},
	{field::host_cr0.encoding,                       append_cr0},
	{field::host_cr4.encoding,                       append_cr4},
	{field::host_efer.encoding,                      append_efer},
	{field::host_pat.encoding,                       append_pat},
};

struct ControlField {
	u32 encoding;
	Word word;
};

constexpr ControlField control_fields[] = {
	{field::pin_controls.encoding,            Word::pin},
	{field::primary_controls.encoding,        Word::primary},
	{field::secondary_controls.encoding,      Word::secondary},
	{field::tertiary_controls.encoding,       Word::tertiary},
	{field::exit_controls.encoding,           Word::exit},
	{field::secondary_exit_controls.encoding, Word::exit2},
	{field::entry_controls.encoding,          Word::entry},
};

/// Fields that mean something only while a control is set: without, what they hold is left over.
struct Condition {
	u32 first, last; ///< encodings
	Bit control;
};

constexpr Condition conditions[] = {
	{0x401e, 0x401e, primary::activate_secondary},
	{0x2034, 0x2034, primary::activate_tertiary},
	{0x2044, 0x2044, exit::activate_secondary},
	{0x0000, 0x0000, secondary::enable_vpid},
	{0x0002, 0x0002, pin::posted_interrupts},
	{0x2016, 0x2016, pin::posted_interrupts},
	{0x0008, 0x0008, tertiary::ipi_virtualization},
	{0x2042, 0x2042, tertiary::ipi_virtualization},
	{0x0810, 0x0810, secondary::virtual_interrupt_delivery},
	{0x201c, 0x2022, secondary::virtual_interrupt_delivery},
	{0x0812, 0x0812, secondary::enable_pml},
	{0x200e, 0x200e, secondary::enable_pml},
	{0x2000, 0x2002, primary::use_io_bitmaps},
	{0x2004, 0x2004, primary::use_msr_bitmaps},
	{0x2010, 0x2010, primary::use_tsc_offsetting},
	{0x2012, 0x2012, primary::use_tpr_shadow},
	{0x401c, 0x401c, primary::use_tpr_shadow},
	{0x2014, 0x2014, secondary::virtualize_apic_accesses},
	{0x2018, 0x2018, secondary::enable_vmfunc},
	{0x2024, 0x2024, secondary::enable_vmfunc},
	{0x0004, 0x0004, secondary::ept_violation_ve},
	{0x202a, 0x202a, secondary::ept_violation_ve},
	{0x201a, 0x201a, secondary::enable_ept},
	{0x280a, 0x2810, secondary::enable_ept},
	{0x2026, 0x2028, secondary::vmcs_shadowing},
	{0x202c, 0x202c, secondary::enable_xsaves},
	{0x202e, 0x202e, secondary::encls_exiting},
	{0x2030, 0x2030, secondary::sub_page_write},
	{0x2032, 0x2032, secondary::use_tsc_scaling},
	{0x2036, 0x2036, secondary::enclv_exiting},
	{0x203e, 0x203e, secondary::enable_pconfig},
	{0x4020, 0x4022, secondary::pause_loop_exiting},
	{0x4024, 0x4024, secondary::instruction_timeout},
	{0x482e, 0x482e, pin::preemption_timer},
	{0x2804, 0x2804, entry::load_pat},
	{0x2806, 0x2806, entry::load_efer},
	{0x2808, 0x2808, entry::load_perf_global_ctrl},
	{0x2812, 0x2812, entry::load_bndcfgs},
	{0x2c00, 0x2c00, exit::load_pat},
	{0x2c02, 0x2c02, exit::load_efer},
	{0x2c04, 0x2c04, exit::load_perf_global_ctrl},
};

constexpr const char *segment_names[] = {"es", "cs", "ss", "ds", "fs", "gs", "ldtr", "tr"};
// clang-format on

unsigned digits(u32 encoding)
{
	switch (width_of(encoding)) {
	case Width::word:
		return 4;
	case Width::dword:
		return 8;
	default:
		return 16;
	}
}

/// The control words as they stand, empty where nothing activates them.
struct Controls {
	u64 words[config::control_words]{};

	explicit Controls(const VmcsSource &vmcs)
	{
		const auto set = [&](Word word, u64 value) { words[config::index(word)] = value; };
		const Primary primary{vmcs.get(field::primary_controls)};
		const Exit exit{vmcs.get(field::exit_controls)};

		set(Word::pin, vmcs.get(field::pin_controls));
		set(Word::primary, primary.bits);
		set(Word::exit, exit.bits);
		set(Word::entry, vmcs.get(field::entry_controls));
		if (primary.has(primary::activate_secondary))
			set(Word::secondary, vmcs.get(field::secondary_controls));
		if (primary.has(primary::activate_tertiary))
			set(Word::tertiary, vmcs.get(field::tertiary_controls));
		if (exit.has(exit::activate_secondary))
			set(Word::exit2, vmcs.get(field::secondary_exit_controls));
	}

	[[nodiscard]] bool has(Bit bit) const { return words[config::index(bit.word)] & bit.mask; }
};

bool in_use(const Controls &controls, u32 encoding)
{
	for (const Condition &condition : conditions)
		if (encoding >= condition.first && encoding <= condition.last)
			return controls.has(condition.control);
	return true;
}

/// Printed as a line of its own per register.
bool of_segment(u32 encoding)
{
	const auto among = [&](u32 first) { return encoding >= first && encoding < first + 16; };

	return among(field::guest_es_selector.encoding) || among(field::guest_es_limit.encoding) ||
	       among(field::guest_es_base.encoding) ||
	       among(field::guest_es_access_rights.encoding);
}

void print_control_bits(Word word, u64 value, const Sink &sink)
{
	Text text;

	for (const config::Control &control : config::controls()) {
		if (control.bit.word != word)
			continue;
		text.clear();
		text << "    " << (value & control.bit.mask ? "1 " : "0 ") << control.name;
		sink(Severity::reject, text.c_str());
		value &= ~control.bit.mask;
	}
	if (!value)
		return;
	text.clear();
	text << "    1 ";
	config::append_names(text, word, value);
	sink(Severity::reject, text.c_str());
}

void print_field(const field::Info &info, u64 value, const Controls &controls, const Sink &sink)
{
	Text text;

	text << "  " << info.name << Column{value_column} << Hex{value, digits(info.encoding)};
	if (!in_use(controls, info.encoding)) {
		text << Column{words_column} << "not in use";
		sink(Severity::reject, text.c_str());
		return;
	}
	for (const Decoder &decoder : decoders) {
		if (decoder.encoding != info.encoding)
			continue;
		text << Column{words_column};
		decoder.append(text, value);
	}
	sink(Severity::reject, text.c_str());
	for (const ControlField &control : control_fields)
		if (control.encoding == info.encoding)
			print_control_bits(control.word, value, sink);
}

void print_area(const VmcsSource &vmcs, Group group, const Controls &controls, const Sink &sink)
{
	u64 value;

	for (const field::Info &info : field::list)
		if (group_of(info.encoding) == group &&
		    !(group == Group::guest && of_segment(info.encoding)) &&
		    vmcs.read(info.encoding, value))
			print_field(info, value, controls, sink);
}

void print_segment(const VmcsSource &vmcs, u32 n, const Sink &sink)
{
	const auto part = [&](u32 first) {
		u64 value = 0;
		return vmcs.read(first + 2 * n, value) ? value : 0;
	};
	const u32 rights = static_cast<u32>(part(field::guest_es_access_rights.encoding));
	Text text;

	text << "  guest_" << segment_names[n] << Column{value_column - 24} << "selector "
	     << Hex{part(field::guest_es_selector.encoding), 4} << " base "
	     << Hex{part(field::guest_es_base.encoding), 16} << " limit "
	     << Hex{part(field::guest_es_limit.encoding), 8} << " rights " << Hex{rights, 5} << " ";
	append_rights(text, rights);
	sink(Severity::reject, text.c_str());
}

void print_msr_list(const char *name, MsrList list, const Sink &sink)
{
	Text text;

	for (u32 n = 0; n < list.count; n++) {
		const MsrEntry &entry = list.entries[n];

		text.clear();
		text << "  " << name << " " << n + 1 << Column{value_column} << Hex{entry.msr}
		     << " = " << Hex{entry.value, 16};
		if (msr_name(entry.msr))
			text << " " << msr_name(entry.msr);
		sink(Severity::reject, text.c_str());
	}
}

} // namespace

void print_vmcs(const VmcsSource &vmcs, const Surroundings &surroundings, const Sink &sink)
{
	const Controls controls(vmcs);
	Text text;

	text << "VMCS of vCPU " << surroundings.vcpu << " at " << Hex{surroundings.region, 1}
	     << ", revision " << Hex{surroundings.revision, 1};
	if (surroundings.last_cpu >= 0)
		text << ", last entered on CPU " << static_cast<u32>(surroundings.last_cpu);
	sink(Severity::reject, text.c_str());

	sink(Severity::reject, "guest-state area");
	for (u32 n = 0; n < 8; n++)
		print_segment(vmcs, n, sink);
	print_area(vmcs, Group::guest, controls, sink);
	sink(Severity::reject, "host-state area");
	print_area(vmcs, Group::host, controls, sink);
	sink(Severity::reject, "control fields");
	print_area(vmcs, Group::control, controls, sink);
	print_msr_list("VM-entry MSR-load", surroundings.entry_load, sink);
	print_msr_list("VM-exit MSR-load", surroundings.exit_load, sink);
	sink(Severity::reject, "VM-exit information");
	print_area(vmcs, Group::exit_info, controls, sink);
}

} // namespace vmx::dump
