// SPDX-License-Identifier: GPL-2.0-only
#pragma once

#include "vmx/types.hpp"

/// The one format of VM-entry interruption information, VM-exit interruption information and
/// IDT-vectoring information (SDM, "VM-Entry Controls for Event Injection").
namespace vmx {

enum class EventType : u32 {
	external_interrupt = 0,
	nmi = 2,
	hardware_exception = 3,
	software_interrupt = 4,
	privileged_software_exception = 5,
	software_exception = 6,
	other = 7,
};

struct Interruption {
	u32 raw;

	static constexpr u32 deliver_error_code = 1U << 11;
	static constexpr u32 nmi_unblocking_due_to_iret = 1U << 12;
	static constexpr u32 valid_bit = 1U << 31;

	static constexpr Interruption make(EventType type, u8 vector, bool error_code = false)
	{
		return {vector | static_cast<u32>(type) << 8 |
			(error_code ? deliver_error_code : 0) | valid_bit};
	}

	constexpr u8 vector() const { return raw & 0xff; }
	constexpr EventType type() const { return static_cast<EventType>(raw >> 8 & 7); }
	constexpr bool has_error_code() const { return raw & deliver_error_code; }
	constexpr bool iret_unblocked_nmi() const { return raw & nmi_unblocking_due_to_iret; }
	constexpr bool valid() const { return raw & valid_bit; }
	constexpr bool is(EventType t) const { return valid() && type() == t; }
	constexpr bool is_exception(u8 v) const
	{
		return is(EventType::hardware_exception) && vector() == v;
	}

	[[nodiscard]] friend constexpr bool operator==(Interruption, Interruption) = default;
};

/// Exception vectors (SDM, "Exception and Interrupt Vectors").
namespace vector {
inline constexpr u8 de = 0, db = 1, nmi = 2, bp = 3, of = 4, br = 5, ud = 6, nm = 7, df = 8,
		    ts = 10, np = 11, ss = 12, gp = 13, pf = 14, mf = 16, ac = 17, mc = 18, xm = 19,
		    ve = 20;
}

/// Guest interruptibility state (SDM, "Guest Non-Register State").
namespace interruptibility {
inline constexpr u32 sti = 1, mov_ss = 2, smi = 4, nmi = 8, enclave = 16;
}

enum class Activity : u32 { active = 0, hlt = 1, shutdown = 2, wait_for_sipi = 3 };

} // namespace vmx
