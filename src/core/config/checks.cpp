// SPDX-License-Identifier: GPL-2.0-only
#include "core/config/checks.hpp"

namespace vmx::config::checks {

namespace {

constexpr u32 allowed0(u64 value)
{
	return static_cast<u32>(value);
}

constexpr u32 allowed1(u64 value)
{
	return static_cast<u32>(value >> 32);
}

constexpr Word word_of(Msr msr)
{
	switch (msr) {
	case Msr::pinbased_ctls:
	case Msr::true_pinbased_ctls:
		return Word::pin;
	case Msr::procbased_ctls:
	case Msr::true_procbased_ctls:
		return Word::primary;
	case Msr::procbased_ctls2:
		return Word::secondary;
	case Msr::exit_ctls:
	case Msr::true_exit_ctls:
		return Word::exit;
	default:
		return Word::entry;
	}
}

/// The plain MSR beside a TRUE one: both groups of four stand in the same order.
constexpr Msr plain_of(Msr true_msr)
{
	return static_cast<Msr>(static_cast<u32>(true_msr) -
				static_cast<u32>(Msr::true_pinbased_ctls) +
				static_cast<u32>(Msr::pinbased_ctls));
}

static_assert(plain_of(Msr::true_entry_ctls) == Msr::entry_ctls);

void end_with_names(Text &text, Msr msr, u32 bits)
{
	text << ": ";
	append_names(text, word_of(msr), bits);
}

} // namespace

bool must_and_cannot(const VmxCapabilities &caps, const Rule &rule, Text &text)
{
	const u64 value = caps.get(rule.msr);
	const u32 bits = allowed0(value) & ~allowed1(value);

	if (!bits)
		return false;
	text << name_of(rule.msr) << " says of " << Hex{bits}
	     << " both that it must be 1 (allowed-0 " << Hex{allowed0(value)}
	     << ") and that it cannot be (allowed-1 " << Hex{allowed1(value)} << ")";
	end_with_names(text, rule.msr, bits);
	return true;
}

bool forces_something(const VmxCapabilities &caps, const Rule &rule, Text &text)
{
	const u32 bits = allowed0(caps.get(rule.msr));

	if (!bits)
		return false;
	text << name_of(rule.msr) << " says that " << Hex{bits}
	     << " must be 1, but each of its controls can be 0 on every CPU (allowed-0 "
	     << Hex{bits} << ", expected 0x00000000)";
	end_with_names(text, rule.msr, bits);
	return true;
}

bool lacks_default1(const VmxCapabilities &caps, const Rule &rule, Text &text)
{
	const u32 found = allowed0(caps.get(rule.msr));
	const u32 bits = static_cast<u32>(rule.parameter) & ~found;

	if (!bits)
		return false;
	text << name_of(rule.msr) << " lets default-1 controls " << Hex{bits} << " be 0 (allowed-0 "
	     << Hex{found} << ", expected at least " << Hex{rule.parameter} << ")";
	end_with_names(text, rule.msr, bits);
	return true;
}

bool true_forces_more(const VmxCapabilities &caps, const Rule &rule, Text &text)
{
	const Msr plain = plain_of(rule.msr);
	const u32 found = allowed0(caps.get(rule.msr));
	const u32 bits = found & ~allowed0(caps.get(plain));

	if (!caps.basic().true_controls() || !caps.has(plain) || !bits)
		return false;
	text << name_of(rule.msr) << " forces " << Hex{bits} << " that " << name_of(plain)
	     << " does not (allowed-0 " << Hex{found} << " and " << Hex{allowed0(caps.get(plain))}
	     << ")";
	end_with_names(text, rule.msr, bits);
	return true;
}

bool true_allows_other(const VmxCapabilities &caps, const Rule &rule, Text &text)
{
	const Msr plain = plain_of(rule.msr);
	const u32 found = allowed1(caps.get(rule.msr));
	const u32 expected = allowed1(caps.get(plain));

	if (!caps.basic().true_controls() || !caps.has(plain) || found == expected)
		return false;
	text << name_of(rule.msr) << " and " << name_of(plain)
	     << " differ in what may be 1 (allowed-1 " << Hex{found} << " and " << Hex{expected}
	     << ")";
	end_with_names(text, rule.msr, found ^ expected);
	return true;
}

bool set_without_activation(const VmxCapabilities &caps, const Rule &rule, Text &text)
{
	const Facts facts{caps};
	const u64 value = caps.get(rule.msr);

	if (!facts.knows(rule.a.word) || facts.has(rule.a) || !value)
		return false;
	text << name_of(rule.msr) << " is " << Hex{value, 16} << " but " << rule.a
	     << " is not supported (" << info(rule.a.word).label << " "
	     << Hex{facts.have[index(rule.a.word)], info(rule.a.word).digits} << ")";
	return true;
}

bool forces_paging_exits(const VmxCapabilities &caps, const Rule &rule, Text &text)
{
	const Facts facts{caps};
	const u32 forced = caps.primary().allowed0.bits;
	const u32 bits = forced & static_cast<u32>(rule.parameter);
	// Only the TRUE MSR can say that a default-1 control may be 0.
	const bool known = caps.has(Msr::basic) &&
			   (!caps.basic().true_controls() || caps.has(Msr::true_procbased_ctls));

	if (!known || !facts.has(rule.a) || !bits)
		return false;
	text << rule.a
	     << " is supported but exits that only shadow paging needs cannot be 0 (allowed-0 "
	     << Hex{forced} << ", secondary allowed-1 " << Hex{facts.have[index(Word::secondary)]}
	     << "): ";
	append_names(text, Word::primary, bits);
	return true;
}

bool basic_bit_31(const VmxCapabilities &caps, const Rule &, Text &text)
{
	if (!caps.basic().reserved_bit_31())
		return false;
	text << "IA32_VMX_BASIC bit 31 is 1, expected 0 (IA32_VMX_BASIC "
	     << Hex{caps.basic().bits, 16} << ")";
	return true;
}

bool region_size(const VmxCapabilities &caps, const Rule &rule, Text &text)
{
	const u32 size = caps.basic().region_size();

	if (size >= 1 && size <= rule.parameter)
		return false;
	text << "IA32_VMX_BASIC reports VMCS regions of " << size << " bytes, expected 1 to "
	     << rule.parameter << " (IA32_VMX_BASIC " << Hex{caps.basic().bits, 16} << ")";
	return true;
}

bool memory_type(const VmxCapabilities &caps, const Rule &, Text &text)
{
	const u32 type = caps.basic().memory_type();

	if (type == 0 || type == 6)
		return false;
	text << "IA32_VMX_BASIC reports memory type " << type
	     << " for VMCS regions, expected 0 (uncacheable) or 6 (write-back) (IA32_VMX_BASIC "
	     << Hex{caps.basic().bits, 16} << ")";
	return true;
}

bool fixed_contradict(const VmxCapabilities &caps, const Rule &rule, Text &text)
{
	// FIXED1 follows FIXED0 in the order of the MSRs, for CR0 and for CR4.
	const Msr fixed1_msr = static_cast<Msr>(static_cast<u32>(rule.msr) + 1);
	const u64 fixed0 = caps.get(rule.msr);
	const u64 fixed1 = caps.get(fixed1_msr);

	if (!caps.has(fixed1_msr) || !(fixed0 & ~fixed1))
		return false;
	text << name_of(rule.msr) << " says of " << Hex{fixed0 & ~fixed1, 16}
	     << " that it must be 1 (" << Hex{fixed0, 16} << ") but " << name_of(fixed1_msr)
	     << " that it cannot be (" << Hex{fixed1, 16} << ")";
	return true;
}

bool cr4_without_vmxe(const VmxCapabilities &caps, const Rule &rule, Text &text)
{
	if (caps.get(rule.msr) & rule.parameter)
		return false;
	text << "CR4.VMXE cannot be 1 in VMX operation (" << name_of(rule.msr) << " "
	     << Hex{caps.get(rule.msr), 16} << ", expected " << Hex{rule.parameter, 16}
	     << " in it)";
	return true;
}

namespace {

/// The highest field index that a control brings with it (SDM, "Field Encoding in VMCS": bits 9:1).
struct FieldIndex {
	Bit control;
	u32 encoding;
};

// clang-format off
constexpr FieldIndex field_indices[] = {
	{pin::preemption_timer,                  0x482e}, // VMX-preemption timer value
	{pin::posted_interrupts,                 0x2016}, // posted-interrupt descriptor address
	{secondary::enable_ept,                  0x201a}, // EPT pointer
	{secondary::virtual_interrupt_delivery,  0x2022}, // EOI-exit bitmap 3
	{secondary::enable_vmfunc,               0x2018}, // VM-function controls
	{secondary::vmcs_shadowing,              0x2028}, // VMWRITE-bitmap address
	{secondary::ept_violation_ve,            0x202a}, // virtualization-exception information address
	{secondary::enable_xsaves,               0x202c}, // XSS-exiting bitmap
	{secondary::encls_exiting,               0x202e}, // ENCLS-exiting bitmap
	{secondary::sub_page_write,              0x2030}, // sub-page-permission-table pointer
	{secondary::use_tsc_scaling,             0x2032}, // TSC multiplier
	{secondary::enclv_exiting,               0x2036}, // ENCLV-exiting bitmap
	{primary::activate_tertiary,             0x2034}, // tertiary controls
	{tertiary::ipi_virtualization,           0x2042}, // PID-pointer table address
	{exit::activate_secondary,               0x2044}, // secondary VM-exit controls
};
// clang-format on

} // namespace

bool enum_too_low(const VmxCapabilities &caps, const Rule &rule, Text &text)
{
	constexpr u32 always_there = 0x482a; // guest IA32_SYSENTER_CS
	const Facts facts{caps};
	const u32 found = caps.get(rule.msr) >> 1 & 0x1ff;
	u32 expected = always_there >> 1 & 0x1ff;
	const Bit *because = nullptr;

	for (const FieldIndex &row : field_indices) {
		const u32 field_index = row.encoding >> 1 & 0x1ff;

		if (field_index <= expected || !facts.has(row.control))
			continue;
		expected = field_index;
		because = &row.control;
	}
	if (found >= expected)
		return false;
	text << "IA32_VMX_VMCS_ENUM reports " << Hex{found, 2}
	     << " as the highest VMCS field index, expected " << Hex{expected, 2} << " or more";
	if (because)
		text << " because " << *because << " is supported";
	text << " (IA32_VMX_VMCS_ENUM " << Hex{caps.get(rule.msr), 16} << ")";
	return true;
}

} // namespace vmx::config::checks
