// SPDX-License-Identifier: GPL-2.0-only
#include "tap.hpp"

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <exception>
#include <signal.h>
#include <string>
#include <unistd.h>
#include <vector>

namespace tap {

namespace {

// What kselftest expects of a program's exit status.
constexpr int status_pass = 0, status_fail = 1, status_skip = 4;

// Seconds of the machine under test. The slowest case needs about two of them in the emulator.
constexpr unsigned case_seconds = 30;

// A kernel that checks itself takes a multiple of that: TAP_PATIENCE says which.
unsigned patience()
{
	const char *text = getenv("TAP_PATIENCE");
	const int factor = text ? atoi(text) : 1;
	return factor > 0 ? static_cast<unsigned>(factor) : 1;
}

struct Case {
	const char *name;
	void (*body)();
};

// In a function, since TEST() runs before this file's own globals are made.
std::vector<Case> &cases()
{
	static std::vector<Case> all;
	return all;
}

volatile sig_atomic_t alarm_rang;

void ring(int)
{
	alarm_rang = 1;
	alarm(1); // again: the first may have come just before the system call that blocks
}

void start_clock()
{
	struct sigaction action = {};
	action.sa_handler = ring; // without SA_RESTART: KVM_RUN must come back with EINTR
	sigaction(SIGALRM, &action, nullptr);
	alarm_rang = 0;
	alarm(case_seconds * patience());
}

enum class Outcome { pass, fail, skip };

Outcome run(const Case &test, unsigned number)
{
	start_clock();
	try {
		test.body();
		printf("ok %u %s\n", number, test.name);
		return Outcome::pass;
	} catch (const Failure &failure) {
		printf("not ok %u %s\n# %s\n", number, test.name, failure.message.c_str());
	} catch (const Skip &skipped) {
		printf("ok %u %s # SKIP %s\n", number, test.name, skipped.reason.c_str());
		return Outcome::skip;
	} catch (const std::exception &error) {
		printf("not ok %u %s\n# %s\n", number, test.name, error.what());
	}
	return Outcome::fail;
}

// All without names. Each of them has to be that of a case: what is left out unsaid would pass.
std::vector<Case> chosen(int argc, char **argv)
{
	if (argc < 2)
		return cases();
	std::vector<Case> some;
	for (int i = 1; i < argc; i++) {
		const auto found = std::ranges::find_if(
			cases(), [&](const Case &test) { return strcmp(argv[i], test.name) == 0; });
		if (found == cases().end()) {
			fprintf(stderr, "%s: no case %s; there are:\n", argv[0], argv[i]);
			for (const Case &test : cases())
				fprintf(stderr, "  %s\n", test.name);
			exit(status_fail);
		}
		some.push_back(*found);
	}
	return some;
}

} // namespace

bool add(const char *name, void (*body)())
{
	cases().push_back({name, body});
	return true;
}

bool out_of_time()
{
	return alarm_rang;
}

void fail(std::string_view message, Where where)
{
	const char *slash = strrchr(where.file_name(), '/');
	throw Failure{std::string(slash ? slash + 1 : where.file_name()) + ":" +
		      std::to_string(where.line()) + ": " + std::string(message) +
		      (alarm_rang ? " [the case was out of time]" : "")};
}

void skip(std::string_view reason)
{
	throw Skip{std::string(reason)};
}

std::string hex(std::uint64_t value)
{
	char text[19];
	snprintf(text, sizeof(text), "0x%lx", value);
	return text;
}

} // namespace tap

// Arguments are names of cases; without any, all run. --list prints the names there are.
int main(int argc, char **argv)
{
	setvbuf(stdout, nullptr, _IOLBF, 0);
	if (argc == 2 && strcmp(argv[1], "--list") == 0) {
		for (const auto &test : tap::cases())
			puts(test.name);
		return tap::status_pass;
	}
	const auto list = tap::chosen(argc, argv);

	printf("TAP version 13\n1..%zu\n", list.size());
	unsigned number = 0, failed = 0, skipped = 0;
	for (const auto &test : list) {
		const tap::Outcome outcome = tap::run(test, ++number);
		failed += outcome == tap::Outcome::fail;
		skipped += outcome == tap::Outcome::skip;
	}
	if (failed)
		return tap::status_fail;
	return skipped == number ? tap::status_skip : tap::status_pass;
}
