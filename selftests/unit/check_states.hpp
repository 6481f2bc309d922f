// SPDX-License-Identifier: GPL-2.0-only
#pragma once

#include "baseline.hpp"
#include "core/check/check.hpp"
#include "unit.hpp"

/// States that pass all checks of VM entry, to be spoilt, and the rows that a spoilt one breaks.
namespace unit {

using namespace vmx;
using namespace vmx::check;
using enum vmx::field::Segment;

inline constexpr u64 all_ones = ~u64{0};

/// A Skylake to which everything is added that the rows tell apart.
constexpr Limits make_limits()
{
	Limits l{};

	l.take(baseline());
	l.cr4_fixed1 = 0xf767ff;
	l.perf_global_ctrl = 0x70000000f;
	l.rtit_ctl = 0xffff;
	l.lbr_ctl = 0x7f000f;
	l.physical_bits = 46;
	l.linear_bits = 48;
	l.primary.allowed1 |= primary::activate_tertiary;
	l.secondary.allowed1 = ~Secondary{1U << 29};
	l.tertiary.allowed1 = {0xdf};
	l.exit.allowed1 = ~Exit{};
	l.exit2.allowed1 = exit2::save_fred | exit2::load_fred;
	l.entry.allowed1 = {0x007fffff};
	return l;
}
inline constexpr Limits limits = make_limits();

constexpr HostState host_64bit()
{
	HostState h{};

	h.cr0 = cr0::pg | cr0::ne | cr0::pe | cr0::wp;
	h.cr3 = 0x2000;
	h.cr4 = cr4::vmxe | cr4::pae | cr4::pcide;
	h.pat = 0x0007040600070406;
	h.efer = efer::lme | efer::lma | efer::sce | efer::nx;
	h.sysenter_esp = h.sysenter_eip = 0xffffffff80000000;
	h.ssp = 0xffffffff82000000;
	h.cs = 0x10;
	h.ss = 0x18;
	h.tr = 0x40;
	h.fs_base = 0x00007fffffffffff;
	h.gs_base = h.tr_base = h.gdtr_base = h.idtr_base = 0xfffffe0000000000;
	h.rip = 0xffffffff81000000;
	return h;
}

/// Every feature at once that can be.
constexpr void all_controls(State &s)
{
	s.pin = Pin{0x16} | pin::external_interrupt_exiting | pin::nmi_exiting | pin::virtual_nmis |
		pin::preemption_timer | pin::posted_interrupts;
	s.primary = Primary{0x04006172} | primary::use_tpr_shadow | primary::nmi_window_exiting |
		    primary::use_io_bitmaps | primary::use_msr_bitmaps |
		    primary::activate_secondary | primary::activate_tertiary;
	s.secondary = ~(Secondary{1U << 29} | secondary::unrestricted_guest |
			secondary::virtualize_x2apic);
	s.tertiary = tertiary::enable_hlat | tertiary::ept_paging_write |
		     tertiary::guest_paging_verification | tertiary::ipi_virtualization;
	s.vm_functions = vmfunc::eptp_switching;
	s.exit = Exit{0x36dfb} | exit::host_address_space_size | exit::load_perf_global_ctrl |
		 exit::ack_interrupt_on_exit | exit::load_pat | exit::load_efer |
		 exit::save_preemption_timer | exit::clear_rtit_ctl | exit::load_cet |
		 exit::load_pkrs | exit::activate_secondary;
	s.entry = Entry{0x11fb} | entry::load_debug_controls | entry::ia32e_mode_guest |
		  entry::load_pat | entry::load_efer | entry::load_perf_global_ctrl |
		  entry::load_bndcfgs | entry::load_rtit_ctl | entry::load_guest_lbr_ctl |
		  entry::load_cet | entry::load_pkrs | entry::load_uinv;
	s.vpid = 1;
	s.notification_vector = 0xf2;
	s.eptp = 0x5000 | bit(6) | 3 << 3 | 6;
	s.hlat_pointer = 0x6000 | bit(4);
	s.tsc_multiplier = bit(48);
	s.last_pid_index = 0xffff;
	s.exit_store = s.exit_load = s.entry_load = {.address = 0x7010, .count = 3};
}

/// 64-bit code at CPL 0, everything loaded that can be, on a CPU without unrestricted guest.
inline State long_mode()
{
	constexpr u32 code = 0xa09b, data = 0xc093, tss = 0x8b, table = 0x82;
	State s{};

	all_controls(s);
	s.host = host_64bit();
	s.now = {.vmlaunch = true, .ia32e = true, .current_vmcs = 0x8000};
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
inline State protected_mode()
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

inline State virtual_8086()
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
inline State real_mode()
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

/// A hypervisor without IA-32e mode, and its guest.
inline State host_32bit()
{
	State s = protected_mode();

	s.exit &= ~exit::host_address_space_size;
	s.now.ia32e = false;
	s.host.cr4 &= ~cr4::pcide;
	s.host.efer = efer::nx;
	s.host.ssp = s.host.rip = 0x2000;
	return s;
}

/// The TPR's shadow alone, without what hangs on it.
inline State tpr_shadow()
{
	State s = long_mode();

	s.pin &= ~pin::posted_interrupts;
	s.secondary &=
		~(secondary::virtual_interrupt_delivery | secondary::apic_register_virtualization |
		  secondary::virtualize_apic_accesses);
	s.tertiary &= ~tertiary::ipi_virtualization;
	s.tpr_threshold = 2;
	s.now.has_virtual_tpr = true;
	s.now.virtual_tpr = 0xffffff2f;
	return s;
}

/// Without EPT and what hangs on it.
inline State shadow_paging()
{
	State s = protected_mode();

	s.secondary &= ~(secondary::enable_ept | secondary::enable_pml |
			 secondary::mode_based_execute_ept | secondary::sub_page_write |
			 secondary::enable_vmfunc | secondary::pt_use_gpa);
	s.tertiary &= ~(tertiary::enable_hlat | tertiary::ept_paging_write |
			tertiary::guest_paging_verification);
	s.vm_functions = {};
	return s;
}

/// A VMCS is linked, and what is behind the pointer is known.
inline State linked()
{
	State s = long_mode();

	s.link_pointer = 0x9000;
	s.now.has_link_header = true;
	s.now.link_header = static_cast<u32>(bit(31)) | limits.basic.revision();
	return s;
}

/// In SMM, and so without Intel Processor Trace of the guest.
inline State in_smm()
{
	State s = linked();

	s.now.smm = true;
	s.now.executive_vmcs = 0xa000;
	return s;
}

/// A state, one thing wrong with it, and which checks find that: `id`, and those of `also` that
/// cannot but find it too.
struct Row {
	const char *id;
	State (*good)();
	void (*spoil)(State &s);
	const char *also[2] = {};

	[[nodiscard]] bool names(const char *other) const
	{
		for (const char *name : {id, also[0], also[1]})
			if (name && same(name, other))
				return true;
		return false;
	}
	[[nodiscard]] unsigned expected() const { return 1 + !!also[0] + !!also[1]; }
};

inline constexpr Area areas[] = {Area::basic, Area::controls, Area::host, Area::guest};

/// The state that a test works on, made anew. Static: the stack of a kernel would not hold many.
[[gnu::noinline]] inline State &start(State (*good)())
{
	static constinit State s{};

	s = good();
	return s;
}

inline void expect_good(Test &test, const State &s, const char *name, const Limits &l = limits)
{
	for (const Area area : areas)
		find_violations(area, s, l, [&](const Check &check) {
			Text text;
			text << name << ": " << check.id << " does not hold";
			test.fail(__FILE__, __LINE__, text.c_str());
		});
	if (const Failure failure = check_entry(s, l))
		test.fail(name, __LINE__, failure.check->id);
}

inline void expect_good(Test &test, State (*good)(), const char *name)
{
	expect_good(test, start(good), name);
}

inline void expect_row(Test &test, const Row &row, Verdict::Kind kind, u32 number,
		       const Limits &l = limits)
{
	State &s = start(row.good);
	const Check *first = nullptr;
	unsigned found = 0;
	bool named = false;

	row.spoil(s);
	for (const Area area : areas)
		find_violations(area, s, l, [&](const Check &check) {
			if (!first)
				first = &check;
			named |= same(check.id, row.id);
			found += row.names(check.id);
			if (row.names(check.id))
				return;
			Text text;
			text << row.id << ": " << check.id << " does not hold either";
			test.fail(__FILE__, __LINE__, text.c_str());
		});
	if (!named || found != row.expected()) {
		Text text;
		text << row.id << ", or what comes with it, holds in a state that it must refuse";
		test.fail(__FILE__, __LINE__, text.c_str());
		return;
	}
	const Failure failure = check_entry(s, l);
	const u64 qualification = kind == Verdict::Kind::exit ? first->number : 0;
	if (failure.check == first && failure.verdict() == Verdict{kind, number, qualification})
		return;
	Text text;
	text << row.id << ": check_entry() has another verdict, "
	     << (failure ? failure.check->id : "none");
	test.fail(__FILE__, __LINE__, text.c_str());
}

/// Each check of `checks` is broken by a row that is named after it.
template <class... Rows> void expect_all_in(Test &test, const Checks &checks, const Rows &...tables)
{
	for (const Check &check : checks) {
		bool found = false;
		const auto look = [&](const auto &rows) {
			for (const auto &row : rows)
				found |= same(row.id, check.id);
		};
		(look(tables), ...);
		if (!found)
			test.fail("no row breaks", 0, check.id);
	}
}

} // namespace unit
