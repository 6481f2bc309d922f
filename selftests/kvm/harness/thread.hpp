// SPDX-License-Identifier: GPL-2.0-only
//
// A vCPU running in a thread of its own while the test does something else.
#pragma once

#include "vcpu.hpp"

#include <pthread.h>
#include <signal.h>
#include <thread>

namespace kvm {

class Running {
public:
	// A vCPU that waits for its INIT comes back with EAGAIN once it had it.
	explicit Running(const Vcpu &vcpu)
	    : vcpu_(vcpu), thread_([this] {
		      do
			      error_ = vcpu_.try_run();
		      while (error_ == EAGAIN);
	      })
	{
	}
	Running(const Running &) = delete;
	~Running()
	{
		if (thread_.joinable())
			stop();
	}

	// Waits for the vCPU's exit; the errno of KVM_RUN.
	int join()
	{
		thread_.join();
		return error_;
	}

	// Makes KVM_RUN come back. immediate_exit covers a thread that is not in it yet, the signal
	// one that is.
	int stop()
	{
		struct sigaction action = {};
		action.sa_handler = [](int) {};
		sigaction(SIGUSR1, &action, nullptr);
		vcpu_.state().immediate_exit = 1;
		pthread_kill(thread_.native_handle(), SIGUSR1);
		thread_.join();
		vcpu_.state().immediate_exit = 0;
		return error_;
	}

private:
	const Vcpu &vcpu_;
	int error_ = 0;
	std::thread thread_;
};

// Gives way to other threads until the condition holds; fails the case when its time is up.
template <typename Condition> void wait_until(Condition condition, std::string_view what,
					      tap::Where where = tap::Where::current())
{
	while (!condition()) {
		if (tap::out_of_time())
			tap::fail(what, where);
		std::this_thread::yield();
	}
}

} // namespace kvm
