// SPDX-License-Identifier: GPL-2.0-only
#pragma once

#include "vmx/types.hpp"

/// Exit qualifications, decoded before they are handled (SDM, "Exit Qualification").
namespace vmx::decode {

/// SDM, table "Exit Qualification for Control-Register Accesses".
struct CrAccess {
	enum class Kind : u8 { mov_to_cr, mov_from_cr, clts, lmsw };

	u8 cr;
	Kind kind;
	u8 gpr; ///< 0..15 in the order RAX RCX RDX RBX RSP RBP RSI RDI R8..R15
	u16 lmsw_source;

	static constexpr CrAccess decode(u64 q)
	{
		return {.cr = static_cast<u8>(q & 15),
			.kind = static_cast<Kind>(q >> 4 & 3),
			.gpr = static_cast<u8>(q >> 8 & 15),
			.lmsw_source = static_cast<u16>(q >> 16)};
	}
};

/// SDM, table "Exit Qualification for MOV DR".
struct DrAccess {
	u8 dr;
	bool read;
	u8 gpr;

	static constexpr DrAccess decode(u64 q)
	{
		return {.dr = static_cast<u8>(q & 7),
			.read = (q & bit(4)) != 0,
			.gpr = static_cast<u8>(q >> 8 & 15)};
	}
};

/// SDM, table "Exit Qualification for I/O Instructions".
struct IoAccess {
	u8 size; ///< bytes: 1, 2 or 4
	bool in;
	bool string;
	bool rep;
	u16 port;

	static constexpr IoAccess decode(u64 q)
	{
		return {.size = static_cast<u8>((q & 7) + 1),
			.in = (q & bit(3)) != 0,
			.string = (q & bit(4)) != 0,
			.rep = (q & bit(5)) != 0,
			.port = static_cast<u16>(q >> 16)};
	}
};

/// SDM, table "Exit Qualification for EPT Violations".
struct EptViolation {
	u64 raw;

	static constexpr EptViolation decode(u64 q) { return {q}; }

	constexpr bool read() const { return raw & bit(0); }
	constexpr bool write() const { return raw & bit(1); }
	constexpr bool fetch() const { return raw & bit(2); }
	/// The EPT entries allow some access: readable, writable or executable.
	constexpr bool present() const { return raw & (bit(3) | bit(4) | bit(5)); }
	/// The guest-linear-address field is valid.
	constexpr bool linear_valid() const { return raw & bit(7); }
	/// Fault on the translation itself, not on a walk of page tables.
	constexpr bool translated() const { return raw & bit(8); }
	constexpr bool iret_unblocked_nmi() const { return raw & bit(12); }
};

/// SDM, "Page-Modification Log-Full Event": of the qualification, one bit has a meaning.
struct PmlFull {
	bool iret_unblocked_nmi;

	static constexpr PmlFull decode(u64 q)
	{
		return {.iret_unblocked_nmi = (q & bit(12)) != 0};
	}
};

/// SDM, "Notify VM exit": the qualification.
struct Notify {
	bool context_invalid;
	bool iret_unblocked_nmi;

	static constexpr Notify decode(u64 q)
	{
		return {.context_invalid = (q & bit(0)) != 0,
			.iret_unblocked_nmi = (q & bit(12)) != 0};
	}
};

/// SDM, table "Exit Qualification for APIC-Access VM Exits from Linear Accesses and Guest-Physical
/// Accesses".
struct ApicAccess {
	enum class Kind : u8 {
		linear_read = 0,
		linear_write = 1,
		linear_fetch = 2,
		linear_delivery = 3,
		physical_delivery = 10,
		physical = 15,
	};

	u16 offset; ///< in the page; an access by physical address has none
	Kind kind;

	static constexpr ApicAccess decode(u64 q)
	{
		return {.offset = static_cast<u16>(q & 0xfff),
			.kind = static_cast<Kind>(q >> 12 & 15)};
	}

	constexpr bool is_write() const { return kind == Kind::linear_write; }
	/// An operand of an instruction, by its linear address.
	constexpr bool by_instruction() const
	{
		return kind == Kind::linear_read || kind == Kind::linear_write;
	}
};

/// SDM, table "Exit Qualification for Task Switches".
struct TaskSwitch {
	enum class Source : u8 { call, iret, jmp, task_gate };

	u16 selector;
	Source source;

	static constexpr TaskSwitch decode(u64 q)
	{
		return {.selector = static_cast<u16>(q),
			.source = static_cast<Source>(q >> 30 & 3)};
	}
};

} // namespace vmx::decode
