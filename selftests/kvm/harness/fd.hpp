// SPDX-License-Identifier: GPL-2.0-only
//
// What the kernel hands out, given back at the end of a scope: file descriptors and mappings.
#pragma once

#include "tap.hpp"

#include <cerrno>
#include <cstddef>
#include <cstring>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>
#include <utility>

namespace kvm {

class Fd {
public:
	explicit Fd(int number = -1) : number_(number) {}
	Fd(Fd &&other) noexcept : number_(std::exchange(other.number_, -1)) {}
	Fd &operator=(Fd &&other) noexcept
	{
		std::swap(number_, other.number_);
		return *this;
	}
	~Fd() { reset(); }

	void reset()
	{
		if (number_ >= 0)
			close(std::exchange(number_, -1));
	}

	int get() const { return number_; }

	// 0 or an errno.
	template <typename Argument = unsigned long>
	int try_call(unsigned long request, Argument argument = 0) const
	{
		return ioctl(number_, request, argument) < 0 ? errno : 0;
	}

	// The ioctl's own result; an error ends the test case.
	template <typename Argument = unsigned long>
	int call(const char *name, unsigned long request, Argument argument = 0,
		 tap::Where where = tap::Where::current()) const
	{
		const int result = ioctl(number_, request, argument);
		if (result < 0)
			tap::fail(std::string(name) + ": " + strerror(errno), where);
		return result;
	}

private:
	int number_;
};

class Mapping {
public:
	// Anonymous memory, or the start of what fd maps.
	explicit Mapping(std::size_t size, int fd = -1) : size_(size)
	{
		const int flags = fd < 0 ? MAP_PRIVATE | MAP_ANONYMOUS : MAP_SHARED;
		start_ = mmap(nullptr, size, PROT_READ | PROT_WRITE, flags, fd, 0);
		if (start_ == MAP_FAILED)
			tap::fail(std::string("mmap: ") + strerror(errno));
	}
	Mapping(Mapping &&other) noexcept
	    : start_(std::exchange(other.start_, MAP_FAILED)), size_(other.size_)
	{
	}
	Mapping &operator=(Mapping &&) = delete;
	~Mapping()
	{
		if (start_ != MAP_FAILED)
			munmap(start_, size_);
	}

	std::byte *data() const { return static_cast<std::byte *>(start_); }
	std::size_t size() const { return size_; }

private:
	void *start_;
	std::size_t size_;
};

} // namespace kvm

// The request stands in the error message by its own name.
#define KVM_CALL(fd, request, ...) (fd).call(#request, request __VA_OPT__(, ) __VA_ARGS__)
