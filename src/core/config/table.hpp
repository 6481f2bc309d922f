// SPDX-License-Identifier: GPL-2.0-only
#pragma once

#include "vmx/capabilities.hpp"

/// The tables' common ground: one bit of one word, and the table of controls.
namespace vmx::config {

/// The words a control or a rule can speak of. The first seven are control words.
enum class Word : u8 {
	pin,
	primary,
	secondary,
	tertiary,
	exit,
	exit2,
	entry,
	ept_vpid,
	vmfunc,
	misc,
	cpu
};

inline constexpr unsigned control_words = 7;
inline constexpr unsigned words = 11;

constexpr unsigned index(Word word)
{
	return static_cast<unsigned>(word);
}

/// A bit, or several, of one word. Its word follows from the type of the mask it is made of, so a
/// row of a table cannot look for a bit in the wrong word.
struct Bit {
	Word word;
	u64 mask;

	constexpr Bit(Pin m) : word(Word::pin), mask(m.bits) {}
	constexpr Bit(Primary m) : word(Word::primary), mask(m.bits) {}
	constexpr Bit(Secondary m) : word(Word::secondary), mask(m.bits) {}
	constexpr Bit(Tertiary m) : word(Word::tertiary), mask(m.bits) {}
	constexpr Bit(Exit m) : word(Word::exit), mask(m.bits) {}
	constexpr Bit(Exit2 m) : word(Word::exit2), mask(m.bits) {}
	constexpr Bit(Entry m) : word(Word::entry), mask(m.bits) {}
	constexpr Bit(EptVpidCap m) : word(Word::ept_vpid), mask(m.bits) {}
	constexpr Bit(VmFunc m) : word(Word::vmfunc), mask(m.bits) {}
	constexpr Bit(Misc m) : word(Word::misc), mask(m.bits) {}
	constexpr Bit(CpuFeatures m) : word(Word::cpu), mask(m.bits) {}

	[[nodiscard]] friend constexpr bool operator==(Bit, Bit) = default;
};

struct WordInfo {
	const char *prefix; ///< goes before a bit's name
	const char *label; ///< goes before the word's value in a message; nullptr: no value to show
	const char *name;  ///< the whole word's name
	u8 digits;
};

[[nodiscard]] const WordInfo &info(Word word);

/// What this backend does with a control.
enum class Use : u8 {
	required,	  ///< always set; a CPU without it is refused
	required_without, ///< required where `instead` is not available, else left clear
	optional,	  ///< set where the CPU has it
	runtime,	  ///< a CPU without it is refused; set and cleared while a vCPU runs
	unused,		  ///< never set; named for the rules and the report
};

[[nodiscard]] const char *name_of(Use use);

struct Control {
	Bit bit;
	const char *name; ///< the SDM's, shortened where a word would repeat
	Use use;
	const char *feature;	 ///< what the control is for in this backend
	Bit instead = Primary{}; ///< only of Use::required_without
};

/// A table that knows its length.
template <class Row> struct Table {
	const Row *rows;
	unsigned count;

	[[nodiscard]] constexpr const Row *begin() const { return rows; }
	[[nodiscard]] constexpr const Row *end() const { return rows + count; }
	[[nodiscard]] constexpr const Row &operator[](unsigned n) const { return rows[n]; }
};

[[nodiscard]] Table<Control> controls();

/// @return the name of a bit or of a group of bits that a rule speaks of, without its word's
/// prefix.
[[nodiscard]] const char *name_of(Bit bit);

} // namespace vmx::config
