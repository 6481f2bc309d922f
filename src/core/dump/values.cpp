// SPDX-License-Identifier: GPL-2.0-only
#include "core/dump/values.hpp"

#include "core/dump/names.hpp"
#include "vmx/arch.hpp"

namespace vmx::dump {

namespace {

using config::Hex;

struct BitName {
	u64 bit;
	const char *name;
};

/// The names of what is set, what has no name as a number; "none" for 0.
template <unsigned Size> void append_bits(Text &text, u64 value, const BitName (&names)[Size])
{
	const char *separator = "";

	if (!value)
		text << "none";
	for (const BitName &row : names) {
		if (!(value & row.bit))
			continue;
		text << separator << row.name;
		separator = " ";
		value &= ~row.bit;
	}
	if (value)
		text << separator << "others " << Hex{value, 1};
}

// clang-format off
constexpr BitName cr0_bits[] = {
	{cr0::pe, "PE"}, {cr0::mp, "MP"}, {cr0::em, "EM"}, {cr0::ts, "TS"}, {cr0::et, "ET"}, {cr0::ne, "NE"},
	{cr0::wp, "WP"}, {cr0::am, "AM"}, {cr0::nw, "NW"}, {cr0::cd, "CD"}, {cr0::pg, "PG"},
};

constexpr BitName cr4_bits[] = {
	{cr4::vme, "VME"}, {cr4::pvi, "PVI"}, {cr4::tsd, "TSD"}, {cr4::de, "DE"}, {cr4::pse, "PSE"},
	{cr4::pae, "PAE"}, {cr4::mce, "MCE"}, {cr4::pge, "PGE"}, {cr4::pce, "PCE"}, {cr4::osfxsr, "OSFXSR"},
	{cr4::osxmmexcpt, "OSXMMEXCPT"}, {cr4::umip, "UMIP"}, {cr4::la57, "LA57"}, {cr4::vmxe, "VMXE"},
	{cr4::smxe, "SMXE"}, {cr4::fsgsbase, "FSGSBASE"}, {cr4::pcide, "PCIDE"}, {cr4::osxsave, "OSXSAVE"},
	{cr4::smep, "SMEP"}, {cr4::smap, "SMAP"}, {cr4::pke, "PKE"}, {cr4::cet, "CET"},
};

constexpr BitName efer_bits[] = {
	{efer::sce, "SCE"}, {efer::lme, "LME"}, {efer::lma, "LMA"}, {efer::nx, "NXE"},
};

constexpr BitName rflags_bits[] = {
	{bit(0), "CF"}, {bit(1), "fixed"}, {bit(2), "PF"}, {bit(4), "AF"}, {bit(6), "ZF"}, {bit(7), "SF"},
	{rflags::tf, "TF"}, {rflags::if_, "IF"}, {bit(10), "DF"}, {bit(11), "OF"}, {bit(12), "IOPL.0"},
	{bit(13), "IOPL.1"}, {bit(14), "NT"}, {rflags::rf, "RF"}, {rflags::vm, "VM"}, {rflags::ac, "AC"},
	{bit(19), "VIF"}, {bit(20), "VIP"}, {bit(21), "ID"},
};

constexpr BitName debugctl_bits[] = {
	{debugctl::lbr, "LBR"}, {debugctl::btf, "BTF"}, {debugctl::bus_lock_detect, "BLD"}, {bit(6), "TR"},
	{bit(7), "BTS"}, {bit(8), "BTINT"}, {bit(9), "BTS_OFF_OS"}, {bit(10), "BTS_OFF_USR"},
	{bit(11), "FREEZE_LBRS_ON_PMI"}, {bit(12), "FREEZE_PERFMON_ON_PMI"}, {bit(13), "ENABLE_UNCORE_PMI"},
	{debugctl::freeze_in_smm, "FREEZE_WHILE_SMM"}, {debugctl::rtm_debug, "RTM_DEBUG"},
};

constexpr BitName interruptibility_bits[] = {
	{interruptibility::sti, "blocking by STI"}, {interruptibility::mov_ss, "blocking by MOV SS"},
	{interruptibility::smi, "blocking by SMI"}, {interruptibility::nmi, "blocking by NMI"},
	{interruptibility::enclave, "enclave interruption"},
};

constexpr BitName pending_bits[] = {
	{bit(0), "B0"}, {bit(1), "B1"}, {bit(2), "B2"}, {bit(3), "B3"}, {bit(11), "bus lock"},
	{bit(12), "enabled breakpoint"}, {dr6::bs, "BS"}, {bit(16), "RTM"},
};

constexpr const char *segment_types[] = {
	"data read", "data read accessed", "data read/write", "data read/write accessed",
	"data read expand-down", "data read expand-down accessed", "data read/write expand-down",
	"data read/write expand-down accessed", "code execute", "code execute accessed", "code execute/read",
	"code execute/read accessed", "code execute conforming", "code execute conforming accessed",
	"code execute/read conforming", "code execute/read conforming accessed",
};

constexpr const char *system_types[] = {
	"reserved type 0", "16-bit TSS available", "LDT", "16-bit TSS busy", "16-bit call gate", "task gate",
	"16-bit interrupt gate", "16-bit trap gate", "reserved type 8", "TSS available", "reserved type 10",
	"TSS busy", "call gate", "reserved type 13", "interrupt gate", "trap gate",
};

constexpr const char *event_types[] = {
	"external interrupt", "reserved type 1", "NMI", "hardware exception", "software interrupt",
	"privileged software exception", "software exception", "other event",
};

constexpr const char *activities[] = {"active", "HLT", "shutdown", "wait for SIPI"};

constexpr const char *memory_types[] = {"UC", "WC", "reserved", "reserved", "WT", "WP", "WB", "UC-"};

struct MsrName {
	u32 msr;
	const char *name;
};

constexpr MsrName msr_names[] = {
	{msr::efer,             "IA32_EFER"},
	{msr::perf_global_ctrl, "IA32_PERF_GLOBAL_CTRL"},
	{0x3f1,                 "IA32_PEBS_ENABLE"},
	{0x3f2,                 "MSR_PEBS_DATA_CFG"},
	{0x600,                 "IA32_DS_AREA"},
	{msr::debugctl,         "IA32_DEBUGCTL"},
	{msr::pat,              "IA32_PAT"},
	{msr::spec_ctrl,        "IA32_SPEC_CTRL"},
	{msr::tsc,              "IA32_TIME_STAMP_COUNTER"},
	{msr::umwait_control,   "IA32_UMWAIT_CONTROL"},
};
// clang-format on

} // namespace

void append_rights(Text &text, u32 rights)
{
	const u32 type = rights::type(rights);

	if (rights & rights::unusable) {
		text << "unusable";
		// SS.DPL is the CPL all the same.
		text << ", DPL " << rights::dpl(rights);
		return;
	}
	text << (rights & rights::s ? segment_types[type] : system_types[type]);
	text << ", DPL " << rights::dpl(rights)
	     << (rights & rights::p ? ", present" : ", not present");
	if (rights & rights::avl)
		text << ", AVL";
	if (rights & rights::l)
		text << ", 64-bit";
	if (rights & rights::db)
		text << ", 32-bit";
	if (rights & rights::g)
		text << ", limit in pages";
}

void append_interruption(Text &text, Interruption event)
{
	if (!event.valid()) {
		text << "none";
		return;
	}
	const u32 vector = event.vector();
	const bool exception = event.type() == EventType::hardware_exception ||
			       event.type() == EventType::software_exception ||
			       event.type() == EventType::privileged_software_exception;

	text << event_types[static_cast<u32>(event.type())] << " ";
	if (exception && exception_name(vector))
		text << exception_name(vector);
	else
		text << vector;
	if (event.has_error_code())
		text << " with error code";
	if (event.iret_unblocked_nmi())
		text << ", NMIs unblocked by IRET";
}

void append_interruptibility(Text &text, u32 state)
{
	append_bits(text, state, interruptibility_bits);
}

void append_activity(Text &text, u32 state)
{
	text << (state < sizeof(activities) / sizeof(activities[0]) ? activities[state]
								    : "unknown");
}

void append_pending_debug(Text &text, u64 exceptions)
{
	append_bits(text, exceptions, pending_bits);
}

void append_cr0(Text &text, u64 value)
{
	append_bits(text, value, cr0_bits);
}

void append_cr4(Text &text, u64 value)
{
	append_bits(text, value, cr4_bits);
}

void append_efer(Text &text, u64 value)
{
	append_bits(text, value, efer_bits);
}

void append_rflags(Text &text, u64 value)
{
	append_bits(text, value, rflags_bits);
}

void append_debugctl(Text &text, u64 value)
{
	append_bits(text, value, debugctl_bits);
}

void append_exceptions(Text &text, u32 bitmap)
{
	const char *separator = "";

	if (!bitmap)
		text << "none";
	for (u32 vector = 0; vector < 32; vector++) {
		if (!(bitmap >> vector & 1))
			continue;
		text << separator;
		if (exception_name(vector))
			text << exception_name(vector);
		else
			text << vector;
		separator = " ";
	}
}

void append_pat(Text &text, u64 value)
{
	for (unsigned n = 0; n < 64; n += 8) {
		const u64 type = value >> n & 0xff;

		text << (n ? " " : "") << (type < 8 ? memory_types[type] : "reserved");
	}
}

void append_eptp(Text &text, u64 value)
{
	const u64 type = value & 7;

	text << "root at " << Hex{value & ~u64{0xfff}, 1} << ", " << memory_types[type] << ", "
	     << (value >> 3 & 7) + 1 << " levels" << (value & bit(6) ? ", A/D flags" : "");
}

void append_interrupt_status(Text &text, u16 status)
{
	text << "requesting " << u32{status} % 256 << ", servicing " << u32{status} / 256;
}

const char *msr_name(u32 msr)
{
	for (const MsrName &row : msr_names)
		if (row.msr == msr)
			return row.name;
	return nullptr;
}

} // namespace vmx::dump
