// SPDX-License-Identifier: GPL-2.0-only
//
// Memory that changes while somebody reads it: a thread on a CPU of its own has each place hold one
// of two values by turns, for spells of random length. Who reads a place twice, once to check it
// and once to use it, finds the bad value behind the good one sooner or later.
#pragma once

#include "nested.hpp"
#include "random.hpp"

#include <atomic>
#include <thread>
#include <vector>

namespace kvm {

// Values of more than a byte should differ in one only: a reader may take them byte by byte.
struct Flip {
	void *place;
	unsigned size; // 1, 4 or 8 bytes
	std::uint64_t good, bad;
};

template <typename T>
Flip flip(const L1 &l1, std::uint64_t gpa, T good, std::type_identity_t<T> bad)
{
	return {l1.vm().memory(gpa), sizeof(T), good, bad};
}

class Flipper {
public:
	// Skips the case unless there are two CPUs; the calling thread keeps to the first of them.
	explicit Flipper(std::vector<Flip> flips);
	Flipper(const Flipper &) = delete;
	~Flipper() { stop(); }

	// All places hold their good value afterwards.
	void stop();

private:
	void loop();

	std::vector<Flip> flips_;
	std::atomic<bool> stop_ = false, started_ = false;
	std::thread thread_;
};

// Keeps the calling thread to one of two CPUs; skips the case if there are fewer.
void stay_on_cpu(unsigned number);

// What came of the rounds of a case. A case in which one side never came up has shown nothing.
struct Rounds {
	unsigned good = 0, bad = 0;

	void check_both(std::string_view what, tap::Where where = tap::Where::current()) const;
};

} // namespace kvm
