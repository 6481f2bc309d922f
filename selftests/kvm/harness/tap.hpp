// SPDX-License-Identifier: GPL-2.0-only
//
// Test cases and their TAP output. A case is TEST(name) { ... }; the program's main() is in
// tap.cpp. A check that does not hold ends its case only: the next one runs.
#pragma once

#include <concepts>
#include <cstdint>
#include <source_location>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>

namespace tap {

using Where = std::source_location;

struct Failure {
	std::string message;
};

struct Skip {
	std::string reason;
};

[[noreturn]] void fail(std::string_view message, Where where = Where::current());
[[noreturn]] void skip(std::string_view reason);

// True once the running case has used up its time; a blocked system call was then interrupted.
bool out_of_time();

std::string hex(std::uint64_t value);

template <typename T> std::string show(const T &value)
{
	if constexpr (std::is_same_v<T, bool>)
		return value ? "true" : "false";
	else if constexpr (std::is_enum_v<T>)
		return show(static_cast<std::underlying_type_t<T>>(value));
	else if constexpr (std::signed_integral<T>)
		return std::to_string(value);
	else if constexpr (std::unsigned_integral<T>)
		return hex(value) + " (" + std::to_string(value) + ")";
	else
		return "\"" + std::string(value) + "\"";
}

inline void check(bool holds, std::string_view what, Where where = Where::current())
{
	if (!holds)
		fail(what, where);
}

template <typename Found, typename Expected>
void check_equal(const Found &found, const Expected &expected, std::string_view what,
		 Where where = Where::current())
{
	bool same;
	if constexpr (std::integral<Found> && std::integral<Expected> &&
		      !std::is_same_v<Found, bool> && !std::is_same_v<Expected, bool>)
		same = std::cmp_equal(found, expected);
	else
		same = found == expected;
	if (!same)
		fail(std::string(what) + ": expected " + show(expected) + ", found " + show(found),
		     where);
}

// Lists the case; called before main() by TEST().
bool add(const char *name, void (*body)());

} // namespace tap

#define TEST(name)                                                                                 \
	static void test_##name();                                                                 \
	static const bool listed_##name = tap::add(#name, test_##name);                            \
	static void test_##name()
