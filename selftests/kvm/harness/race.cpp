// SPDX-License-Identifier: GPL-2.0-only
#include "race.hpp"

#include <sched.h>

namespace kvm {

namespace {

void put(const Flip &flip, std::uint64_t value)
{
	switch (flip.size) {
	case 1:
		__atomic_store_n(static_cast<std::uint8_t *>(flip.place), value, __ATOMIC_RELAXED);
		break;
	case 4:
		__atomic_store_n(static_cast<std::uint32_t *>(flip.place), value, __ATOMIC_RELAXED);
		break;
	default:
		__atomic_store_n(static_cast<std::uint64_t *>(flip.place), value, __ATOMIC_RELAXED);
	}
}

} // namespace

void stay_on_cpu(unsigned number)
{
	cpu_set_t cpus;

	if (sysconf(_SC_NPROCESSORS_ONLN) < 2)
		tap::skip("the machine has one CPU");
	CPU_ZERO(&cpus);
	CPU_SET(number, &cpus);
	if (sched_setaffinity(0, sizeof(cpus), &cpus))
		tap::fail(std::string("sched_setaffinity: ") + strerror(errno));
}

Flipper::Flipper(std::vector<Flip> flips) : flips_(std::move(flips))
{
	stay_on_cpu(0);
	thread_ = std::thread([this] { loop(); });
	while (!started_)
		std::this_thread::yield();
}

void Flipper::loop()
{
	Random random(1);

	stay_on_cpu(1);
	while (!stop_) {
		for (const Flip &flip : flips_)
			put(flip, random.next() & 1 ? flip.good : flip.bad);
		for (std::uint64_t spell = random.below(64); spell; spell--)
			__builtin_ia32_pause();
		started_ = true;
	}
	for (const Flip &flip : flips_)
		put(flip, flip.good);
}

void Flipper::stop()
{
	stop_ = true;
	if (thread_.joinable())
		thread_.join();
}

void Rounds::check_both(std::string_view what, tap::Where where) const
{
	if (!good || !bad)
		tap::fail(std::string(what) + ": " + std::to_string(good) +
				  " rounds with the good value, " + std::to_string(bad) +
				  " with the bad one: expected some of either",
			  where);
}

} // namespace kvm
