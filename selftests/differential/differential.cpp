// SPDX-License-Identifier: GPL-2.0-only
// Compares the checks of src/core/check with the CPU's own: VMCSs with random fields, mostly valid,
// are judged by both. Runs in the lab, over the device of vmx_entry_test.ko. With --layout evmcs
// the checks see what has gone through an enlightened VMCS.
//
// usage: differential [--entries N] [--seed N] [--show N] [--first N] [--step N] [--layout
// vmcs|evmcs]
#include <cpuid.h>
#include <fcntl.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <initializer_list>
#include <map>
#include <string>
#include <vector>

#include "core/check/check.hpp"
#include "core/nested/evmcs_controls.hpp"
#include "module/vmx_entry.h"
#include "page.hpp"
#include "vmx/field_list.hpp"

using namespace vmx;
using namespace vmx::check;

namespace {

int device;
vmx_entry_info info;
/// Those of the CPU, and those of the VMCSs that are tried: an enlightened one carries less.
Limits cpu_limits, limits;

/// SplitMix64, begun anew for each entry: any of them is drawn without those before it.
class Generator {
public:
	Generator() = default;
	Generator(u64 seed, u64 entry) : state_(mix(mix(seed) + entry)) {}

	u64 operator()()
	{
		state_ += 0x9e3779b97f4a7c15;
		return mix(state_);
	}

private:
	static u64 mix(u64 x)
	{
		x = (x ^ x >> 30) * 0xbf58476d1ce4e5b9;
		x = (x ^ x >> 27) * 0x94d049bb133111eb;
		return x ^ x >> 31;
	}

	u64 state_ = 0;
} generator;

[[noreturn]] void die(const char *what)
{
	std::perror(what);
	std::exit(2);
}

[[noreturn]] void misused(const char *option, const char *expected)
{
	std::fprintf(stderr, "differential: %s: expected %s\n", option, expected);
	std::exit(2);
}

u64 random_below(u64 n)
{
	return generator() % n;
}

/// Where a field stands in field::list.
constexpr u32 place_bits = 10;

constexpr u32 compact(u32 encoding)
{
	return (encoding >> 13 & 3) << 8 | (encoding >> 10 & 3) << 6 | (encoding >> 1 & 0x3f);
}

struct Places {
	u8 of[1 << place_bits];
};

static_assert(field::count <= 0xff);

constexpr Places places = [] {
	Places result{};

	for (u32 n = 0; n < field::count; n++)
		result.of[compact(field::list[n].encoding)] = static_cast<u8>(n);
	return result;
}();

constexpr u32 place(u32 encoding)
{
	return places.of[compact(encoding)];
}

/// A VMCS. Every field of controls and guest is written for each entry, else those of the entries
/// before would count; of the host's, which the module sets, those that differ.
class Vmcs {
public:
	void set(u32 encoding, u64 value)
	{
		values_[place(encoding)] = value;
		has_host_ |= group_of(encoding) == Group::host;
	}
	template <AnyField F> void set(F, u64 value) { set(F::encoding, value); }

	[[nodiscard]] u64 get(u32 encoding) const { return values_[place(encoding)]; }
	template <AnyField F> [[nodiscard]] u64 get(F) const { return get(F::encoding); }

	/// Whether the host-state area has been changed.
	[[nodiscard]] bool has_host() const { return has_host_; }

	[[nodiscard]] VmcsSource source() const
	{
		return {[](void *context, u32 encoding, u64 &value) {
				value = static_cast<const Vmcs *>(context)->get(encoding);
				return true;
			},
			const_cast<Vmcs *>(this)};
	}

	/// With the host state with which an exit comes back, and nothing else.
	static const Vmcs &blank()
	{
		static const Vmcs result = [] {
			Vmcs v;

			for (u32 n = 0; n < info.fields; n++)
				v.set(info.host[n].encoding, info.host[n].value);
			v.has_host_ = false;
			return v;
		}();
		return result;
	}

private:
	u64 values_[field::count] = {};
	bool has_host_ = false;
};

u64 capability(Msr msr)
{
	return info.msrs[static_cast<u32>(msr) - VMX_ENTRY_FIRST_MSR];
}

void read_limits(bool evmcs)
{
	VmxCapabilities capabilities;
	u32 a, b, c, d;

	for (const MsrInfo &msr : capability_msrs)
		if (msr.msr >= Msr::basic && capability(msr.msr))
			capabilities.set(msr.msr, capability(msr.msr));
	limits.take(capabilities);
	__cpuid_count(0x80000008, 0, a, b, c, d);
	// Which bits a model has, it does not say; Bochs takes any.
	limits.debugctl = ~u64{0};
	limits.physical_bits = a & 0xff;
	limits.linear_bits = a >> 8 & 0xff;
	__cpuid_count(7, 0, a, b, c, d);
	limits.rtm = b >> 11 & 1;
	limits.sgx = b >> 2 & 1;
	limits.bus_lock_detect = c >> 24 & 1;
	cpu_limits = limits;
	if (evmcs)
		limits.take(nested::evmcs_capabilities(capabilities, true));
}

template <class Word> u32 settle(Word wanted, Allowed<Word> allowed)
{
	return ((wanted & allowed.allowed1) | allowed.allowed0).bits;
}

void set_segments(Vmcs &v, u64 base, u32 limit, u32 rights, u16 selector)
{
	for (u32 n = 0; n < 6; n++) {
		v.set(field::guest_es_base.encoding + 2 * n, base);
		v.set(field::guest_es_limit.encoding + 2 * n, limit);
		v.set(field::guest_es_access_rights.encoding + 2 * n, rights);
		v.set(field::guest_es_selector.encoding + 2 * n, selector);
	}
}

enum class Mode { long_mode, protected_mode, virtual_8086, real_mode, modes };

void set_controls(Vmcs &v, Mode mode)
{
	Secondary secondary = secondary::enable_ept | secondary::enable_vpid;
	Entry entry = entry::load_debug_controls | entry::load_pat | entry::load_efer;

	// Any feature may be on, so that its fields count.
	secondary |= Secondary{static_cast<u32>(generator() & generator())};
	secondary &= ~secondary::unrestricted_guest;
	if (secondary.has(secondary::virtualize_x2apic))
		secondary &= ~secondary::virtualize_apic_accesses;
	if (mode == Mode::real_mode)
		secondary |= secondary::unrestricted_guest;
	if (mode == Mode::long_mode)
		entry |= entry::ia32e_mode_guest;
	v.set(field::pin_controls, settle(pin::external_interrupt_exiting | pin::nmi_exiting |
						  pin::virtual_nmis | pin::preemption_timer,
					  limits.pin));
	v.set(field::primary_controls,
	      settle(primary::hlt_exiting | primary::use_tpr_shadow | primary::use_msr_bitmaps |
			     primary::use_io_bitmaps | primary::activate_secondary,
		     limits.primary));
	v.set(field::secondary_controls, settle(secondary, limits.secondary));
	v.set(field::exit_controls,
	      settle(exit::host_address_space_size | exit::load_pat | exit::load_efer |
			     exit::save_efer | exit::ack_interrupt_on_exit,
		     limits.exit));
	v.set(field::entry_controls, settle(entry, limits.entry));
	for (const u32 encoding :
	     {field::io_bitmap_a.encoding, field::io_bitmap_b.encoding, field::msr_bitmap.encoding,
	      field::virtual_apic_page_address.encoding, field::apic_access_address.encoding,
	      field::posted_interrupt_descriptor_address.encoding, field::pml_address.encoding,
	      field::eptp_list_address.encoding, field::vmread_bitmap.encoding,
	      field::vmwrite_bitmap.encoding, field::virtualization_exception_address.encoding,
	      field::spp_table_pointer.encoding})
		v.set(encoding, info.page);
	v.set(field::ept_pointer, info.page | 3 << 3 | 6);
	v.set(field::virtual_processor_id, 1);
	v.set(field::tsc_multiplier, bit(48));
	v.set(field::exception_bitmap, ~u32{0});
	v.set(field::preemption_timer_value, 0);
	v.set(field::vm_function_controls,
	      capability(Msr::vmfunc) & (random_below(2) ? ~u64{0} : 0));
	for (const u32 encoding :
	     {field::cr3_target_count.encoding, field::exit_msr_store_count.encoding,
	      field::exit_msr_load_count.encoding, field::entry_msr_load_count.encoding,
	      field::entry_interruption_info.encoding, field::entry_exception_error_code.encoding,
	      field::entry_instruction_length.encoding, field::tpr_threshold.encoding,
	      field::exit_msr_store_address.encoding, field::exit_msr_load_address.encoding,
	      field::entry_msr_load_address.encoding})
		v.set(encoding, 0);
}

void set_guest(Vmcs &v, Mode mode)
{
	const u64 fixed0 = limits.cr0_fixed0;

	v.set(field::guest_cr0, mode == Mode::real_mode ? fixed0 & ~(cr0::pe | cr0::pg) : fixed0);
	v.set(field::guest_cr3, 0x1000);
	v.set(field::guest_cr4, limits.cr4_fixed0 | (mode == Mode::real_mode ? 0 : u64{cr4::pae}));
	v.set(field::guest_dr7, 0x400);
	v.set(field::guest_debugctl, 0);
	v.set(field::guest_pat, 0x0007040600070406);
	v.set(field::guest_efer, mode == Mode::long_mode ? efer::lme | efer::lma : 0);
	set_segments(v, 0, 0xffffffff, 0xc093, 0x10);
	v.set(field::guest_cs_access_rights, mode == Mode::long_mode ? 0xa09b : 0xc09b);
	if (mode == Mode::virtual_8086)
		set_segments(v, 0x12340, 0xffff, 0xf3, 0x1234);
	if (mode == Mode::real_mode) {
		set_segments(v, 0, 0xffff, 0x93, 0);
		v.set(field::guest_cs_access_rights, 0x9b);
	}
	v.set(field::guest_ldtr_base, 0);
	v.set(field::guest_ldtr_limit, 0xfff);
	v.set(field::guest_ldtr_access_rights, 0x82);
	v.set(field::guest_ldtr_selector, 0x20);
	v.set(field::guest_tr_base, 0);
	v.set(field::guest_tr_limit, 0x67);
	v.set(field::guest_tr_access_rights, 0x8b);
	v.set(field::guest_tr_selector, 0x40);
	v.set(field::guest_gdtr_base, 0);
	v.set(field::guest_gdtr_limit, 0xffff);
	v.set(field::guest_idtr_base, 0);
	v.set(field::guest_idtr_limit, 0xffff);
	v.set(field::guest_rsp, 0x1000);
	v.set(field::guest_rip, 0x1000);
	v.set(field::guest_rflags, rflags::fixed | (mode == Mode::virtual_8086 ? rflags::vm : 0));
	for (const u32 encoding :
	     {field::guest_activity_state.encoding, field::guest_interruptibility.encoding,
	      field::guest_pending_debug_exceptions.encoding, field::guest_sysenter_cs.encoding,
	      field::guest_sysenter_esp.encoding, field::guest_sysenter_eip.encoding,
	      field::guest_pdpte0.encoding, field::guest_pdpte1.encoding,
	      field::guest_pdpte2.encoding, field::guest_pdpte3.encoding,
	      field::guest_perf_global_ctrl.encoding, field::guest_bndcfgs.encoding})
		v.set(encoding, 0);
	const u64 shadowing = v.get(field::secondary_controls) & secondary::vmcs_shadowing.bits;
	v.set(field::vmcs_link_pointer, random_below(2) ? ~u64{0}
					: shadowing	? info.shadow
							: info.linked);
}

/// What is worth a try in place of a field's value.
u64 another(u32 encoding, u64 value)
{
	constexpr u64 addresses[] = {
		0x1000,	 0x1001,  0xfff,   bit(31),	bit(32),	   bit(40),
		bit(47), bit(48), ~u64{0}, ~u64{0xfff}, 0xffff800000000000};

	switch (random_below(width_of(encoding) == Width::dword ? 4 : 6)) {
	case 0:
		return generator();
	case 1:
		return random_below(8);
	case 2:
	case 3:
		return value ^ bit(static_cast<unsigned>(
				       random_below(width_of(encoding) == Width::word	 ? 16
						    : width_of(encoding) == Width::dword ? 32
											 : 64)));
	case 4:
		return addresses[random_below(sizeof(addresses) / sizeof(addresses[0]))];
	default:
		return value + 1;
	}
}

/// Events get their own dice: a random word is hardly ever valid. Bochs 2.7 lets the type "other
/// event" pass although it lacks what that is for, the monitor trap flag, and then panics.
u64 another_event()
{
	const u64 types = limits.primary.allowed1.has(primary::monitor_trap_flag) ? 8 : 7;
	u64 event = bit(31) | random_below(types) << 8 | random_below(33);

	if (!random_below(3))
		event |= Interruption::deliver_error_code;
	if (!random_below(16))
		event |= bit(static_cast<unsigned>(12 + random_below(19)));
	return event;
}

bool is_writable(u32 encoding)
{
	// Their values come out of the entry itself, or mean nothing to it.
	return group_of(encoding) != Group::exit_info && encoding != field::host_rsp.encoding &&
	       encoding != field::host_cr3.encoding;
}

void mutate(Vmcs &v)
{
	for (u64 n = random_below(4); n; n--) {
		const u32 encoding = field::list[random_below(field::count)].encoding;

		if (!is_writable(encoding))
			continue;
		if (group_of(encoding) == Group::host && random_below(3))
			continue;
		v.set(encoding, encoding == field::entry_interruption_info.encoding
					? another_event()
					: another(encoding, v.get(encoding)));
	}
	// The rows about events, blocking and activity need several fields to be what they are.
	if (!random_below(6)) {
		v.set(field::entry_interruption_info, another_event());
		v.set(field::entry_instruction_length, random_below(17));
		v.set(field::entry_exception_error_code,
		      random_below(2) ? 0 : generator() & 0x1ffff);
	}
	if (!random_below(6)) {
		v.set(field::guest_interruptibility, random_below(32));
		v.set(field::guest_activity_state, random_below(5));
		v.set(field::guest_rflags, v.get(field::guest_rflags) |
						   (random_below(2) ? rflags::if_ : 0) |
						   (random_below(4) ? 0 : u64{rflags::tf}));
	}
	if (!random_below(12))
		v.set(field::guest_pending_debug_exceptions, bit(12) | random_below(16) | bit(14));
}

template <class Word> Word not_carried(Allowed<Word> cpu, Allowed<Word> page)
{
	return cpu.allowed1 & ~page.allowed1;
}

/// What the CPU has and a page cannot ask for.
void drop_not_carried(Vmcs &v)
{
	const auto drop = [&](auto field, auto bits) {
		v.set(field, v.get(field) & ~u64{bits.bits});
	};

	drop(field::pin_controls, not_carried(cpu_limits.pin, limits.pin));
	drop(field::primary_controls, not_carried(cpu_limits.primary, limits.primary));
	drop(field::secondary_controls, not_carried(cpu_limits.secondary, limits.secondary));
	drop(field::exit_controls, not_carried(cpu_limits.exit, limits.exit));
	drop(field::entry_controls, not_carried(cpu_limits.entry, limits.entry));
}

/// Changes the VMCS as one changes that goes through an enlightened one: it is what L0 has of an
/// earlier one and of this, by the groups that are clean.
differential::Page mutate_in_page(Vmcs &v)
{
	Vmcs earlier = v, after = v, now = v;

	for (Vmcs *one : {&earlier, &after, &now}) {
		mutate(*one);
		drop_not_carried(*one);
	}
	differential::Page page(earlier.source(), [] { return generator(); });
	if (random_below(2))
		page.exit(after.source());
	const u64 some = random_below(8);
	page.enter(now.source(), some == 0   ? 0
				 : some == 1 ? vmcs12::evmcs::all_clean
					     : static_cast<u32>(generator()));
	page.each_field([&](u32 encoding, u64 value) {
		if (v.get(encoding) != value)
			v.set(encoding, value);
	});
	// The way back, for which a page has no field.
	v.set(field::pin_controls,
	      v.get(field::pin_controls) | (pin::preemption_timer & cpu_limits.pin.allowed1).bits);
	return page;
}

vmx_entry_try ask_cpu(const Vmcs &v)
{
	vmx_entry_try it{};

	for (const field::Info &one : field::list) {
		const Group group = group_of(one.encoding);
		const u64 value = v.get(one.encoding);

		if (group == Group::exit_info ||
		    (group == Group::host && value == Vmcs::blank().get(one.encoding)))
			continue;
		if (it.fields == VMX_ENTRY_FIELDS)
			die("too many fields");
		it.field[it.fields++] = {.encoding = one.encoding, .pad = 0, .value = value};
		it.keep_rip |= one.encoding == field::host_rip.encoding;
	}
	if (ioctl(device, VMX_ENTRY_TRY, &it))
		die("VMX_ENTRY_TRY");
	return it;
}

std::string describe(const vmx_entry_try &it)
{
	switch (it.outcome) {
	case VMX_ENTRY_EXITED:
		if (!(it.exit_reason >> 31))
			return "enters";
		return "exit " + std::to_string(it.exit_reason & 0xffff) + ", qualification " +
		       std::to_string(it.qualification);
	case VMX_ENTRY_FAIL_VALID:
		return "VMfailValid(" + std::to_string(it.error) + ")";
	default:
		return "outcome " + std::to_string(it.outcome);
	}
}

bool same(const Verdict &verdict, const vmx_entry_try &it)
{
	switch (it.outcome) {
	case VMX_ENTRY_EXITED:
		if (!(it.exit_reason >> 31))
			return verdict.kind == Verdict::Kind::enters;
		return verdict.kind == Verdict::Kind::exit && verdict.number == it.exit_reason &&
		       verdict.qualification == it.qualification;
	case VMX_ENTRY_FAIL_VALID:
		return verdict.kind == Verdict::Kind::fail_valid && verdict.number == it.error;
	default:
		return false;
	}
}

/// Where the lab's CPU, Bochs 2.7, is known to differ from the SDM: what it does not check.
struct Lax {
	const char *id;
	const char *why;
	bool (*applies)(const State &s);
};

constexpr auto always = [](const State &) { return true; };

constexpr auto null_ss = [](const State &s) {
	return s.ia32e() && s[Segment::cs].rights & rights::l && s[Segment::ss].selector < 4;
};

constexpr Lax lax[] = {
	{"guest.rip.identical", "takes any RIP in 64-bit mode", always},
	{"guest.pending_debug.single_step", "does not compare BS with RFLAGS.TF", always},
	{"guest.pending_debug.reserved", "takes bits 63:32",
	 [](const State &s) { return !fits(s.pending_debug, 32); }},
	{"guest.activity.event", "takes any event into HLT",
	 [](const State &s) { return s.activity == static_cast<u32>(Activity::hlt); }},
	{"guest.activity.event", "takes any event with the machine check's vector into shutdown",
	 [](const State &s) {
		 return s.activity == static_cast<u32>(Activity::shutdown) &&
			s.event.vector() == vector::mc;
	 }},
	{"guest.cs.usable", "enters with an unusable CS", always},
	{"controls.smm.outside", "takes an entry to SMM outside of SMM", always},
	{"guest.cs.dpl", "compares CS.DPL with CS.RPL instead of SS.DPL",
	 [](const State &s) { return s.unrestricted(); }},
	{"controls.event.error_code_unexpected",
	 "takes an error code with any event where any exception may have one",
	 [](const State &) { return limits.basic.any_error_code(); }},
	{"guest.ss.base", "takes anything for a null SS in 64-bit mode", null_ss},
	{"guest.ss.type", "takes anything for a null SS in 64-bit mode", null_ss},
	{"guest.ss.s", "takes anything for a null SS in 64-bit mode", null_ss},
	{"guest.ss.present", "takes anything for a null SS in 64-bit mode", null_ss},
	{"guest.ss.reserved", "takes anything for a null SS in 64-bit mode", null_ss},
	{"guest.ss.granularity", "takes anything for a null SS in 64-bit mode", null_ss},
};

/// And what it checks beyond.
struct Strict {
	Verdict verdict;
	const char *why;
	bool (*applies)(const State &s);
};

/// The size of the list is computed in 32 bits: nothing is left of it.
constexpr bool wraps(const MsrArea &area)
{
	return area.count && !(area.count << 4);
}

constexpr Strict strict[] = {
	{Verdict::fail_valid(7), "counts the bytes of a list of MSRs in 32 bits",
	 [](const State &s) {
		 return wraps(s.exit_store) || wraps(s.exit_load) || wraps(s.entry_load);
	 }},
	{Verdict::exit(Reason::invalid_guest, 0), "compares CS.DPL with CS.RPL instead of SS.DPL",
	 [](const State &s) {
		 return s.unrestricted() && s[Segment::cs].dpl() != s[Segment::cs].rpl();
	 }},
};

const Lax *lax_row(const Check &check, const State &s)
{
	for (const Lax &one : lax)
		if (!std::strcmp(one.id, check.id) && one.applies(s))
			return &one;
	return nullptr;
}

/// Whether one of the rows that the CPU is known to check refuses it.
bool refused(const State &s, std::initializer_list<Area> areas)
{
	bool result = false;

	for (const Area area : areas)
		find_violations(area, s, limits,
				[&](const Check &check) { result |= !lax_row(check, s); });
	return result;
}

/// Once the CPU has entered, control has to come back, with the processor as it was. An entry that
/// fails for the guest's state leaves through the host state all the same.
bool comes_back(const Vmcs &v, const State &s, const Failure &failure)
{
	if (failure.verdict().kind == Verdict::Kind::fail_valid &&
	    refused(s, {Area::controls, Area::host}))
		return true;
	if (v.has_host() || !s.exit.has(exit::host_address_space_size) || s.exit_load.count)
		return false;
	if (!(v.get(field::pin_controls) & pin::preemption_timer.bits) ||
	    v.get(field::preemption_timer_value) || !s.exit.has(exit::load_efer) ||
	    !s.exit.has(exit::load_pat) ||
	    s.exit.has_any(exit::load_perf_global_ctrl | exit::load_cet | exit::load_pkrs) ||
	    s.exit_store.count || s.entry_load.count)
		return false;
	// The timer does not end the wait for a SIPI.
	return s.activity <= static_cast<u32>(Activity::shutdown) || refused(s, {Area::guest});
}

/// What the first word of a page is. Nowhere else in memory is it the revision identifier.
u32 link_header(u64 page)
{
	if (page == info.shadow)
		return limits.basic.revision() | 1U << 31;
	for (const u64 region : {u64{info.vmxon}, u64{info.vmcs}, u64{info.linked}})
		if (page == region)
			return limits.basic.revision();
	return 0;
}

/// An entry to try, and what it was before its fields were changed.
struct Draw {
	Vmcs v, base;
	State s;
	Failure failure;
};

/// @param lost null, or where Page::lost() of each VMCS goes that was drawn on the way
Draw draw(std::vector<std::string> *lost)
{
	while (true) {
		const Mode mode = static_cast<Mode>(random_below(static_cast<u64>(Mode::modes)));
		Vmcs v = Vmcs::blank();

		set_controls(v, mode);
		set_guest(v, mode);
		const Vmcs base = v;
		State s;
		if (lost) {
			const differential::Page page = mutate_in_page(v);
			s = page.state();
			lost->insert(lost->end(), page.lost().begin(), page.lost().end());
		} else {
			mutate(v);
			s = read_state(v.source());
		}
		s.now = {.vmlaunch = true,
			 .ia32e = true,
			 .has_virtual_tpr = s.virtual_apic_page == info.page,
			 .current_vmcs = info.vmcs};
		s.now.has_link_header = true;
		s.now.link_header = link_header(s.link_pointer);
		const Failure failure = check_entry(s, limits);
		// What the task priority is elsewhere in memory is not known.
		const bool known_tpr = s.now.has_virtual_tpr || !s.tpr_threshold;
		if (known_tpr && comes_back(v, s, failure))
			return {v, base, s, failure};
	}
}

struct Violations {
	std::string ids;
	bool explains = false;	   ///< one of them has the CPU's verdict
	const char *why = nullptr; ///< what else explains it
};

/// The CPU may check the rows of controls and host state, and those of the guest state, in any
/// order.
Violations violations_of(const State &s, const vmx_entry_try &it)
{
	Violations result;
	bool any_before_guest = false, before_guest = false, left = false, exact = false;
	const Lax *not_checked = nullptr;

	for (const Area area : {Area::controls, Area::host, Area::guest})
		find_violations(area, s, limits, [&](const Check &check) {
			result.ids += std::string(result.ids.empty() ? "" : " ") + check.id;
			any_before_guest |= area != Area::guest;
			if (area == Area::guest && before_guest)
				return;
			if (area != Area::guest || !any_before_guest)
				result.explains |= same(verdict_of(area, check), it);
			if (const Lax *one = lax_row(check, s)) {
				not_checked = one;
				return;
			}
			left = true;
			before_guest |= area != Area::guest;
			exact |= same(verdict_of(area, check), it);
		});
	if (result.ids.empty()) {
		result.ids = "none";
		result.explains = same(Verdict{}, it);
	}
	if (not_checked && (left ? exact : same(Verdict{}, it)))
		result.why = not_checked->why;
	for (const Strict &one : strict)
		if (one.applies(s) && same(one.verdict, it))
			result.why = one.why;
	return result;
}

void show(const Vmcs &v, const Vmcs &base)
{
	for (const field::Info &one : field::list)
		if (v.get(one.encoding) != base.get(one.encoding))
			std::printf("#     %s: %#llx, was %#llx\n", one.name,
				    static_cast<unsigned long long>(v.get(one.encoding)),
				    static_cast<unsigned long long>(base.get(one.encoding)));
}

/// If the machine dies, output that somebody still has to forward is lost; this is out.
void tell_console(u64 n)
{
	static const int console = open("/dev/console", O_WRONLY | O_NOCTTY | O_CLOEXEC);

	dprintf(console, "entry %llu\r\n", static_cast<unsigned long long>(n));
	tcdrain(console);
}

u64 number(const char *text)
{
	return std::strtoull(text, nullptr, 0);
}

} // namespace

int main(int argc, char **argv)
{
	u64 entries = 100000, seed = 1, shown = 3, first = 1, step = 10000;
	bool evmcs = false;

	for (int n = 1; n + 1 < argc; n += 2) {
		if (!std::strcmp(argv[n], "--entries"))
			entries = number(argv[n + 1]);
		else if (!std::strcmp(argv[n], "--seed"))
			seed = number(argv[n + 1]);
		else if (!std::strcmp(argv[n], "--show"))
			shown = number(argv[n + 1]);
		else if (!std::strcmp(argv[n], "--first"))
			first = number(argv[n + 1]);
		else if (!std::strcmp(argv[n], "--step"))
			step = number(argv[n + 1]);
		else if (!std::strcmp(argv[n], "--layout") && !std::strcmp(argv[n + 1], "evmcs"))
			evmcs = true;
		else if (!std::strcmp(argv[n], "--layout") && !std::strcmp(argv[n + 1], "vmcs"))
			evmcs = false;
		else if (!std::strcmp(argv[n], "--layout"))
			misused("--layout", "vmcs or evmcs");
		else
			die(argv[n]);
	}
	if (first > entries)
		misused("--first", "no number above --entries");
	device = open("/dev/vmx_entry", O_RDWR | O_CLOEXEC);
	if (device < 0)
		die("/dev/vmx_entry");
	if (ioctl(device, VMX_ENTRY_INFO, &info))
		die("VMX_ENTRY_INFO");
	read_limits(evmcs);

	std::map<std::string, u64> disagreements, explained, seen;
	std::vector<std::string> lost;
	u64 tried = 0, entered = 0, disagreed = 0;

	for (u64 n = first; n <= entries; n++) {
		generator = Generator(seed, n);
		const auto [v, base, s, failure] = draw(evmcs ? &lost : nullptr);

		if (!(n % step)) {
			std::printf("# entry %llu\n", static_cast<unsigned long long>(n));
			if (step == 1) {
				show(v, base);
				tell_console(n);
			}
			std::fflush(stdout);
		}
		const vmx_entry_try it = ask_cpu(v);
		tried++;
		entered += it.outcome == VMX_ENTRY_EXITED && !(it.exit_reason >> 31);
		seen[failure ? failure.check->id : "none"]++;
		if (same(failure.verdict(), it))
			continue;
		const Violations violations = violations_of(s, it);
		if (violations.explains)
			continue;
		if (violations.why) {
			explained[violations.why]++;
			continue;
		}
		disagreed++;
		const std::string what = violations.ids + ": the CPU " + describe(it);
		if (disagreements[what]++ < shown) {
			std::printf("# %s\n", what.c_str());
			show(v, base);
		}
	}
	for (const auto &[why, count] : explained)
		std::printf("# %llu times explained: Bochs %s\n",
			    static_cast<unsigned long long>(count), why.c_str());
	for (const auto &[what, count] : disagreements)
		std::printf("# %llu times %s\n", static_cast<unsigned long long>(count),
			    what.c_str());
	u64 rows = 0;
	for_each_group([&](const Checks &checks) {
		for (const Check &check : checks)
			rows += seen.count(check.id);
	});
	std::printf("# %llu tried, %llu entered, %llu rows were first to refuse one\n",
		    static_cast<unsigned long long>(tried),
		    static_cast<unsigned long long>(entered),
		    static_cast<unsigned long long>(rows));
	for (u64 n = 0; n < lost.size() && n < shown; n++)
		std::printf("# %s\n", lost[n].c_str());
	std::printf("%s 1 differential.verdicts\n", disagreed ? "not ok" : "ok");
	if (evmcs)
		std::printf("%s 2 differential.fields\n", lost.empty() ? "ok" : "not ok");
	const int failed = !!disagreed + !lost.empty();
	std::printf("1..%d\n# %d passed, %d failed, 0 skipped\n", 1 + evmcs, 1 + evmcs - failed,
		    failed);
	return failed != 0;
}
