// SPDX-License-Identifier: GPL-2.0-only
#pragma once

#include <concepts>
#include <initializer_list>
#include <type_traits>

#include "core/config/text.hpp"
#include "vmx/mask.hpp"

/// A unit test harness for freestanding C++: the same test is a line of TAP on the host and a KUnit
/// case in the kernel. A test file holds TEST()s and ends with one SUITE() that lists them; a test
/// that is not listed does not compile.
namespace unit {

using vmx::config::Hex;
using vmx::config::Text;

/// What a running test reports to.
class Test {
public:
	using Report = void (*)(void *context, const char *text);

	Test(Report report, void *context) : report_(report), context_(context) {}

	/// Says where and what, and makes the test fail. Execution goes on.
	[[gnu::noinline]] void fail(const char *file, unsigned line, const char *what)
	{
		Text text;
		text << file << ":" << line << ": " << what;
		report_(context_, text.c_str());
		failures_++;
	}

	[[nodiscard]] unsigned failures() const { return failures_; }

private:
	Report report_;
	void *context_;
	unsigned failures_ = 0;
};

struct Case {
	const char *name;
	void (*run)(Test &test);
};

struct Suite {
	const char *name;
	const Case *cases;
	unsigned count;
};

/// Every suite of the program; the list is generated from the SUITE() lines.
extern const Suite *const suites[];
extern const unsigned suite_count;

inline void show(Text &text, bool value)
{
	text << (value ? "true" : "false");
}

inline void show(Text &text, const char *value)
{
	text << (value ? value : "(null)");
}

template <std::integral Value> void show(Text &text, Value value)
{
	text << Hex{static_cast<vmx::u64>(value), 1};
}

template <class Value>
requires std::is_enum_v<Value>
void show(Text &text, Value value)
{
	text << static_cast<vmx::u64>(value);
}

template <class Word, class Bits> void show(Text &text, vmx::Mask<Word, Bits> value)
{
	text << Hex{value.bits, 2 * sizeof(Bits)};
}

inline bool same(const char *a, const char *b)
{
	while (*a && *a == *b)
		a++, b++;
	return *a == *b;
}

inline bool contains(const char *text, const char *part)
{
	for (; *text; text++) {
		unsigned n = 0;
		while (part[n] && text[n] == part[n])
			n++;
		if (!part[n])
			return true;
	}
	return !*part;
}

template <class Value> bool same(const Value &a, const Value &b)
{
	return a == b;
}

template <class Found, class Expected> void expect_eq(Test &test, const char *file, unsigned line,
						      const char *what, const Found &found,
						      const Expected &expected)
{
	if (same<Found>(found, static_cast<Found>(expected)))
		return;
	Text text;
	text << what << ": found ";
	show(text, found);
	text << ", expected ";
	show(text, static_cast<Found>(expected));
	test.fail(file, line, text.c_str());
}

[[gnu::noinline]] inline void expect_string(Test &test, const char *file, unsigned line,
					    const char *what, const char *found,
					    const char *expected)
{
	if (found && same(found, expected))
		return;
	Text text;
	text << what << ": found \"";
	show(text, found);
	text << "\", expected \"" << expected << "\"";
	test.fail(file, line, text.c_str());
}

[[gnu::noinline]] inline void expect_contains(Test &test, const char *file, unsigned line,
					      const char *found, const char *part)
{
	if (contains(found, part))
		return;
	Text text;
	text << "found \"" << found << "\", expected \"" << part << "\" in it";
	test.fail(file, line, text.c_str());
}

} // namespace unit

#define EXPECT(condition)                                                                          \
	do {                                                                                       \
		if (!(condition))                                                                  \
			test.fail(__FILE__, __LINE__, "does not hold: " #condition);               \
	} while (0)
#define EXPECT_EQ(found, expected)                                                                 \
	unit::expect_eq(test, __FILE__, __LINE__, #found, found, expected)
#define EXPECT_STRING(found, expected)                                                             \
	unit::expect_string(test, __FILE__, __LINE__, #found, found, expected)
#define EXPECT_CONTAINS(found, part) unit::expect_contains(test, __FILE__, __LINE__, found, part)

#define TEST(id)                                                                                   \
	static void id##_body(unit::Test &test);                                                   \
	static constexpr unit::Case id{#id, id##_body};                                            \
	static void id##_body([[maybe_unused]] unit::Test &test)

#define SUITE(id, ...)                                                                             \
	static constexpr unit::Case id##_cases[] = {__VA_ARGS__};                                  \
	extern const unit::Suite suite_##id;                                                       \
	constinit const unit::Suite suite_##id = {#id, id##_cases,                                 \
						  sizeof(id##_cases) / sizeof(id##_cases[0])}
